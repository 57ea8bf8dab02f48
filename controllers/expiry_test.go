package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// lapsedAt is the lapse of project-42/ada with the token "1".
func lapsedAt(at time.Time, changes ...func(*lapse)) lapse {
	l := lapse{Namespace: "project-42", Name: "ada", UID: "ada", GuestUID: "ours", ResendToken: "1", At: at}
	for _, change := range changes {
		change(&l)
	}
	return l
}

func TestAnInvitationRunsOutByItsDateOrUnredeemedUntilANewToken(t *testing.T) {
	later, backAt := noon.Add(time.Hour), noon.Add(-time.Hour)
	lapses := func(changes ...func(*lapse)) *record { return &record{Lapses: []lapse{lapsedAt(backAt, changes...)}} }
	witness := func(token, reason string) func(*b2b.GuestInvitation) {
		return func(i *b2b.GuestInvitation) {
			i.Status.ExpiredResendToken = token
			i.Status.Conditions = []metav1.Condition{{Type: b2b.ConditionExpired, Status: metav1.ConditionTrue, Reason: reason}}
		}
	}
	token := resend
	cases := map[string]struct {
		rec    *record
		change func(*b2b.GuestInvitation)
		now    time.Time
		want   string // "" where it holds
	}{
		"without a date":                           {&record{}, nil, noon, ""},
		"without a Guest":                          {nil, nil, noon, ""},
		"before its date":                          {&record{}, endsAt(later), later.Add(-time.Second), ""},
		"on its date":                              {&record{}, endsAt(later), later, b2b.ReasonExpirationTime},
		"after its date, without a Guest":          {nil, endsAt(later), later.Add(time.Hour), b2b.ReasonExpirationTime},
		"lapsed, with the token that it had":       {lapses(), token("1"), noon, b2b.ReasonNotRedeemed},
		"lapsed, with the token taken away":        {lapses(), token(""), noon, b2b.ReasonNotRedeemed},
		"lapsed, with a new token":                 {lapses(), token("2"), noon, ""},
		"lapsed, with a new token, past its date":  {lapses(), func(i *b2b.GuestInvitation) { token("2")(i); endsAt(backAt)(i) }, noon, b2b.ReasonExpirationTime},
		"lapsed, and redeemed after all":           {lapses(func(l *lapse) { l.Redeemed = true }), token("1"), noon, ""},
		"lapsed once, and let in again":            {lapses(func(l *lapse) { l.BackAt = &backAt }), token("1"), noon, ""},
		"lapsed, under another uid":                {lapses(func(l *lapse) { l.UID = "restored" }), token("1"), noon, b2b.ReasonNotRedeemed},
		"another invitation has lapsed":            {lapses(func(l *lapse) { l.Name = "ben" }), token("1"), noon, ""},
		"by its own word, without a Guest":         {nil, func(i *b2b.GuestInvitation) { token("1")(i); witness("1", b2b.ReasonNotRedeemed)(i) }, noon, b2b.ReasonNotRedeemed},
		"by its own word, a Guest without memory":  {&record{}, func(i *b2b.GuestInvitation) { token("1")(i); witness("1", b2b.ReasonNotRedeemed)(i) }, noon, b2b.ReasonNotRedeemed},
		"by its own word, with a new token":        {nil, func(i *b2b.GuestInvitation) { token("2")(i); witness("1", b2b.ReasonNotRedeemed)(i) }, noon, ""},
		"its own word is older than the Guest's":   {lapses(func(l *lapse) { l.BackAt = &backAt }), witness("", b2b.ReasonNotRedeemed), noon, ""},
		"its own word is about a date that is off": {nil, witness("", b2b.ReasonExpirationTime), noon, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, i := NewWithT(t), invitation("project-42", "ada", expiringAddress)
			if c.change != nil {
				c.change(i)
			}
			ended := endingOf(i, c.rec, c.now)
			g.Expect(ended != nil).To(Equal(c.want != ""))
			if ended != nil {
				g.Expect(ended.reason).To(Equal(c.want))
				g.Expect(ended.message).To(ContainSubstring("spec."), "it says what renews it")
			}
		})
	}
}

func TestTheGuestHasTheDaysThatEachInvitationGivesThem(t *testing.T) {
	mailed, back := noon.Add(48*time.Hour), noon.Add(72*time.Hour)
	at := func(a attempt, when time.Time) attempt { a.AbsentSince = when; return a }
	pending := func(attempts ...attempt) *guestLife {
		life := lifeOf(attempts...)
		life.guest.Status.UserID, life.guest.Status.State = "ada", b2b.GuestStatePending
		return life
	}
	reminded := at(resent("", outcomeSent), noon.Add(96*time.Hour))
	reminded.Cause = "Reminder"
	accepted, absent, readmitted, earlierLife := pending(at(first(""), mailed)), pending(), pending(at(first(""), mailed)), pending(at(first(""), mailed))
	accepted.guest.Status.State = b2b.GuestStateAccepted
	absent.guest.Status.UserID = ""
	readmitted.record.Lapses = []lapse{lapsedAt(noon, func(l *lapse) { l.BackAt = &back })}
	earlierLife.record.Life = 1
	cases := map[string]struct {
		life *guestLife
		days int32
		want time.Time
	}{
		"no limit":                      {pending(at(first(""), mailed)), 0, time.Time{}},
		"from the first mail":           {pending(at(first(""), mailed)), 2, mailed.Add(48 * time.Hour)},
		"from the latest resend":        {pending(at(first(""), noon), at(resent("2", ""), mailed)), 2, mailed.Add(48 * time.Hour)},
		"a refused resend is no mail":   {pending(at(first(""), mailed), at(resent("2", outcomeRefused), back)), 2, mailed.Add(48 * time.Hour)},
		"a reminder does not count":     {pending(at(first(""), mailed), reminded), 2, mailed.Add(48 * time.Hour)},
		"from the object, where later":  {pending(at(first(""), noon.Add(-testDay))), 2, noon.Add(48 * time.Hour)},
		"from the object, when adopted": {pending(), 2, noon.Add(48 * time.Hour)},
		"from when it was let in again": {readmitted, 2, back.Add(48 * time.Hour)},
		"a mail of another life":        {earlierLife, 2, noon.Add(48 * time.Hour)},
		"who has redeemed":              {accepted, 2, time.Time{}},
		"who is not there":              {absent, 2, time.Time{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			i := invitation("project-42", "ada", expiringAddress, redeemWithin(c.days))
			i.CreationTimestamp = metav1.NewTime(noon)
			NewWithT(t).Expect(c.life.redeemBy(i)).To(BeTemporally("==", c.want))
		})
	}
}

func TestAnObjectIsLookedAtOnTheNextOfItsDates(t *testing.T) {
	in := func(d time.Duration) time.Time { return noon.Add(d) }
	cases := map[string]struct {
		ends   *metav1.Time
		others []time.Time
		want   time.Duration
	}{
		"no date":                      {nil, nil, 0},
		"the warning comes first":      {apiTime(in(30 * testDay)), nil, 23 * testDay},
		"warned already":               {apiTime(in(3 * testDay)), nil, 3 * testDay},
		"past":                         {apiTime(in(-testDay)), nil, 0},
		"another date before":          {apiTime(in(30 * testDay)), []time.Time{in(testDay)}, testDay},
		"another date, without an end": {nil, []time.Time{in(testDay), {}}, testDay},
		"another date that is past":    {apiTime(in(3 * testDay)), []time.Time{in(-testDay)}, 3 * testDay},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(untilDates(noon, c.ends, c.others...)).To(Equal(c.want))
		})
	}
}

func TestAWarningComesOnceForEachDate(t *testing.T) {
	g, recorder, now := NewWithT(t), events.NewFakeRecorder(10), noon
	d := Dependencies{Now: func() time.Time { return now }, Events: NewEvents(recorder)}
	granted := lifecycle.IsReady(b2b.ReasonGranted, "m")
	m := membership("project-42", "ada", "ada", membershipEndsAt(noon.Add(8*testDay)))
	report := func(v lifecycle.Verdict) int {
		before := len(recorder.Events)
		d.reportExpiry(m, m.Spec.ExpirationTime, v)
		lifecycle.Apply(&m.Status.Conditions, v, m.Generation)
		return len(recorder.Events) - before
	}
	soon := func() said { return whatSays(m.Status.Conditions, b2b.ConditionExpiringSoon) }
	g.Expect(report(granted)).To(BeZero())
	g.Expect(soon()).To(Equal(said{}))
	now = noon.Add(testDay)
	g.Expect(report(granted)).To(Equal(1))
	g.Expect(soon().status).To(Equal(metav1.ConditionTrue))
	now = noon.Add(2 * testDay)
	g.Expect(report(lifecycle.LookAgain(0))).To(BeZero())
	g.Expect(report(granted)).To(BeZero())
	membershipEndsAt(noon.Add(8*testDay + time.Hour))(m)
	g.Expect(report(granted)).To(Equal(1), "of another date")
	membershipEndsAt(noon.Add(80 * testDay))(m)
	g.Expect(report(granted)).To(BeZero())
	g.Expect(soon()).To(Equal(said{}))

	membershipEndsAt(noon)(m)
	expired := hasExpired(m, *endingAt(m.Spec.ExpirationTime, now))
	g.Expect(report(expired)).To(Equal(1))
	g.Expect(report(hasExpired(m, *endingAt(m.Spec.ExpirationTime, now)))).To(BeZero())
	g.Expect(whatSays(m.Status.Conditions, b2b.ConditionExpired).status).To(Equal(metav1.ConditionTrue))
	m.Spec.ExpirationTime = nil
	g.Expect(report(lifecycle.LookAgain(0))).To(BeZero())
	g.Expect(whatSays(m.Status.Conditions, b2b.ConditionExpired).status).To(Equal(metav1.ConditionTrue), "nothing new can be said")
	g.Expect(report(granted)).To(BeZero())
	g.Expect(whatSays(m.Status.Conditions, b2b.ConditionExpired)).To(Equal(said{}))
}

func TestATokenThatLetsAClaimInAgainIsHeededByTheOneWhoDecides(t *testing.T) {
	g := NewWithT(t)
	claim := b2b.GuestClaim{Kind: b2b.ClaimKindGuestInvitation, Namespace: "project-42", Name: "ada", UID: "ada"}
	other := b2b.GuestClaim{Kind: b2b.ClaimKindGuestInvitation, Namespace: "project-43", Name: "ada", UID: "other"}
	i := invitation("project-42", "ada", expiringAddress, resend("2"))

	alone := &record{Lapses: []lapse{lapsedAt(noon)}, Author: &author{UID: "ada", ResendToken: "1"}}
	g.Expect(alone.readmit(claim, nil, "2", noon)).To(BeTrue())
	g.Expect(alone.lapse("project-42", "ada").keepsOut("2")).To(BeFalse())
	g.Expect(alone.takeToken(i)).To(Equal("1"), "the new one asks for a mail")
	g.Expect(alone.takeToken(i)).To(Equal("2"), "once")

	shared := &record{Lapses: []lapse{lapsedAt(noon)}, Author: &author{UID: "other"}}
	g.Expect(shared.readmit(claim, []b2b.GuestClaim{other}, "2", noon)).To(BeTrue())
	g.Expect(shared.takeToken(i)).To(Equal("2"), "a change of author never sends mail")

	g.Expect((&record{}).readmit(claim, nil, "2", noon)).To(BeFalse())
	g.Expect((&record{}).takeToken(i)).To(Equal("2"))
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	g, rec := NewWithT(t), &record{}
	for n := range maxLapses + 10 {
		rec.addLapse(lapse{Namespace: "project-42", Name: string(rune('a' + n)), ResendToken: "1"})
		rec.withhold(withheld{target: inGroup("group"), UserID: "ada", claimant: claimant{Name: string(rune('a' + n)), UID: types.UID(string(rune(0x4e00 + n)))}})
	}
	g.Expect(rec.Lapses).To(HaveLen(maxLapses))
	g.Expect(rec.Withheld).To(HaveLen(maxWithheld))
	last := rec.Lapses[maxLapses-1]
	last.ResendToken = "2"
	rec.addLapse(last)
	g.Expect(rec.Lapses).To(HaveLen(maxLapses), "one for each invitation")
	g.Expect(rec.lapse("project-42", last.Name).ResendToken).To(Equal("2"))
}

func TestAClaimIsLookedAtWhenItRunsOut(t *testing.T) {
	mailed := first("")
	mailed.AbsentSince = noon
	asked := func(change func(*guestLife, *claimer)) (*guestLife, claimer) {
		life := lifeOf(mailed)
		life.guest.Status.UserID, life.guest.Status.State = "ada", b2b.GuestStatePending
		life.tenant = tenant{EntraTenant: &b2b.EntraTenant{}, Connection: &Connection{}}
		i := invitation("project-42", "ada", expiringAddress, redeemWithin(2), resend("1"))
		by := claimer{uid: "author", invitation: i}
		change(life, &by)
		life.claimers = []claimer{by}
		return life, by
	}
	cases := map[string]struct {
		change  func(*guestLife, *claimer)
		now     time.Duration // after noon
		overdue bool
		due     time.Duration
	}{
		"pending, in time":            {func(*guestLife, *claimer) {}, testDay, false, testDay},
		"pending, too late":           {func(*guestLife, *claimer) {}, 3 * testDay, true, time.Millisecond},
		"too late, asked in vain":     {func(l *guestLife, _ *claimer) { l.asked = true }, 3 * testDay, true, lifecycle.Seldom},
		"accepted":                    {func(l *guestLife, _ *claimer) { l.guest.Status.State = b2b.GuestStateAccepted }, 3 * testDay, false, 0},
		"suspended":                   {func(_ *guestLife, by *claimer) { by.suspended = true }, 3 * testDay, false, 0},
		"the tenant is suspended":     {func(l *guestLife, _ *claimer) { l.tenant.Spec.Suspend = true }, 3 * testDay, false, 0},
		"the tenant is not connected": {func(l *guestLife, _ *claimer) { l.tenant.Connection = nil }, testDay, false, 0},
		"a resend waits for its time": {func(_ *guestLife, by *claimer) { by.invitation.Spec.ResendToken = "2" }, 3 * testDay, false, 0},
		"the date comes first": {func(_ *guestLife, by *claimer) { by.expirationTime = apiTime(noon.Add(testDay + time.Hour)) },
			testDay, false, time.Hour},
		"a policy allows it first":   {func(l *guestLife, _ *claimer) { l.allowedFrom = noon.Add(testDay + time.Hour) }, testDay, false, time.Hour},
		"a policy allowed it before": {func(l *guestLife, _ *claimer) { l.allowedFrom = noon }, testDay, false, testDay},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, now := NewWithT(t), noon.Add(c.now)
			life, by := asked(c.change)
			g.Expect(life.overdue(by, now)).To(Equal(c.overdue))
			g.Expect(life.due(now)).To(Equal(c.due))
		})
	}
}
