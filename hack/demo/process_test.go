package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/entraguests/entra-guest-operator/hack/internal/process"
)

// startScript starts a shell script in place of the manager.
func startScript(t *testing.T, script string) *process.Process {
	t.Helper()
	folder := t.TempDir()
	binary := filepath.Join(folder, "manager")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"+script), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	m, err := startManager(t.Context(), binary, filepath.Join(folder, "log"), "the-kubeconfig", "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Stop() })
	return m
}

func TestTheManagerIsToldWhereToGo(t *testing.T) {
	g := NewWithT(t)
	m := startScript(t, `echo "$KUBECONFIG" "$@"`)
	g.Eventually(m.Done(), time.Minute).Should(BeClosed())
	g.Expect(m.Tail(1)).To(Equal([]string{"the-kubeconfig --graph-endpoint http://127.0.0.1:1 --replication-window 5s " +
		"--metrics-bind-address 0 --health-probe-bind-address 0"}))
}

func TestWhatDidNotHappenIsExplainedByConditionsAndTheLog(t *testing.T) {
	g := NewWithT(t)
	s := newScreen(&strings.Builder{})
	v, err := newView(&rest.Config{Host: "http://127.0.0.1:1"}, s)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(v.replace(v.kinds[3], tableOf(t, printed))).To(Succeed())
	stage := &stage{screen: s, view: v, manager: startScript(t, "echo boom; exit 3")}
	err = stage.expect(t.Context(), "the guest is invited", func() bool { return false })
	g.Expect(err).To(MatchError(And(
		ContainSubstring("This did not happen: the guest is invited (the operator has ended: exit status 3)"),
		ContainSubstring("GuestInvitation project-42/ada: Ready=False Throttled slow"),
		ContainSubstring("boom"),
	)))
}
