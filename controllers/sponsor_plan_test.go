package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// sponsorEntry is an entry of a spec with the key of its name, which means the user with that id, or nobody.
func sponsorEntry(name, id string) namedSponsor {
	named := namedSponsor{key: name, name: name, ref: directory.SponsorRef{ID: id, Kind: directory.SponsorUser}}
	if id == "" {
		named.problem = &sponsorProblem{b2b.ReasonSponsorNotFound, name + " does not exist"}
	}
	return named
}

func hasSponsors(ids ...string) (has []directory.Sponsor) {
	for _, id := range ids {
		has = append(has, directory.Sponsor{SponsorRef: directory.SponsorRef{ID: id}})
	}
	return has
}

func TestTheSponsorsOfASpecAreHeldAgainstThoseOfTheUser(t *testing.T) {
	megan, lee, nobody := sponsorEntry("megan", "m"), sponsorEntry("lee", "l"), sponsorEntry("nobody", "")
	blocked := sponsorEntry("blocked", "b")
	blocked.problem = &sponsorProblem{b2b.ReasonSponsorDisabled, "blocked is blocked"}
	own := func(id, entry string) addedSponsor { return addedSponsor{ID: id, For: entry} }
	cases := map[string]struct {
		named   []namedSponsor
		has     []directory.Sponsor
		added   []addedSponsor
		add     []string
		remove  []string
		stay    []addedSponsor
		reasons []string
	}{
		"somebody who is missing is added":                 {named: []namedSponsor{megan, lee}, has: hasSponsors("m"), add: []string{"lee"}},
		"somebody who is there already is not ours":        {named: []namedSponsor{megan}, has: hasSponsors("m")},
		"somebody whom others have set stays":              {named: []namedSponsor{megan}, has: hasSponsors("m", "x")},
		"somebody whom we added and nobody names goes":     {named: []namedSponsor{megan}, has: hasSponsors("m", "l"), added: []addedSponsor{own("m", "megan"), own("l", "lee")}, remove: []string{"l"}, stay: []addedSponsor{own("m", "megan")}},
		"somebody whom we added and others took away":      {named: []namedSponsor{megan}, added: []addedSponsor{own("m", "megan")}, add: []string{"megan"}},
		"nobody is named any more":                         {has: hasSponsors("m", "x"), added: []addedSponsor{own("m", "megan")}, remove: []string{"m"}},
		"one who is not there is told, the others are set": {named: []namedSponsor{nobody, megan}, add: []string{"megan"}, reasons: []string{b2b.ReasonSponsorNotFound}},
		"an entry that means nobody now keeps whom it meant": {named: []namedSponsor{nobody}, has: hasSponsors("n"), added: []addedSponsor{own("n", "nobody")},
			stay: []addedSponsor{own("n", "nobody")}, reasons: []string{b2b.ReasonSponsorNotFound}},
		"a name that has passed to somebody else": {named: []namedSponsor{sponsorEntry("megan", "m2")}, has: hasSponsors("m"), added: []addedSponsor{own("m", "megan")},
			add: []string{"megan"}, remove: []string{"m"}},
		"one who is blocked is not added":      {named: []namedSponsor{blocked}, reasons: []string{b2b.ReasonSponsorDisabled}},
		"one who was added and is blocked now": {named: []namedSponsor{blocked}, has: hasSponsors("b"), added: []addedSponsor{own("b", "blocked")}, stay: []addedSponsor{own("b", "blocked")}, reasons: []string{b2b.ReasonSponsorDisabled}},
		"a person who is named twice":          {named: []namedSponsor{megan, sponsorEntry("megan by id", "m")}, add: []string{"megan"}},
		"no room":                              {named: []namedSponsor{megan, lee}, has: hasSponsors("1", "2", "3", "4"), add: []string{"megan"}, reasons: []string{b2b.ReasonTooManySponsors}},
		"room where somebody goes": {named: []namedSponsor{megan, lee}, has: hasSponsors("1", "2", "3", "4", "5"), added: []addedSponsor{own("4", "four"), own("5", "five")},
			add: []string{"megan", "lee"}, remove: []string{"4", "5"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, plan := NewWithT(t), planSponsors(c.named, c.has, c.added)
			var add, reasons []string
			for _, sponsor := range plan.add {
				add = append(add, sponsor.name)
			}
			for _, problem := range plan.problems {
				reasons = append(reasons, problem.reason)
			}
			g.Expect(add).To(Equal(c.add))
			g.Expect(plan.remove).To(Equal(c.remove))
			g.Expect(plan.added).To(Equal(c.stay))
			g.Expect(reasons).To(Equal(c.reasons))
			g.Expect(plan.announced(c.added)).To(HaveLen(len(c.add)+len(c.remove)+len(c.stay)), "those who go are ours until they are gone")
		})
	}
}

func TestASponsorIsTheSameWhateverTheCapitalsAndTheOrder(t *testing.T) {
	g := NewWithT(t)
	one, two := b2b.Sponsor{UserPrincipalName: "Megan@contoso.example"}, b2b.Sponsor{ID: "5f0c1111-2222-3333-4444-555555555555"}
	g.Expect(sponsorKey(one)).To(Equal(sponsorKey(b2b.Sponsor{UserPrincipalName: "megan@CONTOSO.example"})))
	g.Expect(sponsorKey(two)).NotTo(Equal(sponsorKey(b2b.Sponsor{GroupID: two.ID})))
	g.Expect(sponsorsKey([]b2b.Sponsor{one, two})).To(Equal(sponsorsKey([]b2b.Sponsor{two, one})))
	g.Expect(sponsorsKey([]b2b.Sponsor{one})).NotTo(Equal(sponsorsKey([]b2b.Sponsor{one, two})))
	g.Expect(sponsorKey(one)).NotTo(ContainSubstring("megan"), "it is kept where others can read it")
}

func TestEachGuestHasItsOwnTimeOfTheDayAtWhichSponsorsAreLookedAt(t *testing.T) {
	g := NewWithT(t)
	times := map[time.Duration]int{}
	for i := range 1000 {
		guest := types.UID(time.Duration(i).String())
		first := slot(guest, noon, daily)
		g.Expect(first).To(BeTemporally(">", noon))
		g.Expect(first.Sub(noon)).To(BeNumerically("<=", daily))
		g.Expect(slot(guest, noon.Add(first.Sub(noon)/2), daily)).To(Equal(first), "a restart in between changes nothing")
		g.Expect(slot(guest, first, daily)).To(Equal(first.Add(daily)))
		times[first.Sub(noon).Truncate(time.Hour)]++
	}
	g.Expect(len(times)).To(BeNumerically(">=", 24))
	for hour, n := range times {
		g.Expect(n).To(BeNumerically("<", 100), "guests within %s", hour)
	}
}

func TestSponsorsWhoAreMissingAreLookedForLessAndLessOften(t *testing.T) {
	g, life := NewWithT(t), lifeOf()
	g.Expect(life.patience(noon, time.Minute)).To(Equal(time.Minute))
	for missing, pause := range map[time.Duration]time.Duration{
		time.Second: time.Minute, 10 * time.Minute: 10 * time.Minute, 24 * time.Hour: time.Hour,
	} {
		life.guest.Status.Conditions = []metav1.Condition{{
			Type: b2b.ConditionSponsorsSet, Status: metav1.ConditionFalse, LastTransitionTime: metav1.NewTime(noon.Add(-missing)),
		}}
		g.Expect(life.patience(noon, time.Minute)).To(Equal(pause))
	}
}
