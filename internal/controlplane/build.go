package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// goBuild compiles binaries with the go command, from the tools modules of the repository at root.
func goBuild(root string, log io.Writer) builder {
	return func(ctx context.Context, b binary, out string, lock *os.File) error {
		version, err := b.version(root)
		if err != nil {
			return err
		}
		show := newProgress(log, fmt.Sprintf("Building %s %s from source (%s, once)", b.name, version, b.expect))
		defer show.finish()

		command := goCommand{module: filepath.Join(root, b.toolsModule), show: show, lock: lock}
		packages, err := command.run(ctx, "list", "-deps", b.pkg)
		if err != nil {
			return fmt.Errorf("building %s: %w", b.name, err)
		}
		show.total = bytes.Count(packages, []byte("\n"))
		_, err = command.run(ctx, "build", "-v", "-trimpath", "-ldflags", b.ldflags(version), "-o", out, b.pkg)
		if err != nil {
			return fmt.Errorf("building %s: %w", b.name, err)
		}
		return nil
	}
}

// goCommand is the go command in a module, for the machine it runs on.
type goCommand struct {
	module string
	show   *progress
	lock   *os.File
}

// run returns the command's output. An error ends with what the command had to say.
func (c goCommand) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = c.module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	cmd.ExtraFiles = []*os.File{c.lock}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	said := &goOutput{show: c.show}
	cmd.Stderr = said
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("the go command is not in PATH: install Go, or set %s to a folder with kube-apiserver and etcd",
			AssetsEnv)
	case err != nil:
		return nil, fmt.Errorf("go %s in %s: %w\n%s", args[0], c.module, err, said.complaints())
	}
	return out, nil
}

// goOutput sorts what the go command says line by line: packages compiled and modules downloaded are progress, the
// rest explains a failure.
type goOutput struct {
	show    *progress
	partial []byte
	other   []string
}

const keptComplaints = 40

func (o *goOutput) Write(text []byte) (int, error) {
	o.partial = append(o.partial, text...)
	for {
		line, rest, complete := bytes.Cut(o.partial, []byte("\n"))
		if !complete {
			return len(text), nil
		}
		o.line(string(line))
		o.partial = rest
	}
}

func (o *goOutput) line(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		o.show.downloaded()
	case line != "" && !strings.ContainsAny(line, " \t:"):
		o.show.compiled()
	default:
		o.other = append(o.other, line)
		o.other = o.other[max(0, len(o.other)-keptComplaints):]
	}
}

func (o *goOutput) complaints() string {
	return strings.TrimSpace(strings.Join(append(o.other, string(o.partial)), "\n"))
}
