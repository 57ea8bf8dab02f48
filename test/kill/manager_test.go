package kill

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// manager is the operator as a process that is killed and started again.
type manager struct {
	t    *testing.T
	args []string
	env  []string
	log  *os.File

	mu      sync.Mutex // held while the process is replaced
	process *exec.Cmd
	life    *life
	starts  int
}

// life is that of one process.
type life struct {
	over   chan struct{} // closed when the process has ended
	killed atomic.Bool   // that it was to end
}

func newManager(t *testing.T, kubeconfig string, args ...string) *manager {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "manager.log"))
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{t: t, args: args, env: append(os.Environ(), "KUBECONFIG="+kubeconfig), log: file}
	t.Cleanup(func() {
		m.kill()
		_ = file.Close()
	})
	return m
}

// start starts the process. It must not run.
func (m *manager) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.startLocked()
}

// restart kills the process and starts it again, with something done in between.
func (m *manager) restart(meanwhile func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.killLocked()
	if meanwhile != nil {
		meanwhile()
	}
	m.startLocked()
}

// kill ends the process by SIGKILL and waits until it is gone.
func (m *manager) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.killLocked()
}

func (m *manager) startLocked() {
	m.starts++
	fmt.Fprintf(m.log, "---- start %d\n", m.starts)
	process := exec.Command(shared.binary, m.args...)
	process.Env, process.Stdout, process.Stderr = m.env, m.log, m.log
	if err := process.Start(); err != nil {
		m.t.Errorf("starting the manager: %v", err)
		return
	}
	lives := &life{over: make(chan struct{})}
	m.process, m.life = process, lives
	go func() {
		defer close(lives.over)
		if err := process.Wait(); !lives.killed.Load() {
			m.t.Errorf("the manager ended by itself: %v", err)
		}
	}()
}

func (m *manager) killLocked() {
	if m.process == nil {
		return
	}
	m.life.killed.Store(true)
	_ = m.process.Process.Kill() // an error says that it has ended already
	<-m.life.over
	m.process = nil
}

// tail gives the last lines of the log of all processes.
func (m *manager) tail(lines int) string {
	text, err := os.ReadFile(m.log.Name())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
