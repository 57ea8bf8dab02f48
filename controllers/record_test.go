package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// noon is the directory's time of the lookup before an invitation whose deadline is half a minute later.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const deadline = 30 * time.Second

// first is a first invitation that the Guest "ours" announced at noon.
func first(result outcome) attempt {
	return attempt{GuestUID: "ours", Number: 1, Cause: causeFirst, AbsentSince: noon, NotAfter: noon.Add(deadline), Outcome: result}
}

func resent(token string, result outcome) attempt {
	a := first(result)
	a.Cause, a.ResendToken = causeResend, token
	return a
}

func (a attempt) of(life int) attempt {
	a.Life = life
	return a
}

func createdAt(t time.Time) directory.User { return directory.User{ID: "ada", CreatedDateTime: t} }

func TestAUserIsOursWhenCreatedBetweenTheLookupAndTheDeadlineOfAnOwnAttempt(t *testing.T) {
	restored, another := first(""), first("").of(3)
	restored.GuestUID = "the Guest of the backup"
	another.AbsentSince, another.NotAfter = noon.Add(time.Hour), noon.Add(time.Hour+deadline)
	cases := map[string]struct {
		attempts []attempt
		created  time.Time
		want     bool
	}{
		"in the second of the lookup":       {[]attempt{first("")}, noon, true},
		"in the second of the deadline":     {[]attempt{first("")}, noon.Add(deadline), true},
		"a second before the lookup":        {[]attempt{first("")}, noon.Add(-time.Second), false},
		"a second after the deadline":       {[]attempt{first("")}, noon.Add(deadline + time.Second), false},
		"at an unknown time":                {[]attempt{first("")}, time.Time{}, false},
		"an attempt that was confirmed":     {[]attempt{first(outcomeSent)}, noon, true},
		"an attempt that was not seen":      {[]attempt{first(outcomeNotSeen)}, noon, true},
		"an attempt that was refused":       {[]attempt{first(outcomeRefused)}, noon, false},
		"an attempt that was not made":      {[]attempt{first(outcomeNotCarriedOut)}, noon, false},
		"a resend, which makes no user":     {[]attempt{resent("2", "")}, noon, false},
		"an attempt of a restored copy":     {[]attempt{restored}, noon, false},
		"an earlier life's attempt":         {[]attempt{first(""), another}, noon.Add(time.Second), true},
		"the latest of several attempts":    {[]attempt{first(""), another}, noon.Add(time.Hour), true},
		"between the windows of two":        {[]attempt{first(""), another}, noon.Add(time.Minute), false},
		"a restored copy and an own of old": {[]attempt{restored, another}, noon, false},
		"no attempt at all":                 {nil, noon, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, rec := NewWithT(t), &record{Attempts: c.attempts}
			g.Expect(rec.created(createdAt(c.created), "ours")).To(Equal(c.want))
			g.Expect(rec.creator(createdAt(c.created), "ours") != nil).To(Equal(c.want))
		})
	}
}

func TestTheAttemptThatMadeTheUserIsTold(t *testing.T) {
	g := NewWithT(t)
	earlier, later := first(outcomeNotSeen), first("").of(1)
	earlier.UserType, later.UserType = b2b.UserTypeMember, b2b.UserTypeGuest
	later.AbsentSince, later.NotAfter = noon.Add(time.Hour), noon.Add(time.Hour+deadline)
	rec := &record{Life: 1, Attempts: []attempt{earlier, later}}
	g.Expect(rec.creator(createdAt(noon), "ours").UserType).To(Equal(b2b.UserTypeMember))
	g.Expect(rec.creator(createdAt(noon.Add(time.Hour)), "ours").UserType).To(Equal(b2b.UserTypeGuest))
	g.Expect(rec.creator(createdAt(noon), "a copy with another uid")).To(BeNil())
}

func TestAnAttemptThatMayHaveBeenCarriedOutMayHaveInvited(t *testing.T) {
	for result, want := range map[outcome]bool{
		"": true, outcomeSent: true, outcomeNotSeen: true, outcomeRefused: false, outcomeNotCarriedOut: false,
	} {
		g, rec := NewWithT(t), &record{Attempts: []attempt{first(result)}}
		g.Expect(rec.mayHaveInvited("ours")).To(Equal(want), string(result))
		g.Expect(rec.mayHaveInvited("a copy with another uid")).To(BeFalse())
		rec.Attempts[0].Cause = causeResend
		g.Expect(rec.mayHaveInvited("ours")).To(BeFalse())
	}
}

func TestAnnouncementsAreNumberedAndTakeTheirLife(t *testing.T) {
	g, rec := NewWithT(t), &record{}
	rec.announce(attempt{Cause: causeFirst})
	rec.last().Outcome = outcomeNotCarriedOut
	rec.announce(attempt{Cause: causeFirst})
	g.Expect(rec.Attempts).To(HaveLen(1), "what was not carried out says nothing more")
	g.Expect(rec.last().Number).To(Equal(2), "a number is never used twice")
	rec.Life = 1
	rec.announce(attempt{Cause: causeFirst})
	g.Expect(rec.last()).To(HaveValue(And(HaveField("Number", 3), HaveField("Life", 1))))
	g.Expect(rec.Attempts).To(HaveLen(2))
}

func TestAnnouncingTakesAwayOnlyWhatDidNothingInThisLife(t *testing.T) {
	g := NewWithT(t)
	rec := &record{Life: 1, Attempts: []attempt{
		first(outcomeRefused), first(outcomeNotCarriedOut), first(outcomeSent),
		first(outcomeRefused).of(1), first(outcomeNotCarriedOut).of(1), first(outcomeSent).of(1), resent("2", outcomeSent).of(1),
	}}
	rec.announce(attempt{Cause: causeResend, ResendToken: "3"})
	left := []attempt{first(outcomeRefused), first(outcomeNotCarriedOut), first(outcomeSent),
		first(outcomeSent).of(1), resent("2", outcomeSent).of(1), {Cause: causeResend, ResendToken: "3", Life: 1, Number: 2}}
	g.Expect(rec.Attempts).To(Equal(left))
}

func TestARecordIsBoundedHoweverOftenALifeIsCutShort(t *testing.T) {
	g, rec := NewWithT(t), &record{}
	for range 3 * maxAttempts {
		rec.announce(attempt{Cause: causeFirst})
	}
	g.Expect(rec.Attempts).To(HaveLen(maxAttempts))
	g.Expect(rec.last().Number).To(Equal(3*maxAttempts), "the latest are kept")
}

func TestInvitingAgainSettlesThatTheAttemptBeforeWasNotSeen(t *testing.T) {
	g := NewWithT(t)
	rec := &record{Life: 1, Attempts: []attempt{first(""), first("").of(1), resent("2", "").of(1), first(outcomeSent).of(1)}}
	rec.announce(attempt{Cause: causeFirst})
	outcomes := []outcome{}
	for _, a := range rec.Attempts {
		outcomes = append(outcomes, a.Outcome)
	}
	g.Expect(outcomes).To(Equal([]outcome{"", outcomeNotSeen, "", outcomeSent, ""}),
		"neither another life's, nor a resend, nor what is confirmed")

	rec = &record{Attempts: []attempt{first("")}}
	rec.announce(attempt{Cause: causeResend, ResendToken: "2"})
	g.Expect(rec.Attempts[0].Outcome).To(BeEmpty(), "a resend goes to a guest who is there")
}

func TestOnlyAFirstInvitationOfThisLifeThatMayHaveGoneOutIsInDoubt(t *testing.T) {
	restored := first("")
	restored.GuestUID = "the Guest of the backup"
	cases := map[string]struct {
		attempts []attempt
		doubtful bool
	}{
		"never announced":         {nil, false},
		"the answer was lost":     {[]attempt{first("").of(1)}, true},
		"confirmed, and not seen": {[]attempt{first(outcomeSent).of(1)}, true},
		"looked for and not seen": {[]attempt{first(outcomeNotSeen).of(1)}, false},
		"refused":                 {[]attempt{first(outcomeRefused).of(1)}, false},
		"not carried out":         {[]attempt{first(outcomeNotCarriedOut).of(1)}, false},
		"another life's":          {[]attempt{first("")}, false},
		"a resend":                {[]attempt{resent("2", "").of(1)}, false},
		"a restored copy's, which keeps from mailing twice": {[]attempt{restored.of(1)}, true},
		"lost, with a resend after it":                      {[]attempt{first("").of(1), resent("2", "").of(1)}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rec := &record{Life: 1, Attempts: c.attempts}
			NewWithT(t).Expect(rec.inDoubt() != nil).To(Equal(c.doubtful))
		})
	}
}

func TestTheLatestAttemptIsThatOfThisLife(t *testing.T) {
	g := NewWithT(t)
	g.Expect((&record{}).last()).To(BeNil())
	rec := &record{Life: 1, Attempts: []attempt{first("")}}
	g.Expect(rec.last()).To(BeNil())
	rec.Attempts = append(rec.Attempts, first(outcomeSent).of(1))
	rec.last().Outcome = outcomeNotSeen
	g.Expect(rec.Attempts[1].Outcome).To(Equal(outcomeNotSeen), "it is the attempt itself and no copy")
}

func TestInvitationsThatWentOutOrMayHaveAreCountedThroughAllLives(t *testing.T) {
	rec := &record{Life: 1, Attempts: []attempt{
		first(outcomeSent), first(outcomeNotSeen), first(outcomeRefused), first(outcomeNotCarriedOut), first("").of(1), resent("2", "").of(1),
	}}
	NewWithT(t).Expect(rec.sent()).To(BeEquivalentTo(3))
}

func TestTheRecordSurvivesItsAnnotation(t *testing.T) {
	g := NewWithT(t)
	guest := &b2b.Guest{ObjectMeta: metav1.ObjectMeta{Name: "default.ada"}}
	empty, err := readRecord(guest)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(empty).To(Equal(&record{}))

	at := noon.Add(time.Hour)
	rec := &record{
		Life: 1, Author: &author{UID: "author", ResendToken: "2", Declined: "1"}, DeletionPolicy: b2b.DeletionPolicyRetain,
		Attempts: []attempt{first(outcomeSent), resent("2", "").of(1)},
		Release:  &release{StartedAt: noon, Policy: b2b.DeletionPolicyDelete, UserID: "ada", Did: deedDeleted, At: &at, Why: "nobody asks"},
		Past:     []release{{StartedAt: noon, Did: deedNothing}}, Excused: []string{"grace"},
		Pairs: []pair{{target: inGroup("readers"), UserID: "ada", GuestUID: "ours", AnnouncedAt: noon, Found: true,
			Claimants: []claimant{{Namespace: "team", Name: "ada", UID: "m", RegrantToken: "1"}}}},
	}
	g.Expect(writeRecord(guest, rec)).To(Succeed())
	g.Expect(readRecord(guest)).To(Equal(rec))
}

func TestARecordThatCannotBeReadIsNotTakenForNone(t *testing.T) {
	guest := &b2b.Guest{ObjectMeta: metav1.ObjectMeta{Name: "default.ada", Annotations: map[string]string{b2b.RecordAnnotation: "{"}}}
	_, err := readRecord(guest)
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("default.ada")))
}
