package graphsim

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestAFeedKeepsNothingThatNobodyCanAskFor(t *testing.T) {
	g := NewWithT(t)
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	f := &feed{}
	f.log(now, change{at: now, id: "before any token"})
	g.Expect(f.entries).To(BeEmpty())
	f.issued = now
	for day := range 20 {
		now = now.Add(24 * time.Hour)
		f.issued = now
		f.log(now, change{at: now, id: "x"})
		g.Expect(len(f.entries)).To(BeNumerically("<=", 8), "day %d", day)
		g.Expect(f.next()).To(BeEquivalentTo(day + 1))
	}
	now = now.Add(8 * 24 * time.Hour)
	f.log(now, change{at: now, id: "after the last token"})
	g.Expect(f.entries).To(BeEmpty())
	g.Expect(f.first).To(Equal(f.next()))
}
