package main

import (
	"bytes"
	"testing"

	. "github.com/onsi/gomega"
)

func TestHelpNamesEveryRowAndProfile(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(run(t.Context(), []string{"--help"}, &out)).To(Equal(0))
	for _, s := range scenarios {
		g.Expect(out.String()).To(ContainSubstring("    " + s.name + " "))
	}
	g.Expect(out.String()).To(ContainSubstring("full, small, tiny"))
}

func TestWrongArgumentsStartNothing(t *testing.T) {
	for name, args := range map[string][]string{
		"an unknown profile": {"-profile", "huge"},
		"an unknown row":     {"-run", "quota,nothing"},
		"an argument":        {"now"},
		"an unknown flag":    {"-fast"},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(run(t.Context(), args, &bytes.Buffer{})).To(Equal(exitUsage))
		})
	}
}

func TestRowsRunInTheirOrderAndTheLongOneOnlyByName(t *testing.T) {
	g := NewWithT(t)
	names := func(chosen []scenario) (names []string) {
		for _, s := range chosen {
			names = append(names, s.name)
		}
		return names
	}
	chosen, err := choose("restart, quota")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(names(chosen)).To(Equal([]string{"quota", "restart"}))
	all, err := choose("")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(names(all)).To(HaveLen(len(scenarios) - 1))
	g.Expect(names(all)).NotTo(ContainElement("silent"))
	long, err := choose("silent")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(names(long)).To(Equal([]string{"silent"}))
}
