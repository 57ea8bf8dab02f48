package mirror_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
)

func TestARestartCostsPagesAndNotACallPerObject(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		d := newTenant(guests(10_000)...)
		for _, id := range []string{"a", "b", "c"} {
			d.group(id, numbered(10_000)...)
		}
		r := givenRunning(t, d)
		for _, id := range []string{"a", "b", "c"} {
			r.Member(id, "ada")
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		calls := d.asked()
		t.Logf("reads at a restart: %d, %v", len(calls), counted(calls))
		g.Expect(len(calls)).To(BeNumerically("<=", 55))
		_, known := r.Member("c", "ada")
		g.Expect(known).To(BeTrue())
	})
}

func TestAnHourWithoutChangesCostsOneCallARoundAndOneForFiftyGroups(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		const pendingGuests, groups = 2500, 120
		d := newTenant(guests(pendingGuests)...)
		for _, id := range numbered(groups) {
			d.group(id, "ada")
		}
		r := givenRunning(t, d)
		for _, id := range numbered(groups) {
			r.Member(id, "ada")
		}
		r.after(time.Minute)
		calls := r.after(time.Hour)
		t.Logf("calls in an hour: %d, %v", len(calls), counted(calls))
		g.Expect(counted(calls)).To(Equal(map[string]int{"UserChanges": 60, "MemberChanges": 60 * 3, "ListPending": 4 * 3}))
		g.Expect(r.told[len(r.told)-groups:]).NotTo(ContainElement(everything))
	})
}
