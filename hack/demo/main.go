// Command demo shows the whole life of an invitation on one machine: a real kube-apiserver and etcd, the operator as a
// process of its own, and a simulated Entra tenant behind Microsoft Graph's HTTP API. It exits with 0 only if everything
// that it announces has happened. With --stay it leaves the stage to the person at the keyboard.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Exit codes: a failed expectation or part, wrong arguments, and the shells' code for an interrupt.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out io.Writer) int {
	o, err := parse(args, out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(out, "demo:", err)
		return exitUsage
	}
	log.SetLogger(logr.Discard()) // what controller-runtime's envtest has to say is not part of the story
	s := newScreen(out)
	err = play(ctx, o, s)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		s.say("Stopped. Nothing is left running.")
		return exitInterrupted
	}
	s.bad(err.Error())
	return exitFailed
}

// play sets the stage, plays the piece, and takes everything down again, whatever happened.
func play(ctx context.Context, o options, s *screen) (err error) {
	stage := &stage{screen: s}
	defer func() { err = errors.Join(err, stage.takeDown()) }()
	if err := stage.setUp(ctx, o); err != nil {
		return err
	}
	if o.stay {
		return stay(ctx, stage)
	}
	return perform(ctx, stage)
}

type options struct {
	stay   bool
	listen string
	// listenAsked is false where listen is the default, in whose place a free port may be taken.
	listenAsked bool
}

const usage = `demo invites a guest into a simulated Entra tenant and shows what happens until the guest is removed again.
It starts a kube-apiserver, etcd and the operator, and needs nothing but Go. The first run builds the control plane.

    go run ./hack/demo           the demonstration; exits with 0 if everything went as it says
    go run ./hack/demo --stay    stay up, to try things by hand until Ctrl-C

Flags:
`

func parse(args []string, out io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, usage)
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.stay, "stay", false, "stay up until Ctrl-C, and say how to reach the cluster and the mailbox")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8090",
		"loopback address of the simulated tenant and its mailbox; a free port is taken where the default one is not free")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	flags.Visit(func(f *flag.Flag) { o.listenAsked = o.listenAsked || f.Name == "listen" })
	return o, checkLoopback(o.listen)
}

// checkLoopback refuses what the manager would refuse too, and what would show the tenant's page to others.
func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s: the simulated tenant has no authentication, so that only a loopback address will do", address)
	}
	return nil
}
