package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
)

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ranges.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheRangeFileOfTheRepositoryHasABarForEveryRow(t *testing.T) {
	g := NewWithT(t)
	r, err := readRanges("ranges.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	for profile := range profiles {
		for _, s := range scenarios {
			i := slices.IndexFunc(figures, func(r rowFigures) bool { return r.row == s.name })
			g.Expect(i).To(BeNumerically(">=", 0), "row %s has figures", s.name)
			barred := slices.ContainsFunc(figures[i].all, func(f figure) bool { return r.of(profile, s.name+"."+f.name).set() })
			g.Expect(barred).To(BeTrue(), "row %s of profile %s", s.name, profile)
		}
	}
}

func TestAProfileMaySetItsOwnBar(t *testing.T) {
	g := NewWithT(t)
	r, err := readRanges(written(t, "all:\n  quota.wall: {max: 1.1}\n  rate.share: {min: 0.6}\nsmall:\n  quota.wall: {max: 2}\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.of("small", "quota.wall").String()).To(Equal("<= 2"))
	g.Expect(r.of("full", "quota.wall").String()).To(Equal("<= 1.1"))
	g.Expect(r.of("small", "rate.share").String()).To(Equal(">= 0.6"))
	g.Expect(r.of("small", "memory.rss").set()).To(BeFalse())
}

func TestABarThatWouldNeverBeCheckedIsRefused(t *testing.T) {
	for text, why := range map[string]string{
		"all:\n  quota.wal: {max: 1}\n":   `no figure "quota.wal"`,
		"smal:\n  quota.wall: {max: 1}\n": `no profile "smal"`,
		"all:\n  quota.wall: {mx: 1}\n":   "mx",
	} {
		_, err := readRanges(written(t, text))
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(why)))
	}
}

func TestABarHoldsUpToItsEdge(t *testing.T) {
	g := NewWithT(t)
	one, two := 1.0, 2.0
	between := bar{Min: &one, Max: &two}
	g.Expect([]bool{between.holds(0.99), between.holds(1), between.holds(2), between.holds(2.01)}).To(Equal([]bool{false, true, true, false}))
	g.Expect(between.String()).To(Equal("1 to 2"))
	g.Expect(bar{Min: &one, Max: &one}.String()).To(Equal("= 1"))
	g.Expect(bar{}.holds(1e9)).To(BeTrue())
}

func TestFiguresAreWrittenWithFourDigits(t *testing.T) {
	g := NewWithT(t)
	for value, text := range map[float64]string{0: "0", 3: "3", 1.0174: "1.017", 0.001: "0.001", 0.12345: "0.1235", 425.04: "425", 1234.5: "1234", -2.5: "-2.5", 100: "100"} {
		g.Expect(number(value)).To(Equal(text))
	}
}
