package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func startScript(t *testing.T, script string) *Process {
	t.Helper()
	folder := t.TempDir()
	program := filepath.Join(folder, "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	p, err := Start(t.Context(), Command{
		Name: "the script", Path: program, Args: []string{"an argument"}, Env: []string{"GIVEN=a value"}, Log: filepath.Join(folder, "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	return p
}

func TestAProgramGetsItsArgumentsAndEnvironment(t *testing.T) {
	g := NewWithT(t)
	p := startScript(t, `echo first; echo "$GIVEN, $1"`)
	g.Eventually(p.Done(), time.Minute).Should(BeClosed())
	g.Expect(p.Err()).NotTo(HaveOccurred())
	g.Expect(p.Tail(1)).To(Equal([]string{"a value, an argument"}))
}

func TestStoppingAProgramLeavesNoProcessOfItBehind(t *testing.T) {
	g := NewWithT(t)
	p := startScript(t, "sleep 1000 &\necho $!\nwait\n")
	g.Eventually(func() string { return p.Tail(1)[0] }, time.Minute).ShouldNot(BeEmpty())
	child, err := strconv.Atoi(p.Tail(1)[0])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.Stop()).To(Succeed())
	g.Eventually(func() bool { return running(child) }, time.Minute).Should(BeFalse())
	g.Expect(p.Stop()).To(Succeed(), "stopping twice")
}

// running tells whether a process exists and is no zombie that waits for its parent.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func TestWhatDoesNotCompileIsSaid(t *testing.T) {
	g := NewWithT(t)
	root := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(root, "go.mod"), []byte("module broken\n"), 0o600)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(root, "main.go"), []byte("package main\n\nfunc main() { missing() }\n"), 0o600)).To(Succeed())
	var progress bytes.Buffer
	err := Build(t.Context(), root, filepath.Join(root, "program"), ".", &progress)
	g.Expect(err).To(MatchError(ContainSubstring("undefined: missing")))
	g.Expect(progress.String()).To(ContainSubstring("undefined: missing"))
}
