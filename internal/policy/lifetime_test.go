package policy

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

var today = time.Date(2026, 7, 14, 15, 30, 0, 0, time.UTC)

func days(n int32) b2b.InvitationGrant {
	return b2b.InvitationGrant{AllowedDomains: []string{"*"}, MaxLifetimeDays: &n}
}

func until(ends time.Time) Invitation {
	return Invitation{EmailAddress: "ada@partner.example", Lifetime: Lifetime{Ends: ends, Now: today}}
}

func TestTheEndOfARequestMayLieAsFarAheadAsOnePolicyAllows(t *testing.T) {
	unlimited, elsewhere := b2b.InvitationGrant{AllowedDomains: []string{"*"}}, days(10)
	elsewhere.AllowedDomains = []string{"other.example"}
	in := func(n int) time.Time { return today.AddDate(0, 0, n) }
	cases := map[string]struct {
		grants []b2b.InvitationGrant
		ends   time.Time
		denied string // "" where it is allowed
		from   time.Time
	}{
		"no limit, no end":                    {[]b2b.InvitationGrant{unlimited}, time.Time{}, "", time.Time{}},
		"no limit, a late end":                {[]b2b.InvitationGrant{unlimited}, in(9999), "", time.Time{}},
		"an end before the latest":            {[]b2b.InvitationGrant{days(30)}, in(29), "", time.Time{}},
		"an end at the latest":                {[]b2b.InvitationGrant{days(30)}, in(30), "", time.Time{}},
		"an end a second later":               {[]b2b.InvitationGrant{days(30)}, in(30).Add(time.Second), "an end as late as 2026-08-13T15:30:01Z: set spec.expirationTime to 2026-08-13 at the latest (maxLifetimeDays 30)", today.Add(time.Second)},
		"the date that the message names":     {[]b2b.InvitationGrant{days(30)}, time.Date(2026, 8, 13, 0, 0, 0, 0, time.UTC), "", time.Time{}},
		"no end":                              {[]b2b.InvitationGrant{days(30)}, time.Time{}, "a request without an end: set spec.expirationTime, to 2026-08-13 at the latest", time.Time{}},
		"an end that is past":                 {[]b2b.InvitationGrant{days(30)}, in(-1), "", time.Time{}},
		"0 days allow nothing":                {[]b2b.InvitationGrant{days(0)}, today.Add(time.Second), "anything: its maxLifetimeDays is 0", time.Time{}},
		"too far for one, not for another":    {[]b2b.InvitationGrant{days(30), days(90)}, in(60), "", time.Time{}},
		"too far for both":                    {[]b2b.InvitationGrant{days(30), days(90)}, in(100), "GuestPolicy p0 does not allow an end", in(10)},
		"the other allows another domain":     {[]b2b.InvitationGrant{days(30), elsewhere}, in(60), "GuestPolicy p1 does not allow the e-mail domain", in(30)},
		"the only one allows another domain":  {[]b2b.InvitationGrant{elsewhere}, in(60), `the e-mail domain "partner.example", nor an end as late as`, time.Time{}},
		"too far for one, unlimited by other": {[]b2b.InvitationGrant{days(30), unlimited}, in(60), "", time.Time{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var policies []b2b.GuestPolicy
			for i, grant := range c.grants {
				policies = append(policies, aPolicy("p"+string(rune('0'+i)), inviting(grant)))
			}
			decision := grantsOf(policies...).Invitation(until(c.ends))
			g.Expect(decision.Allowed).To(Equal(c.denied == ""), decision.Message)
			g.Expect(decision.Message).To(ContainSubstring(c.denied))
			g.Expect(decision.From).To(BeTemporally("==", c.from))
		})
	}
}

func TestWhatWasAllowedStaysSoAndWhatIsTooFarAheadComesNear(t *testing.T) {
	g := NewWithT(t)
	grants, ends := grantsOf(aPolicy("p", inviting(days(30)))), today.AddDate(0, 0, 40)
	allowed := func(now time.Time) Decision {
		return grants.Invitation(Invitation{EmailAddress: "ada@partner.example", Lifetime: Lifetime{Ends: ends, Now: now}})
	}
	denied := allowed(today)
	g.Expect(denied.Allowed).To(BeFalse())
	g.Expect(allowed(denied.From.Add(-time.Second)).Allowed).To(BeFalse())
	for _, later := range []time.Duration{0, time.Second, 10 * day, 30 * day} {
		g.Expect(allowed(denied.From.Add(later)).Allowed).To(BeTrue(), "it changes once: %s later", later)
	}
	g.Expect(allowed(today.Add(time.Hour)).Message).To(Equal(denied.Message), "of one day, the message is always the same")
}

func TestTheEndOfAMembershipIsAMatterOfThePolicyThatGrantsTheGroup(t *testing.T) {
	g := NewWithT(t)
	ask := func(ends time.Time) Membership {
		return Membership{Group: byID(groupX), EmailAddress: "ada@partner.example", Lifetime: Lifetime{Ends: ends, Now: today}}
	}
	limited, group := inviting(days(30)), listing(byID(groupX))
	g.Expect(grantsOf(aPolicy("p", group)).Membership(ask(time.Time{})).Allowed).To(BeTrue(), "a policy about groups only has no limit")
	g.Expect(grantsOf(aPolicy("p", group, limited)).Membership(ask(today.AddDate(0, 0, 30))).Allowed).To(BeTrue())
	late := grantsOf(aPolicy("p", group, limited)).Membership(ask(today.AddDate(0, 0, 31)))
	g.Expect(late.Message).To(ContainSubstring("2026-08-13 at the latest"))
	g.Expect(late.From).To(BeTemporally("==", today.AddDate(0, 0, 1)))
	g.Expect(grantsOf(aPolicy("p", group, limited)).Membership(ask(time.Time{})).Allowed).To(BeFalse())
}
