package mirror

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const settle = 5 * time.Minute

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

type listing = map[string]string

func givenReplica(known listing) *replica[string] {
	r := newReplica(settle, func(a, b string) bool { return a == b })
	r.replace(known, start)
	return r
}

func (r *replica[V]) has(key string) bool {
	_, present := r.get(key)
	return present
}

func TestAListingTellsExactlyWhatChanged(t *testing.T) {
	cases := map[string]struct {
		before, listed listing
		changed        []string
	}{
		"nothing":         {listing{"a": "1", "b": "1"}, listing{"a": "1", "b": "1"}, nil},
		"an addition":     {listing{"a": "1"}, listing{"a": "1", "b": "1"}, []string{"b"}},
		"a removal":       {listing{"a": "1", "b": "1"}, listing{"b": "1"}, []string{"a"}},
		"another value":   {listing{"a": "1", "b": "1"}, listing{"a": "2", "b": "1"}, []string{"a"}},
		"all at once":     {listing{"a": "1", "b": "1", "c": "1"}, listing{"b": "2", "c": "1", "d": "1"}, []string{"a", "b", "d"}},
		"from nothing":    {listing{}, listing{"a": "1"}, []string{"a"}},
		"to nothing":      {listing{"a": "1"}, listing{}, []string{"a"}},
		"an empty tenant": {listing{}, listing{}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, r := NewWithT(t), givenReplica(c.before)
			g.Expect(r.replace(c.listed, after(time.Second))).To(ConsistOf(c.changed))
			g.Expect(r.replace(c.listed, after(2*time.Second))).To(BeEmpty(), "the same listing again changes nothing")
			for key, value := range c.listed {
				shown, present := r.get(key)
				g.Expect(present).To(BeTrue())
				g.Expect(shown).To(Equal(value))
			}
			g.Expect(r.count(func(string) bool { return true })).To(Equal(len(c.listed)))
		})
	}
}

func TestAnOwnAdditionIsBelievedUntilItHasSettled(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{})
	r.put("a", "1", start)
	g.Expect(r.has("a")).To(BeTrue())
	g.Expect(r.replace(listing{}, after(settle-1))).To(BeEmpty())
	g.Expect(r.has("a")).To(BeTrue())
	g.Expect(r.replace(listing{}, after(settle))).To(ConsistOf("a"))
	g.Expect(r.has("a")).To(BeFalse())
}

func TestAnOwnAdditionThatAListingHasShownIsMissedAtOnce(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{})
	r.put("a", "1", start)
	g.Expect(r.replace(listing{"a": "1"}, after(time.Second))).To(BeEmpty(), "it was known already")
	g.Expect(r.replace(listing{}, after(2*time.Second))).To(ConsistOf("a"))
	g.Expect(r.has("a")).To(BeFalse())
}

func TestWhatAListingAddsToAnOwnAdditionIsAChange(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{})
	r.put("a", "only the id", start)
	g.Expect(r.replace(listing{"a": "everything"}, after(time.Second))).To(ConsistOf("a"))
	value, _ := r.get("a")
	g.Expect(value).To(Equal("everything"))
}

func TestAnOwnRemovalIsBelievedUntilItHasSettled(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{"a": "1"})
	r.remove("a", start)
	g.Expect(r.has("a")).To(BeFalse())
	g.Expect(r.replace(listing{"a": "1"}, after(settle-1))).To(BeEmpty(), "the listing began before, or a replica lags")
	g.Expect(r.has("a")).To(BeFalse())
	g.Expect(r.replace(listing{"a": "1"}, after(settle))).To(ConsistOf("a"), "somebody else has added it again")
	g.Expect(r.has("a")).To(BeTrue())
}

func TestAReplicaThatLagsDoesNotUndoARemovalThatAnotherHasShown(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{"a": "1"})
	r.remove("a", start)
	g.Expect(r.replace(listing{}, after(time.Minute))).To(BeEmpty())
	g.Expect(r.replace(listing{"a": "1"}, after(2*time.Minute))).To(BeEmpty())
	g.Expect(r.has("a")).To(BeFalse())
}

func TestARemovalThatHasSettledLeavesNothingBehind(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{"a": "1"})
	r.remove("a", start)
	g.Expect(r.replace(listing{}, after(settle))).To(BeEmpty())
	g.Expect(r.items).To(BeEmpty())
}

func TestTheLatestOwnWriteCounts(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{"a": "1"})
	r.remove("a", start)
	r.put("a", "2", after(time.Second))
	g.Expect(r.has("a")).To(BeTrue())
	g.Expect(r.replace(listing{}, after(settle))).To(BeEmpty(), "the addition is a second younger than the removal")
	r.remove("a", after(settle))
	g.Expect(r.replace(listing{"a": "2"}, after(settle+time.Minute))).To(BeEmpty())
	g.Expect(r.has("a")).To(BeFalse())
}

func TestOnlyWhatIsPresentIsCounted(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{"a": "1", "b": "2", "c": "2"})
	r.remove("c", start)
	r.put("d", "2", start)
	g.Expect(r.count(func(value string) bool { return value == "2" })).To(Equal(2))
}
