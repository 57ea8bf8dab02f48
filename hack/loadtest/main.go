// Command loadtest measures the operator as it ships against a real kube-apiserver and etcd and a simulated tenant, each a process of
// its own, and holds the figures against the bars of ranges.yaml. docs/performance.md says what the rows mean.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

// Exit codes: a bar missed or a row that failed, wrong arguments, and the shells' code for an interrupt.
const (
	exitMissed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

type options struct {
	profile        string
	rows           []scenario
	ranges, folder string
}

func run(ctx context.Context, args []string, out io.Writer) int {
	o, err := parse(args, out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(out, "loadtest:", err)
		return exitUsage
	}
	log.SetLogger(logr.Discard()) // what envtest has to say is not part of the measurement
	passed, err := measureRows(ctx, o, out)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(out, "Interrupted. Nothing is left running, and no report was kept.")
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(out, "loadtest:", err)
		return exitMissed
	case !passed:
		return exitMissed
	}
	return 0
}

// measureRows prints the table of the rows asked for and keeps it. It tells whether all bars were met.
func measureRows(ctx context.Context, o options, out io.Writer) (bool, error) {
	root, err := controlplane.Root()
	if err != nil {
		return false, err
	}
	bars, err := readRanges(inRoot(root, o.ranges))
	if err != nil {
		return false, err
	}
	earlier, err := previous(inRoot(root, o.folder), o.profile, o.rows)
	if err != nil {
		return false, err
	}
	b := newBench(root, o, out)
	if err := b.measure(ctx); err != nil {
		return false, err
	}
	b.report.judge(bars)
	table := b.report.table(earlier)
	fmt.Fprintf(out, "\n%s\n", table)
	path, err := b.report.save(inRoot(root, o.folder), table)
	if err != nil {
		return false, err
	}
	fmt.Fprintln(out, "Kept as", path)
	return b.report.passed(), nil
}

func inRoot(root, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}

const usage = `loadtest measures the operator under load and holds the figures against the bars of a range file.
It starts a kube-apiserver, etcd, a simulated tenant and the operator, and needs nothing but Go and, for the figures
of memory and CPU, Linux. It exits with 1 if a bar is missed. Leave the machine alone while it runs.

    go run ./hack/loadtest                                 the small profile: about ten minutes
    go run ./hack/loadtest -profile full                   the full one: about an hour and a half
    go run ./hack/loadtest -profile tiny -run quota,restart    try the program out

Rows, in the order in which they run:
`

func parse(args []string, out io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, usage)
		for _, s := range scenarios {
			fmt.Fprintf(out, "    %-12s%s\n", s.name, s.what)
		}
		fmt.Fprint(out, "\nFlags:\n")
		flags.PrintDefaults()
	}
	known := strings.Join(slices.Sorted(maps.Keys(profiles)), ", ")
	flags.StringVar(&o.profile, "profile", "small", "sizes of the rows: "+known)
	rows := flags.String("run", "", "rows to measure, separated by commas; by default all but those that are named only")
	flags.StringVar(&o.ranges, "ranges", filepath.Join("hack", "loadtest", "ranges.yaml"), "file with the bars, from the checkout's root")
	flags.StringVar(&o.folder, "out", "bench", "folder for the reports, from the checkout's root; the last one there is compared with")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if _, ok := profiles[o.profile]; !ok {
		return o, fmt.Errorf("there is no profile %q: choose one of %s", o.profile, known)
	}
	var err error
	o.rows, err = choose(*rows)
	return o, err
}
