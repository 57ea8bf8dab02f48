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

// replace takes a whole listing in.
func (r *replica[V]) replace(listing map[string]V, now time.Time) []string {
	in := r.intake()
	in.replace(listing)
	return in.end(now)
}

// reports takes reports of one key in, one after the other: a value, or "" for its absence.
func (r *replica[V]) reports(now time.Time, key string, values ...V) []string {
	in := r.intake()
	for _, value := range values {
		var absent V
		in.report(key, state[V]{value, !r.equal(value, absent)})
	}
	return in.end(now)
}

func (r *replica[V]) empty() bool { return len(r.items)+len(r.own) == 0 }

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
	g.Expect(r.empty()).To(BeTrue())
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

func TestAChangeAndItsContraryInOneIntakeAreNone(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{"a": "1"})
	g.Expect(r.reports(start, "a", "2", "", "1")).To(BeEmpty())
	g.Expect(r.reports(start, "b", "1", "")).To(BeEmpty())
	g.Expect(r.reports(start, "a", "1", "2")).To(ConsistOf("a"))
}

func TestAReportDuringSettleIsBelievedByWhatItSays(t *testing.T) {
	cases := map[string]struct {
		known    listing
		write    string // "" removes
		reports  []string
		seen     string // within settle
		afterAll string // when settle is over
	}{
		"what was replaced is late":                   {listing{"a": "1"}, "2", []string{"1"}, "2", ""},
		"what was replaced is late, then the write":   {listing{"a": "1"}, "2", []string{"1", "2"}, "2", "2"},
		"the write, then a replay of what it was":     {listing{"a": "1"}, "2", []string{"2", "1"}, "2", ""},
		"the write, then a replay of both":            {listing{"a": "1"}, "2", []string{"2", "1", "2"}, "2", "2"},
		"the write, then others change it":            {listing{"a": "1"}, "2", []string{"2", "3"}, "3", "3"},
		"others change it before it is shown":         {listing{"a": "1"}, "2", []string{"3"}, "3", "3"},
		"the write, then others remove it":            {listing{"a": "1"}, "2", []string{"2", ""}, "", ""},
		"absent before a change is shown":             {listing{"a": "1"}, "2", []string{""}, "2", ""},
		"a change of which nothing is said":           {listing{"a": "1"}, "2", nil, "2", "2"},
		"an addition of which nothing is said":        {listing{}, "2", nil, "2", ""},
		"absent before an addition is shown":          {listing{}, "2", []string{""}, "2", ""},
		"more than the addition knew":                 {listing{}, "2", []string{"3"}, "3", "3"},
		"a removal of which nothing is said":          {listing{"a": "1"}, "", nil, "", ""},
		"a removal that is shown":                     {listing{"a": "1"}, "", []string{""}, "", ""},
		"a removal, and the state from before":        {listing{"a": "1"}, "", []string{"", "1", ""}, "", ""},
		"a removal after which others have it back":   {listing{"a": "1"}, "", []string{"", "3"}, "", "3"},
		"a removal of what was not known, then shown": {listing{}, "", []string{"1", ""}, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, r := NewWithT(t), givenReplica(c.known)
			if c.write == "" {
				r.remove("a", start)
			} else {
				r.put("a", c.write, start)
			}
			r.reports(after(settle-1), "a", c.reports...)
			seen, present := r.get("a")
			g.Expect(present).To(Equal(c.seen != ""))
			if present {
				g.Expect(seen).To(Equal(c.seen))
			}
			changed := r.reports(after(settle), "b")
			later, present := r.get("a")
			g.Expect(present).To(Equal(c.afterAll != ""))
			if present {
				g.Expect(later).To(Equal(c.afterAll))
			}
			g.Expect(len(changed) == 1).To(Equal(c.seen != c.afterAll), "told exactly when it is to be seen")
		})
	}
}

func TestWhatIsDoubtedIsPutBackForGoodByALiveRead(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{"a": "1"})
	in := r.intake()
	in.doubt("a", "?")
	g.Expect(in.end(start)).To(ConsistOf("a"))
	g.Expect(r.has("a")).To(BeFalse())
	g.Expect(r.count(func(value string) bool { return value == "?" })).To(Equal(1))
	g.Expect(r.reports(after(settle), "b")).To(BeEmpty(), "doubt does not end by itself")
	g.Expect(r.has("a")).To(BeFalse())

	r.put("a", "2", after(settle))
	g.Expect(r.has("a")).To(BeTrue())
	g.Expect(r.unsettled("a")).To(BeFalse())
	g.Expect(r.reports(after(2*settle), "b")).To(BeEmpty())
	g.Expect(r.has("a")).To(BeTrue())
}

func TestAReportEndsADoubt(t *testing.T) {
	for _, value := range []string{"1", ""} {
		g, r := NewWithT(t), givenReplica(listing{"a": "1"})
		in := r.intake()
		in.doubt("a", "?")
		in.end(start)
		r.reports(start, "a", value)
		g.Expect(r.has("a")).To(Equal(value != ""))
		g.Expect(r.own).To(BeEmpty())
	}
}

func TestAListingEndsEveryDoubt(t *testing.T) {
	g, r := NewWithT(t), givenReplica(listing{})
	r.put("a", "1", start)
	g.Expect(r.reports(after(settle), "b")).To(ConsistOf("a"))
	g.Expect(r.replace(listing{}, after(settle))).To(BeEmpty())
	g.Expect(r.empty()).To(BeTrue())
}
