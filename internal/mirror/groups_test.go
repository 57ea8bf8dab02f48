package mirror_test

import (
	"context"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

func TestManyReadersOfAGroupShareItsFirstListing(t *testing.T) {
	g, w := NewWithT(t), givenMirror()
	w.tenant.members["readers"] = []string{"ada"}
	const readers = 32
	var asking, done sync.WaitGroup
	asking.Add(readers)
	w.tenant.listing = asking.Wait // all have come before the listing ends
	found := make(chan bool, readers)
	for range readers {
		done.Go(func() {
			asking.Done()
			found <- w.member(g, "readers", "ada")
		})
	}
	done.Wait()
	close(found)
	for member := range found {
		g.Expect(member).To(BeTrue())
	}
	g.Expect(w.tenant.listed["readers"]).To(Equal(1))
}

func TestTheFirstListingOfAGroupWakesNobodyAndLaterOnesTellWhatChanged(t *testing.T) {
	g, w := NewWithT(t), givenMirror()
	w.tenant.members["readers"] = []string{"ada", "grace"}
	w.round(g)
	g.Expect(w.tenant.listed["readers"]).To(BeZero(), "nobody has asked for it")
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue())
	g.Expect(w.told).To(ConsistOf(mirror.Change{Everything: true}))
	g.Expect(w.round(g)).To(BeEmpty())

	w.tenant.members["readers"] = []string{"grace", "alan"}
	g.Expect(w.round(g)).To(ConsistOf(
		mirror.Change{UserID: "ada", GroupID: "readers"}, mirror.Change{UserID: "alan", GroupID: "readers"}))
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
	g.Expect(w.member(g, "readers", "alan")).To(BeTrue())
}

func TestAGroupThatCannotBeListedHasNoMembersToTellOf(t *testing.T) {
	g, w := NewWithT(t), givenMirror()
	_, err := w.Member(context.Background(), "readers", "ada")
	g.Expect(directory.IsNotFound(err)).To(BeTrue())

	w.tenant.members["readers"] = []string{"ada"}
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue(), "the next question lists it anew")
}

func TestAGroupThatIsGoneHoldsUpNoOther(t *testing.T) {
	g, w := NewWithT(t), givenMirror()
	w.tenant.members["a"], w.tenant.members["b"] = []string{"ada"}, []string{"ada"}
	w.round(g)
	g.Expect(w.member(g, "a", "ada") && w.member(g, "b", "ada")).To(BeTrue())

	delete(w.tenant.members, "a")
	w.tenant.members["b"] = nil
	g.Expect(w.round(g)).To(ConsistOf(
		mirror.Change{UserID: "ada", GroupID: "a"}, mirror.Change{UserID: "ada", GroupID: "b"}))
	g.Expect(w.member(g, "a", "ada")).To(BeFalse(), "a suspicion that is looked into live")
	g.Expect(w.round(g)).To(BeEmpty())

	w.tenant.members["a"] = []string{"ada"}
	g.Expect(w.round(g)).To(ConsistOf(mirror.Change{UserID: "ada", GroupID: "a"}), "somebody has restored it")
}

func TestGroupsThatNobodyIsConcernedWithAreForgotten(t *testing.T) {
	g, w := NewWithT(t), givenMirror()
	w.tenant.members["readers"], w.tenant.members["writers"] = []string{"ada"}, []string{"ada"}
	w.round(g)
	g.Expect(w.member(g, "readers", "ada") && w.member(g, "writers", "ada")).To(BeTrue())

	w.inUse = map[string]bool{"writers": true}
	w.round(g)
	w.round(g)
	g.Expect(w.tenant.listed["readers"]).To(Equal(1))
	g.Expect(w.tenant.listed["writers"]).To(Equal(3))

	w.inUse["readers"], w.tenant.members["readers"] = true, nil
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse(), "what was known is not believed any more")
	g.Expect(w.tenant.listed["readers"]).To(Equal(2))
}

func TestTheMirrorIsReadAndWrittenWhileItLists(t *testing.T) {
	g := NewWithT(t)
	d := &tenant{users: []directory.User{pending("ada")}, members: map[string][]string{"readers": {"ada"}}, listed: map[string]int{}}
	m := mirror.New(d, mirror.Options{Interval: time.Minute, Settle: settle})
	var busy sync.WaitGroup
	for range 4 {
		busy.Go(func() {
			for range 50 {
				_ = m.Sync(context.Background())
				_, _ = m.Member(context.Background(), "readers", "ada")
				m.Saw(accepted("ada"))
				m.SawGone("grace")
				m.SawMember("readers", "grace", true)
				m.SawMember("readers", "grace", false)
				_, _ = m.User("ada")
				_, _ = m.Stats(), m.Listed()
			}
		})
	}
	busy.Wait()
	g.Expect(m.Stats().Guests).To(Equal(1))
}
