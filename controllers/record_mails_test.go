package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// days gives the attempt its time, so many days after noon.
func (a attempt) days(n int) attempt {
	a.AbsentSince = noon.Add(time.Duration(n) * 24 * time.Hour)
	a.NotAfter = a.AbsentSince.Add(deadline)
	return a
}

// reminded is the reminder of a number.
func reminded(number int32, result outcome) attempt {
	a := first(result)
	a.Cause, a.Reminder = causeReminder, number
	return a
}

func silent(a attempt) attempt {
	a.Silent = true
	return a
}

func TestTheLatestMailIsOneOfThisLifeThatMayHaveBeenSent(t *testing.T) {
	cases := map[string]struct {
		attempts []attempt
		day      int // of the mail; -1 for none
	}{
		"none":                                   {nil, -1},
		"the first invitation":                   {[]attempt{first("").of(1).days(1)}, 1},
		"a first invitation without a mail":      {[]attempt{silent(first("").of(1).days(1))}, -1},
		"a first one that was not seen":          {[]attempt{first(outcomeNotSeen).of(1).days(1)}, -1},
		"another life's":                         {[]attempt{first("").days(1)}, -1},
		"a resend":                               {[]attempt{first("").of(1).days(1), resent("2", outcomeSent).of(1).days(3)}, 3},
		"a reminder whose answer was lost":       {[]attempt{first("").of(1).days(1), reminded(1, "").of(1).days(8)}, 8},
		"a reminder that was not carried out":    {[]attempt{first("").of(1).days(1), reminded(1, outcomeNotCarriedOut).of(1).days(8)}, 1},
		"a reminder that was refused":            {[]attempt{first("").of(1).days(1), reminded(1, outcomeRefused).of(1).days(8)}, 8},
		"a resend that was refused":              {[]attempt{first("").of(1).days(1), resent("2", outcomeRefused).of(1).days(3)}, 1},
		"a new link, which sends nothing":        {[]attempt{first("").of(1).days(1), silent(resent("2", outcomeSent).of(1).days(3))}, 1},
		"a mail before an invitation without it": {[]attempt{resent("2", "").of(1).days(2), silent(first("").of(1).days(4))}, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			want := time.Time{}
			if c.day >= 0 {
				want = noon.Add(time.Duration(c.day) * 24 * time.Hour)
			}
			NewWithT(t).Expect((&record{Life: 1, Attempts: c.attempts}).lastMail()).To(Equal(want))
		})
	}
}

func TestRemindersAreCountedInEachLifeWhateverIsForgotten(t *testing.T) {
	g, rec := NewWithT(t), &record{}
	announce := func(a attempt) {
		a.Reminder = max(a.Reminder, rec.reminders())
		rec.announce(a)
	}
	announce(first(""))
	g.Expect(rec.reminders()).To(BeZero())
	announce(reminded(1, ""))
	announce(reminded(2, outcomeNotCarriedOut))
	g.Expect(rec.reminders()).To(BeEquivalentTo(1), "its number is free again")
	announce(reminded(2, outcomeRefused))
	g.Expect(rec.reminders()).To(BeEquivalentTo(2), "Microsoft does not want to send it")
	for range 2 * maxAttempts {
		announce(resent("again", outcomeSent))
	}
	g.Expect(rec.Attempts).To(HaveLen(maxAttempts))
	g.Expect(rec.reminders()).To(BeEquivalentTo(2))
	rec.Life++
	g.Expect(rec.reminders()).To(BeZero())
}

func TestNewLinksAreForgottenBeforeWhatMadeSomebodyOrSentAMail(t *testing.T) {
	g, rec := NewWithT(t), &record{}
	rec.announce(first(""))
	for range 2 * maxAttempts {
		link := silent(first(outcomeSent))
		link.Cause = causeLink
		rec.announce(link)
	}
	g.Expect(rec.Attempts).To(HaveLen(maxAttempts))
	g.Expect(rec.mayHaveInvited("ours")).To(BeTrue(), "the attempt that made the user is known")
	g.Expect(rec.latest().Number).To(Equal(2*maxAttempts + 1))
}

func TestTheLatestInvitationIsOneThatMayHaveBeenMade(t *testing.T) {
	numbered := func(n int, a attempt) attempt {
		a.Number = n
		return a
	}
	cases := map[string]struct {
		attempts []attempt
		number   int
	}{
		"none":                       {nil, 0},
		"open":                       {[]attempt{numbered(1, first("")), numbered(2, resent("2", ""))}, 2},
		"before one not carried out": {[]attempt{numbered(1, first("")), numbered(2, resent("2", outcomeNotCarriedOut))}, 1},
		"before a refused one":       {[]attempt{numbered(1, first(outcomeSent)), numbered(2, resent("2", outcomeRefused))}, 1},
		"before one not seen":        {[]attempt{numbered(1, first("")), numbered(2, first(outcomeNotSeen))}, 1},
		"of another life":            {[]attempt{numbered(1, first("").of(3))}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, latest := NewWithT(t), (&record{Attempts: c.attempts}).latest()
			if c.number == 0 {
				g.Expect(latest).To(BeNil())
				return
			}
			g.Expect(latest.Number).To(Equal(c.number))
		})
	}
}

// decided is that of a pending guest whom an invitation decides about, noted down at noon.
func decided(attempts []attempt, changes ...func(*b2b.GuestInvitation)) *guestLife {
	object := invitation("team", "ada", "ada@partner.example", changes...)
	object.UID = "author"
	return &guestLife{guest: &b2b.Guest{}, author: object, record: &record{Author: &author{UID: "author"}, Attempts: attempts}}
}

// pendingUser is a guest who has not redeemed, as the directory knows them after a while.
func pendingUser() directory.User {
	return directory.User{ID: "ada", UserPrincipalName: "ada_partner.example#EXT#@contoso.example", UserType: directory.UserTypeGuest,
		ExternalUserState: directory.PendingAcceptance, AccountEnabled: true, CreatedDateTime: noon}
}

func reminders(afterDays, maxCount int32) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) {
		i.Spec.Reminders = &b2b.Reminders{AfterDays: afterDays, MaxCount: maxCount}
	}
}

func noMail(i *b2b.GuestInvitation) { i.Spec.Message.Send = new(false) }

func TestTheNextReminderIsDueSoManyDaysAfterTheLastMail(t *testing.T) {
	const never = -1
	weekly, mailed := reminders(7, 2), []attempt{first("")}
	cases := map[string]struct {
		life   *guestLife
		change func(*guestLife, *directory.User)
		day    int // on which it is due
	}{
		"after the first mail":               {decided(mailed, weekly), nil, 7},
		"after a resend":                     {decided([]attempt{first(""), resent("2", "").days(3)}, weekly), nil, 10},
		"after a reminder":                   {decided([]attempt{first(""), reminded(1, "").days(7)}, weekly), nil, 14},
		"no more than maxCount":              {decided([]attempt{first(""), reminded(2, "").days(14)}, weekly), nil, never},
		"one that was not carried out":       {decided([]attempt{first(""), reminded(2, outcomeNotCarriedOut).days(7)}, reminders(7, 1)), nil, 7},
		"none where the spec has none":       {decided(mailed), nil, never},
		"none where no mail is wanted":       {decided(mailed, weekly, noMail), nil, never},
		"none where none was sent":           {decided([]attempt{silent(first(""))}, weekly), nil, never},
		"none for whom somebody else mailed": {decided(nil, weekly), nil, never},
		"none without anybody who decides":   {decided(mailed, weekly), func(l *guestLife, _ *directory.User) { l.author = nil }, never},
		"none after acceptance":              {decided(mailed, weekly), func(_ *guestLife, u *directory.User) { u.ExternalUserState = directory.Accepted }, never},
		"none for an unknown state":          {decided(mailed, weekly), func(_ *guestLife, u *directory.User) { u.ExternalUserState = "" }, never},
		"none before the user shows":         {decided(mailed, weekly), func(_ *guestLife, u *directory.User) { u.UserPrincipalName = "" }, never},
		"a new author's count from when it took over": {decided(mailed, weekly), func(l *guestLife, _ *directory.User) {
			l.record.Author.Since = noon.Add(20 * 24 * time.Hour)
		}, 27},
		"a mail after a new author took over": {decided([]attempt{first(""), resent("2", "").days(25)}, weekly), func(l *guestLife, _ *directory.User) {
			l.record.Author.Since = noon.Add(20 * 24 * time.Hour)
		}, 32},
		"a new author goes on counting": {decided([]attempt{first(""), reminded(2, "").days(14)}, weekly), func(l *guestLife, _ *directory.User) {
			l.record.Author.Since = noon.Add(20 * 24 * time.Hour)
		}, never},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, user := NewWithT(t), pendingUser()
			if c.change != nil {
				c.change(c.life, &user)
			}
			k := &guestKind{Dependencies: Dependencies{Now: func() time.Time { return noon }}}
			wait, ok := k.untilReminder(c.life, user)
			g.Expect(ok).To(Equal(c.day != never))
			if ok {
				g.Expect(wait).To(Equal(time.Duration(c.day) * 24 * time.Hour))
			}
		})
	}
}
