package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/entraguests/entra-guest-operator/hack/internal/process"
	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

// bench is one run of the program.
type bench struct {
	options options
	profile profile
	root    string // of the checkout
	folder  string // for programs and logs
	out     io.Writer
	began   time.Time
	report  report

	assets string // of the control plane
	worlds int    // that there have been
	world  *world // the one that is up, if any
	state  *state // what the world holds, where rows share it
}

func newBench(root string, o options, out io.Writer) *bench {
	return &bench{
		options: o, profile: profiles[o.profile], root: root, folder: filepath.Join(root, "bin", "loadtest"), out: out,
		began: time.Now(),
	}
}

// measure runs the rows one after the other. A row that fails is reported as failed, and the others are measured nevertheless.
func (b *bench) measure(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, b.close()) }()
	b.report = report{Machine: lookAtMachine(ctx, b.root), Profile: b.options.profile, Began: b.began}
	if err := b.build(ctx); err != nil {
		return err
	}
	for _, s := range scenarios {
		if !b.asked(s.name) {
			b.report.NotRun = append(b.report.NotRun, s.name)
			continue
		}
		b.say("%s: %s", s.name, s.what)
		err := s.run(ctx, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			b.say("%s failed: %v", s.name, err)
			b.report.Results = append(b.report.Results, result{ID: s.name, Verdict: failed, Note: err.Error()})
			// Whatever went wrong must not spoil the next row.
			if err := b.close(); err != nil {
				return err
			}
		}
	}
	b.report.Duration = time.Since(b.began).Round(time.Second).String()
	return nil
}

// asked tells whether a row is part of this run.
func (b *bench) asked(row string) bool {
	return slices.ContainsFunc(b.options.rows, func(s scenario) bool { return s.name == row })
}

// build makes the programs, the control plane included.
func (b *bench) build(ctx context.Context) error {
	if err := os.MkdirAll(b.folder, 0o755); err != nil { //nolint:gosec // nothing secret
		return fmt.Errorf("preparing %s: %w", b.folder, err)
	}
	for program, pkg := range map[string]string{"manager": ".", "graphsim": "./hack/graphsim"} {
		b.say("building %s", program)
		if err := process.Build(ctx, b.root, b.program(program), pkg, &bytes.Buffer{}); err != nil {
			return err
		}
	}
	var err error
	b.assets, err = controlplane.Assets(ctx, b.out)
	return err
}

func (b *bench) program(name string) string { return filepath.Join(b.folder, name) }

// open replaces the world by a new one.
func (b *bench) open(ctx context.Context, o worldOptions) (*world, error) {
	if err := b.close(); err != nil {
		return nil, err
	}
	b.world = b.newWorld(o)
	return b.world, b.world.setUp(ctx)
}

// newWorld makes a world that is not set up yet. Its logs are in a folder of its own.
func (b *bench) newWorld(o worldOptions) *world {
	b.worlds++
	return &world{bench: b, options: o, folder: filepath.Join(b.folder, fmt.Sprintf("world-%d", b.worlds))}
}

// close takes the world down, if one is up.
func (b *bench) close() error {
	w := b.world
	b.world, b.state = nil, nil
	if w == nil {
		return nil
	}
	return w.takeDown()
}

// record adds a figure to the report.
func (b *bench) record(id string, value float64, note string, args ...any) {
	b.recordCase(id, "", value, note, args...)
}

func (b *bench) recordCase(id, which string, value float64, note string, args ...any) {
	f, known := figureOf(id)
	if !known {
		panic("there is no figure " + id) // a slip of this program
	}
	b.report.Results = append(b.report.Results, result{ID: id, Case: which, Value: value, Note: fmt.Sprintf(note, args...)})
	b.say("    %s", strings.TrimSpace(f.what+": "+number(value)+" "+f.unit))
}

// say prints a line of progress.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.out, "[%5.0fs] %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}
