package main

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

// replicationWindow is short, for the simulated tenant shows everything at once.
const replicationWindow = 5 * time.Second

// stopPatience is how long the manager may take to end by itself.
const stopPatience = 15 * time.Second

// manager is the operator as a process of its own, in a process group of its own, so that a Ctrl-C reaches it through stop.
type manager struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; to be read after done
}

// startManager runs the manager against the cluster of a kubeconfig and the simulated tenant at endpoint. It runs until stop is
// called, also when ctx has ended: a second signal would make it end without giving anything back.
func startManager(ctx context.Context, binary, log, kubeconfig, endpoint string) (*manager, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary,
		"--graph-endpoint", endpoint,
		"--replication-window", replicationWindow.String(),
		"--metrics-bind-address", "0",
		"--health-probe-bind-address", "0")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	m := &manager{cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		m.err = cmd.Wait()
		_ = file.Close()
		close(m.done)
	}()
	return m, nil
}

// stop ends the process and waits for it, by force if it does not end by itself.
func (m *manager) stop() error {
	group := -m.cmd.Process.Pid
	defer func() { _ = syscall.Kill(group, syscall.SIGKILL) }() // nobody is left, as a rule
	if err := syscall.Kill(group, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping the operator: %w", err)
	}
	select {
	case <-m.done:
		return nil
	case <-time.After(stopPatience):
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-m.done
	return fmt.Errorf("stopping the operator: it did not end within %s and was killed; its log is %s", stopPatience, m.log)
}

// tail gives the last lines of the log.
func (m *manager) tail(lines int) []string {
	text, err := os.ReadFile(m.log)
	if err != nil {
		return []string{err.Error()}
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return all[max(0, len(all)-lines):]
}
