package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestTheNextMailFallsDueWhenTheEarliestOfItsCausesDoes(t *testing.T) {
	sent := []attempt{first(outcomeSent), resent("1", outcomeSent)}
	asking := func(i *b2b.GuestInvitation) { i.Spec.ResendToken = "2" }
	resting := reminded(1, outcomeNotCarriedOut)
	resting.Again = noon.Add(9 * 24 * time.Hour)
	cases := map[string]struct {
		life  *guestLife
		hours int // after noon; 0 for never
	}{
		"nothing to come":                  {decided(sent), 0},
		"a token that comes too soon":      {decided(sent, asking), 24},
		"a token that would reach nobody":  {decided(sent, asking, noMail), 0},
		"a reminder":                       {decided(sent, reminders(3, 1)), 72},
		"both":                             {decided(sent, asking, reminders(3, 1)), 24},
		"both, the reminder first":         {decided([]attempt{first(outcomeSent).days(-2), resent("1", outcomeSent)}, asking, reminders(1, 1)), 24},
		"after what was not carried out":   {decided(append(sent, resting), reminders(3, 1)), 9 * 24},
		"where nobody decides":             {func() *guestLife { l := decided(sent, asking); l.author = nil; return l }(), 0},
		"a token of somebody who does not": {func() *guestLife { l := decided(sent, asking); l.author.UID = "another"; return l }(), 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, want := NewWithT(t), time.Time{}
			if c.hours > 0 {
				want = noon.Add(time.Duration(c.hours) * time.Hour)
			}
			for _, now := range []time.Time{noon, noon.Add(30 * time.Minute)} { // it is a date, and no pause from now on
				due := kindAt(now).anotherDue(c.life, pendingUser())
				g.Expect(due).To(Equal(want))
				c.life.mailDue = due
				if c.hours > 0 {
					g.Expect(c.life.due(now)).To(Equal(want.Sub(now)), "the Guest looks again then")
				}
			}
			g.Expect(kindAt(noon).anotherDue(c.life, named(noon, directory.Accepted))).To(BeZero())
		})
	}
}

func TestTheNoteTellsOfALatestMailThatIsNotCertain(t *testing.T) {
	because := func(a attempt) attempt {
		a.Message = "no"
		return a
	}
	cases := map[string]struct {
		latest attempt
		want   string // "" for no note
	}{
		"the first one":                   {first(""), ""},
		"a reminder that was sent":        {reminded(1, outcomeSent), ""},
		"a lost reminder":                 {reminded(2, ""), "the answer to reminder 2 was lost"},
		"a lost resend":                   {resent("2", ""), "the answer to the mail that resendToken asked for was lost"},
		"a lost link":                     {silent(resent("2", "")), ""},
		"a refused reminder":              {because(reminded(1, outcomeRefused)), "refused reminder 1: no"},
		"a reminder that must be retried": {because(reminded(1, outcomeNotCarriedOut)), "reminder 1 could not be sent and is tried again: no"},
		"an earlier life's":               {reminded(1, "").of(3), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, note := NewWithT(t), decided([]attempt{first(outcomeSent), c.latest}).lastMailNote()
			if c.want == "" {
				g.Expect(note).To(BeEmpty())
				return
			}
			g.Expect(note).To(ContainSubstring(c.want))
		})
	}
}
