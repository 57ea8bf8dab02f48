package main

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

func TestSamplesAreThoseOfTheKustomizationInItsOrder(t *testing.T) {
	g := NewWithT(t)
	folder := t.TempDir()
	for name, text := range map[string]string{
		"kustomization.yaml": "resources: [b.yaml, a.yaml]",
		"a.yaml":             "kind: A\nmetadata: {name: a}",
		"b.yaml":             "# a comment alone\n---\nkind: B\nmetadata: {name: b, namespace: project}\n---\nkind: C\nmetadata: {name: c}\n",
		"left-out.yaml":      "kind: D",
	} {
		g.Expect(os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)).To(Succeed())
	}
	objects, err := readSamples(folder)
	g.Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, object := range objects {
		names = append(names, nameOf(object))
	}
	g.Expect(names).To(Equal([]string{"b/b in project", "c/c", "a/a"}))
}

func TestTheScriptFindsItsPartsAmongTheSamplesOfTheCheckout(t *testing.T) {
	g := NewWithT(t)
	objects, err := readSamples("../../config/samples")
	g.Expect(err).NotTo(HaveOccurred())
	p := &story{}
	g.Expect(p.cast(objects)).To(Succeed())
	g.Expect(p.membership.Spec.Guest.InvitationRef.Name).To(Equal(p.invitation.Name))
	g.Expect(p.guestName).To(HavePrefix(p.tenantObject.Name + "."))
	g.Expect((&story{}).cast(objects[:1])).To(MatchError(ContainSubstring("config/samples has no")))
}
