package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestAResendTokenIsFoundUnlessNothingWasDoneForIt(t *testing.T) {
	for result, want := range map[outcome]bool{
		"": true, outcomeSent: true, outcomeRefused: true, outcomeNotSeen: true, outcomeNotCarriedOut: false,
	} {
		g, rec := NewWithT(t), &record{Life: 1, Attempts: []attempt{resent("2", result)}}
		g.Expect(rec.resend("2") != nil).To(Equal(want), string(result))
		g.Expect(rec.resend("3")).To(BeNil())
	}
	rec := &record{Attempts: []attempt{first(outcomeSent), resent("2", outcomeRefused), resent("2", outcomeSent)}}
	g := NewWithT(t)
	g.Expect(rec.resend("2").Outcome).To(Equal(outcomeSent), "the latest counts")
	g.Expect(rec.resend("")).To(BeNil(), "no token asked for the first invitation")
}

func TestTheLatestResendIsOneThatMayHaveSentAMailInWhateverLife(t *testing.T) {
	at := func(a attempt, hour int) attempt {
		a.AbsentSince = noon.Add(time.Duration(hour) * time.Hour)
		return a
	}
	cases := map[string]struct {
		attempts []attempt
		want     time.Time
	}{
		"none":                         {nil, time.Time{}},
		"a first invitation":           {[]attempt{first(outcomeSent).of(1)}, time.Time{}},
		"confirmed":                    {[]attempt{at(resent("2", outcomeSent).of(1), 1)}, noon.Add(time.Hour)},
		"lost":                         {[]attempt{at(resent("2", "").of(1), 1)}, noon.Add(time.Hour)},
		"refused":                      {[]attempt{at(resent("2", outcomeRefused).of(1), 1)}, time.Time{}},
		"not carried out":              {[]attempt{at(resent("2", outcomeNotCarriedOut).of(1), 1)}, time.Time{}},
		"another life's":               {[]attempt{at(resent("2", outcomeSent), 1), first("").of(1)}, noon.Add(time.Hour)},
		"one that began a new life":    {[]attempt{at(askedBy(first("").of(1), "2"), 1)}, noon.Add(time.Hour)},
		"the later of two":             {[]attempt{at(resent("2", "").of(1), 1), at(resent("3", "").of(1), 2)}, noon.Add(2 * time.Hour)},
		"one before a refused one":     {[]attempt{at(resent("2", "").of(1), 1), at(resent("3", outcomeRefused).of(1), 2)}, noon.Add(time.Hour)},
		"one before an earlier life's": {[]attempt{at(resent("1", ""), 1), at(resent("2", "").of(1), 2)}, noon.Add(2 * time.Hour)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect((&record{Life: 1, Attempts: c.attempts}).lastResend()).To(Equal(c.want))
		})
	}
}

// askedBy is an attempt that a resend token asked for.
func askedBy(a attempt, token string) attempt {
	a.ResendToken = token
	return a
}

func TestOnlyUsersWhomWeDeletedOrWhoWereAskedForAnewAreExcused(t *testing.T) {
	g := NewWithT(t)
	rec := &record{
		Excused: []string{"asked for anew"},
		Past:    []release{{UserID: "deleted by us", Did: deedDeleted}, {UserID: "retained", Did: deedRetained}, {Did: deedNothing}},
		Release: &release{UserID: "being released", Did: deedDeleted},
	}
	for userID, want := range map[string]bool{
		"asked for anew": true, "deleted by us": true, "retained": false, "being released": false, "deleted by somebody": false, "": false,
	} {
		g.Expect(rec.excuses(userID)).To(Equal(want), userID)
	}
}

func TestAReleaseHasBegunOrIsOver(t *testing.T) {
	g := NewWithT(t)
	for rec, want := range map[*record][2]bool{
		{}:                                     {false, false},
		{Release: &release{}}:                  {true, false},
		{Release: &release{Did: deedRetained}}: {false, true},
		{Past: []release{{Did: deedDeleted}}}:  {false, false},
	} {
		g.Expect([2]bool{rec.releasing(), rec.released()}).To(Equal(want))
	}
}

func TestRetainWinsBeforeDeleteBeforeNone(t *testing.T) {
	const none, remove, retain = b2b.DeletionPolicy(""), b2b.DeletionPolicyDelete, b2b.DeletionPolicyRetain
	g := NewWithT(t)
	for _, c := range [][3]b2b.DeletionPolicy{
		{none, none, none}, {none, remove, remove}, {none, retain, retain},
		{remove, remove, remove}, {remove, retain, retain}, {retain, retain, retain},
	} {
		g.Expect(stronger(c[0], c[1])).To(Equal(c[2]))
		g.Expect(stronger(c[1], c[0])).To(Equal(c[2]), "in either order")
	}
}

func TestAPairGoesWithTheLastMembershipThatWantsIt(t *testing.T) {
	g := NewWithT(t)
	rec := &record{Pairs: []pair{
		{target: inGroup("readers"), Claimants: []claimant{{Namespace: "a", Name: "ada"}, {Namespace: "b", Name: "ada", RegrantToken: "1"}}},
		{target: inGroup("writers"), Claimants: []claimant{{Namespace: "a", Name: "ada"}}},
	}}
	g.Expect(rec.pair(inGroup("readers")).claimant("b", "ada").RegrantToken).To(Equal("1"))
	g.Expect(rec.pair(inGroup("readers")).claimant("c", "ada")).To(BeNil())
	g.Expect(rec.pair(inGroup("nobody's")).claimant("a", "ada")).To(BeNil())

	rec.dropClaimant(inGroup("nobody's"), "a", "ada")
	rec.dropClaimant(inGroup("readers"), "a", "grace")
	g.Expect(rec.pair(inGroup("readers")).Claimants).To(HaveLen(2))
	rec.dropClaimant(inGroup("readers"), "a", "ada")
	g.Expect(rec.pair(inGroup("readers")).Claimants).To(ConsistOf(HaveField("Namespace", "b")))
	rec.dropClaimant(inGroup("readers"), "b", "ada")
	g.Expect(rec.pair(inGroup("readers"))).To(BeNil())
	g.Expect(rec.pair(inGroup("writers"))).NotTo(BeNil())
	rec.dropPair(inGroup("writers"))
	g.Expect(rec.Pairs).To(BeEmpty())
}

func TestAPairAndItsClaimantAreTheRecordsOwn(t *testing.T) {
	g := NewWithT(t)
	rec := &record{Pairs: []pair{{target: inGroup("readers"), Claimants: []claimant{{Namespace: "a", Name: "ada"}}}}}
	rec.pair(inGroup("readers")).UserID = "ada"
	rec.pair(inGroup("readers")).claimant("a", "ada").RegrantToken = "2"
	g.Expect(rec.Pairs[0].UserID).To(Equal("ada"))
	g.Expect(rec.Pairs[0].Claimants[0].RegrantToken).To(Equal("2"))
}

func TestANewLifeRemembersABoundedPast(t *testing.T) {
	g := NewWithT(t)
	rec := &record{Author: &author{UID: "author"}, DeletionPolicy: b2b.DeletionPolicyRetain}
	for life := range 2 * remembered {
		rec.announce(attempt{Cause: causeFirst, Outcome: outcomeSent})
		rec.Release = &release{Did: deedRetained, StartedAt: noon.Add(time.Duration(life) * time.Hour)}
		rec.beginLife()
	}
	g.Expect(rec.Life).To(Equal(2 * remembered))
	g.Expect(rec.Past).To(HaveLen(remembered))
	g.Expect(rec.Past[remembered-1].StartedAt).To(Equal(noon.Add((2*remembered-1)*time.Hour)), "the latest are kept")
	g.Expect(rec.Attempts).To(HaveLen(remembered))
	g.Expect(rec.Attempts[remembered-1].Number).To(Equal(2*remembered), "a number is never used twice")
	g.Expect(rec.Release).To(BeNil())
	g.Expect(rec.Author).To(BeNil())
	g.Expect(rec.DeletionPolicy).To(BeEmpty())
}
