package controlplane

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
)

// fakeBuilder writes a program, in two halves so that an interruption can come between them.
type fakeBuilder struct {
	calls     atomic.Int32
	interrupt func() error
}

func (f *fakeBuilder) build(_ context.Context, _ binary, out string, _ *os.File) error {
	f.calls.Add(1)
	if err := os.WriteFile(out, []byte("half"), 0o755); err != nil {
		return err
	}
	if f.interrupt != nil {
		if err := f.interrupt(); err != nil {
			return err
		}
	}
	return os.WriteFile(out, []byte("whole"), 0o755)
}

func TestABinaryIsBuiltOnceAndKept(t *testing.T) {
	g := NewWithT(t)
	builder := &fakeBuilder{}
	c := cache{dir: filepath.Join(t.TempDir(), "v1"), build: builder.build, log: io.Discard}

	for range 2 {
		g.Expect(c.ensure(t.Context(), apiServer, etcd)).To(Succeed())
	}
	g.Expect(builder.calls.Load()).To(BeEquivalentTo(2), "one build for each of the two binaries")
	g.Expect(names(t, c.dir)).To(ConsistOf(lockFile, "kube-apiserver", "etcd"))
}

func TestAnInterruptedBuildLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cases := map[string]func() error{
		"the build fails":                         func() error { return errors.New("compiler says no") },
		"the context ends while the build is out": func() error { cancel(); return nil },
	}
	for name, interrupt := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			c := cache{dir: t.TempDir(), build: (&fakeBuilder{interrupt: interrupt}).build, log: io.Discard}

			g.Expect(c.ensure(ctx, etcd)).NotTo(Succeed())
			g.Expect(names(t, c.dir)).To(ConsistOf(lockFile))
		})
	}
}

func TestTheRemainsOfAKilledBuildAreRemovedByTheNext(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, buildDirs+"1234", "etcd"))
	c := cache{dir: dir, build: (&fakeBuilder{}).build, log: io.Discard}

	g.Expect(c.ensure(t.Context(), etcd)).To(Succeed())
	g.Expect(names(t, dir)).To(ConsistOf(lockFile, "etcd"))
	g.Expect(os.ReadFile(filepath.Join(dir, "etcd"))).To(BeEquivalentTo("whole"))
}

func TestConcurrentCallersShareOneBuild(t *testing.T) {
	g := NewWithT(t)
	builder := &fakeBuilder{}
	dir := t.TempDir()

	var callers sync.WaitGroup
	failures := make(chan error, 8)
	for range cap(failures) {
		callers.Go(func() {
			failures <- cache{dir: dir, build: builder.build, log: io.Discard}.ensure(t.Context(), etcd)
		})
	}
	callers.Wait()
	close(failures)
	for err := range failures {
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(builder.calls.Load()).To(BeEquivalentTo(1))
}

func TestABuildThatOutlivesItsCallerKeepsTheNextOneWaiting(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	c := cache{dir: dir, build: (&fakeBuilder{}).build, log: io.Discard}
	lock, err := c.lock(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	orphan := exec.Command("cat")
	orphan.ExtraFiles = []*os.File{lock}
	input, err := orphan.StdinPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(orphan.Start()).To(Succeed())
	g.Expect(lock.Close()).To(Succeed(), "as if the caller had been killed")

	ctx, cancel := context.WithCancel(t.Context())
	c.log = &callOnWrite{call: cancel}
	g.Expect(c.ensure(ctx, etcd)).To(MatchError(context.Canceled))

	g.Expect(input.Close()).To(Succeed())
	g.Expect(orphan.Wait()).To(Succeed())
	g.Expect(c.ensure(t.Context(), etcd)).To(Succeed())
}

func TestACallerThatWaitsForAnotherBuildGivesUpWithItsContext(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	building, finish := make(chan struct{}), make(chan struct{})
	slow := &fakeBuilder{interrupt: func() error { close(building); <-finish; return nil }}
	first := make(chan error, 1)
	go func() { first <- cache{dir: dir, build: slow.build, log: io.Discard}.ensure(t.Context(), etcd) }()
	<-building

	ctx, cancel := context.WithCancel(t.Context())
	told := &callOnWrite{call: cancel}
	err := cache{dir: dir, build: (&fakeBuilder{}).build, log: told}.ensure(ctx, etcd)
	g.Expect(err).To(MatchError(context.Canceled))
	g.Expect(told.String()).To(ContainSubstring("Waiting for another process"))

	close(finish)
	g.Expect(<-first).To(Succeed())
}

func TestTheOutputOfTheGoCommandIsSortedIntoProgressAndComplaints(t *testing.T) {
	g := NewWithT(t)
	show := newProgress(io.Discard, "Building")
	out := &goOutput{show: show}
	for _, part := range []string{
		"go: downloading k8s.io/api v0.37.2\ngo: down", "loading sigs.k8s.io/yaml v1.6.0\n",
		"internal/abi\nk8s.io/api/core/v1\n",
		"# k8s.io/api/core/v1\ntypes.go:7:2: undefined: x\n", "unfinished line",
	} {
		g.Expect(out.Write([]byte(part))).To(Equal(len(part)))
	}

	g.Expect(show.modules).To(Equal(2))
	g.Expect(show.packages).To(Equal(2))
	g.Expect(out.complaints()).To(Equal("# k8s.io/api/core/v1\ntypes.go:7:2: undefined: x\nunfinished line"))
}

func TestAFailedGoCommandSaysWhy(t *testing.T) {
	g := NewWithT(t)
	root := t.TempDir()
	writeText(t, filepath.Join(root, etcd.toolsModule, "go.mod"), "module tools\n\nrequire go.etcd.io/etcd/server/v3 vBad\n")
	lock, err := os.Create(filepath.Join(root, lockFile))
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = lock.Close() }()

	err = goBuild(root, io.Discard)(t.Context(), etcd, filepath.Join(root, "out"), lock)
	g.Expect(err).To(MatchError(And(HavePrefix("building etcd: go list in "), ContainSubstring("vBad"))))
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	found := make([]string, len(entries))
	for i, entry := range entries {
		found[i] = entry.Name()
	}
	return found
}

type callOnWrite struct {
	bytes.Buffer
	call func()
}

func (c *callOnWrite) Write(text []byte) (int, error) {
	c.call()
	return c.Buffer.Write(text)
}
