package main

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

func TestTheAPIReferenceIsThatOfTheCRDs(t *testing.T) {
	g := NewWithT(t)
	root, err := controlplane.Root()
	g.Expect(err).NotTo(HaveOccurred())
	want, err := render(filepath.Join(root, crds))
	g.Expect(err).NotTo(HaveOccurred())
	got, err := os.ReadFile(filepath.Join(root, reference))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(got)).To(Equal(string(want)), "run go run ./hack/apidocs and commit the result")
}

func TestACRDThatTheReferenceDoesNotKnowIsNoticed(t *testing.T) {
	g := NewWithT(t)
	folder := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(folder, "b2b.entraguests.dev_news.yaml"), nil, 0o600)).To(Succeed())
	_, err := render(folder)
	g.Expect(err).To(MatchError(ContainSubstring("complete the list of kinds")))
}
