package mirror_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

const quarter = 15 * time.Minute

func TestARedemptionOfWhichNoChangeTellsIsNoticedByThePendingList(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"), pending("grace"), accepted("edsger"))
	w.tenant.silent = true
	w.tenant.set(accepted("ada"))
	g.Expect(w.round(g)).To(BeEmpty())
	g.Expect(w.roundAfter(g, quarter-3*time.Minute)).To(BeEmpty())
	g.Expect(w.roundAfter(g, time.Minute)).To(ConsistOf(user("ada")), "the next round would be too late")
	g.Expect(w.shows("ada")).To(BeFalse(), "the next reader has to look live")
	g.Expect(w.state(g, "grace")).To(Equal(directory.PendingAcceptance))
	g.Expect(w.Stats().Guests).To(Equal(3))
	g.Expect(w.Stats().Pending).To(Equal(1))

	w.Saw(accepted("ada"))
	g.Expect(w.state(g, "ada")).To(Equal(directory.Accepted))
	g.Expect(w.roundAfter(g, 2*settle)).To(BeEmpty(), "one live read is enough")
	g.Expect(w.roundAfter(g, quarter)).To(BeEmpty())
	g.Expect(w.state(g, "ada")).To(Equal(directory.Accepted))
}

func TestARedemptionOfWhichNoChangeTellsIsNoticedWithinAQuarterOfAnHourWhateverTheInterval(t *testing.T) {
	for _, interval := range []time.Duration{5 * time.Second, 10 * time.Second, time.Minute, 4 * time.Minute, 7 * time.Minute} {
		g := NewWithT(t)
		w := givenListed(g, pending("ada"))
		w.SetInterval(interval)
		w.tenant.silent = true
		w.tenant.set(accepted("ada"))
		listed, told := w.now, []mirror.Change(nil)
		for len(told) == 0 {
			told = w.roundAfter(g, interval)
		}
		g.Expect(told).To(ConsistOf(user("ada")))
		g.Expect(w.now.Sub(listed)).To(BeNumerically("<=", quarter-5*time.Second), "every %s", interval)
		g.Expect(w.now.Sub(listed)).To(BeNumerically(">", quarter-2*interval-5*time.Second), "no more often than that takes")
	}
}

func TestASuspectWhomNobodyReadsIsToldOfOnce(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	w.tenant.silent = true
	w.tenant.set(accepted("ada"))
	g.Expect(w.roundAfter(g, quarter)).To(ConsistOf(user("ada")))
	g.Expect(w.roundAfter(g, quarter)).To(BeEmpty())
	g.Expect(w.Stats().Guests).To(Equal(1))
}

func TestAGuestWhoseStateNoChangeToldIsSuspectUntilTheListTells(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.tenant.silent = true
	w.tenant.set(pending("ada"), accepted("grace"))
	g.Expect(w.round(g)).To(ConsistOf(user("ada", "grace")))
	g.Expect(w.state(g, "ada")).To(BeEmpty())
	g.Expect(w.roundAfter(g, quarter)).To(ConsistOf(user("ada", "grace")))
	g.Expect(w.state(g, "ada")).To(Equal(directory.PendingAcceptance))
	g.Expect(w.shows("grace")).To(BeFalse())
}

func TestAnOwnWriteThatHasNotSettledIsNoSuspect(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.roundAfter(g, quarter-2*time.Minute)
	w.tenant.silent = true
	w.tenant.set(accepted("ada"))
	w.Saw(pending("ada"))
	g.Expect(w.roundAfter(g, time.Minute)).To(BeEmpty())
	g.Expect(w.roundAfter(g, time.Minute)).To(BeEmpty(), "listed meanwhile")
	g.Expect(counted(w.tenant.asked())).To(HaveKeyWithValue("ListPending", 1))
	g.Expect(w.shows("ada")).To(BeTrue())
}

func TestThePendingListComesAfterTheChanges(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	w.tenant.set(accepted("ada"))
	g.Expect(w.roundAfter(g, quarter)).To(ConsistOf(user("ada")))
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges", "ListPending"}))
	g.Expect(w.state(g, "ada")).To(Equal(directory.Accepted), "nothing was suspect")
}

func TestEverythingIsListedOnceADay(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.tenant.set(accepted("ada"), accepted("grace"))
	w.round(g)
	delete(w.tenant.users, "grace") // no change tells of any of this
	w.tenant.users["alan"] = accepted("alan")
	w.tenant.group("readers", "grace")
	for range 95 {
		g.Expect(w.roundAfter(g, quarter)).To(BeEmpty())
	}
	g.Expect(counted(w.tenant.asked())).NotTo(HaveKey("ListGuests"))
	g.Expect(w.roundAfter(g, 3*time.Hour)).To(ConsistOf(append(user("alan", "grace"), member("readers", "ada", "grace")...)))
	g.Expect(counted(w.tenant.asked())).To(And(HaveKeyWithValue("ListGuests", 1), HaveKeyWithValue("ListMembers readers", 1)))
	g.Expect(w.member(g, "readers", "grace")).To(BeTrue())
	g.Expect(w.Stats().Full).To(Equal(w.now))
}

func TestAListOfTheSafetyNetThatFailsIsTriedAgain(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	w.tenant.fail("ListPending", unavailable)
	w.now = w.now.Add(quarter)
	w.fails(g, unavailable)
	g.Expect(w.shows("ada")).To(BeTrue())
	w.tenant.fail("ListPending", nil)
	w.tenant.asked()
	w.round(g)
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges", "ListPending"}))
}
