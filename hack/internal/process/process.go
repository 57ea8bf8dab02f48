// Package process builds the programs of this repository and runs them as processes of their own, for the demo and the load test.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// stopPatience is how long a process may take to end by itself.
const stopPatience = 15 * time.Second

// Command is a program to start.
type Command struct {
	// Name is what messages call it, for example "the operator".
	Name string
	Path string
	Args []string
	// Env is added to the environment of this process.
	Env []string
	// Log is the file that gets what the program prints. It is emptied first.
	Log string
}

// Process is a running program. It has a process group of its own, so that a Ctrl-C at the terminal reaches it through Stop only.
type Process struct {
	command Command
	cmd     *exec.Cmd
	done    chan struct{}
	err     error // to be read after done
}

// Start starts a program. It runs until Stop is called, also when ctx has ended: a second signal would make it end without giving
// anything back.
func Start(ctx context.Context, c Command) (*Process, error) {
	file, err := os.Create(c.Log)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), c.Path, c.Args...) //nolint:gosec // a program that we have built
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	p := &Process{command: c, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		_ = file.Close()
		close(p.done)
	}()
	return p, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Log is the path of the file with what the program prints.
func (p *Process) Log() string { return p.command.Log }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the process ended. It may be asked once Done is closed.
func (p *Process) Err() error { return p.err }

// Stop ends the process and all that it started, and waits for it: by force, which is an error, if it does not end by itself.
func (p *Process) Stop() error {
	group := -p.cmd.Process.Pid
	defer func() { _ = syscall.Kill(group, syscall.SIGKILL) }() // nobody is left, as a rule
	if err := syscall.Kill(group, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping %s: %w", p.command.Name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopPatience):
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-p.done
	return fmt.Errorf("stopping %s: it did not end within %s and was killed; its log is %s", p.command.Name, stopPatience, p.command.Log)
}

// Tail gives the last lines of the log.
func (p *Process) Tail(lines int) []string {
	text, err := os.ReadFile(p.command.Log)
	if err != nil {
		return []string{err.Error()}
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return all[max(0, len(all)-lines):]
}
