package policy

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

const (
	tenantURL = "https://myapps.microsoft.com"
	wiki      = "https://wiki.contoso.example/start?x=1"
)

func TestInvitationIsAllowedByOnePolicyThatAllowsAllOfIt(t *testing.T) {
	partner := b2b.InvitationGrant{AllowedDomains: []string{"partner.example"}}
	with := func(change func(*b2b.InvitationGrant)) b2b.InvitationGrant {
		grant := partner
		change(&grant)
		return grant
	}
	cases := map[string]struct {
		grants  []b2b.InvitationGrant
		request Invitation
		denied  string // "" where it is allowed
	}{
		"the domain is allowed":              {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@partner.example"}, ""},
		"capitals mean nothing":              {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "Ada@PARTNER.example"}, ""},
		"another domain":                     {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@other.example"}, `GuestPolicy p0 does not allow the e-mail domain "other.example"`},
		"a subdomain is another domain":      {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@x.partner.example"}, `"x.partner.example"`},
		"a grant without domains":            {[]b2b.InvitationGrant{{}}, Invitation{EmailAddress: "ada@partner.example"}, `"partner.example"`},
		"a denied domain":                    {[]b2b.InvitationGrant{{AllowedDomains: []string{"*"}, DeniedDomains: []string{"partner.example"}}}, Invitation{EmailAddress: "ada@partner.example"}, `"partner.example"`},
		"denied by one, allowed by another":  {[]b2b.InvitationGrant{{AllowedDomains: []string{"*"}, DeniedDomains: []string{"*"}}, partner}, Invitation{EmailAddress: "ada@partner.example"}, ""},
		"the tenant's own redirect":          {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@partner.example", RedirectURL: tenantURL}, ""},
		"another path on the tenant's host":  {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@partner.example", RedirectURL: tenantURL + "/x"}, `the redirect host "myapps.microsoft.com"`},
		"a redirect host that is not listed": {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@partner.example", RedirectURL: wiki}, `the redirect host "wiki.contoso.example"`},
		"a redirect host that is listed": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowedRedirectHosts = []string{"wiki.contoso.example"} })},
			Invitation{EmailAddress: "ada@partner.example", RedirectURL: "https://WIKI.contoso.example"}, ""},
		"a listed host in the place of a user name": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowedRedirectHosts = []string{"wiki.contoso.example"} })},
			Invitation{EmailAddress: "ada@partner.example", RedirectURL: "https://wiki.contoso.example@evil.example/"}, "not https and a host name"},
		"a backslash, which browsers read as a slash": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowedRedirectHosts = []string{"wiki.contoso.example"} })},
			Invitation{EmailAddress: "ada@partner.example", RedirectURL: `https://evil.example\@wiki.contoso.example/`}, "not https and a host name"},
		"plain http": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowedRedirectHosts = []string{"wiki.contoso.example"} })},
			Invitation{EmailAddress: "ada@partner.example", RedirectURL: "http://wiki.contoso.example"}, "not https and a host name"},
		"userType Member":         {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@partner.example", UserType: b2b.UserTypeMember}, "userType Member"},
		"userType Member allowed": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowMemberUserType = true })}, Invitation{EmailAddress: "ada@partner.example", UserType: b2b.UserTypeMember}, ""},
		"half by one and half by another": {[]b2b.InvitationGrant{partner, {AllowedDomains: []string{"other.example"}, AllowMemberUserType: true}},
			Invitation{EmailAddress: "ada@partner.example", UserType: b2b.UserTypeMember},
			`GuestPolicy p0 does not allow userType Member; GuestPolicy p1 does not allow the e-mail domain "partner.example"`},
		"no sponsor where one is required": {[]b2b.InvitationGrant{with(requireSponsor)}, Invitation{EmailAddress: "ada@partner.example"},
			"GuestPolicy p0 does not allow an invitation without a sponsor (requireSponsor)"},
		"a sponsor where one is required":                   {[]b2b.InvitationGrant{with(requireSponsor)}, Invitation{EmailAddress: "ada@partner.example", Sponsored: true}, ""},
		"no sponsor where one of two policies requires one": {[]b2b.InvitationGrant{with(requireSponsor), partner}, Invitation{EmailAddress: "ada@partner.example"}, ""},
		"a property of the profile that is not listed": {[]b2b.InvitationGrant{partner},
			Invitation{EmailAddress: "ada@partner.example", ProfileFields: []b2b.ProfileField{"jobTitle"}},
			"GuestPolicy p0 does not allow setting profile.jobTitle (allowedProfileFields)"},
		"every property that is not listed is named": {[]b2b.InvitationGrant{with(allowFields("department"))},
			Invitation{EmailAddress: "ada@partner.example", ProfileFields: []b2b.ProfileField{"companyName", "department", "jobTitle"}},
			"GuestPolicy p0 does not allow setting profile.companyName (allowedProfileFields), nor setting profile.jobTitle (allowedProfileFields)"},
		"properties of the profile that are listed": {[]b2b.InvitationGrant{with(allowFields("department", "companyName"))},
			Invitation{EmailAddress: "ada@partner.example", ProfileFields: []b2b.ProfileField{"companyName", "department"}}, ""},
		"half of the profile by one and half by another": {[]b2b.InvitationGrant{with(allowFields("department")), with(allowFields("jobTitle"))},
			Invitation{EmailAddress: "ada@partner.example", ProfileFields: []b2b.ProfileField{"department", "jobTitle"}},
			"GuestPolicy p0 does not allow setting profile.jobTitle (allowedProfileFields); GuestPolicy p1 does not allow setting profile.department"},
		"writing to somebody who was there before": {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@partner.example", AdoptedWrites: true},
			"GuestPolicy p0 does not allow writing to a guest who was in the tenant before (allowAdoptedWrites)"},
		"writing to somebody who was there before, allowed": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowAdoptedWrites = true })},
			Invitation{EmailAddress: "ada@partner.example", AdoptedWrites: true}, ""},
		"a body":         {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@partner.example", MessageBody: true}, "GuestPolicy p0 does not allow a message.body (allowMessageBody)"},
		"a body allowed": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowMessageBody = true })}, Invitation{EmailAddress: "ada@partner.example", MessageBody: true}, ""},
		"a copy where none is allowed": {[]b2b.InvitationGrant{partner}, Invitation{EmailAddress: "ada@partner.example", CcRecipients: []string{"owner@partner.example"}},
			`GuestPolicy p0 does not allow a copy of the mail to the domain "partner.example" (allowedCcDomains)`},
		"a copy to an allowed domain": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowedCcDomains = []string{"*.contoso.example"} })},
			Invitation{EmailAddress: "ada@partner.example", CcRecipients: []string{"Owner+x@EU.contoso.example"}}, ""},
		"a copy to another domain": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) { g.AllowedCcDomains = []string{"*.contoso.example"} })},
			Invitation{EmailAddress: "ada@partner.example", CcRecipients: []string{"owner@contoso.example"}}, `"contoso.example" (allowedCcDomains)`},
		"a denied domain may get a copy, for that is another list": {[]b2b.InvitationGrant{with(func(g *b2b.InvitationGrant) {
			g.DeniedDomains, g.AllowedCcDomains = []string{"contoso.example"}, []string{"contoso.example"}
		})}, Invitation{EmailAddress: "ada@partner.example", CcRecipients: []string{"owner@contoso.example"}}, ""},
		"an address without a domain": {[]b2b.InvitationGrant{{AllowedDomains: []string{"*"}}}, Invitation{EmailAddress: "ada"}, "domain"},
		"an address with two at signs": {[]b2b.InvitationGrant{{AllowedDomains: []string{"*"}}},
			Invitation{EmailAddress: "ada@evil.example@partner.example"}, "domain"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var policies []b2b.GuestPolicy
			for i, grant := range c.grants {
				policies = append(policies, aPolicy("p"+string(rune('0'+i)), inviting(grant)))
			}
			c.request.TenantRedirectURL = tenantURL
			decision := grantsOf(policies...).Invitation(c.request)
			g.Expect(decision.Allowed).To(Equal(c.denied == ""), decision.Message)
			if c.denied == "" {
				g.Expect(decision.Policy).NotTo(BeEmpty())
				return
			}
			g.Expect(decision.Reason).To(Equal(b2b.ReasonPolicyDenied))
			g.Expect(decision.Message).To(ContainSubstring(c.denied))
		})
	}
}

func requireSponsor(g *b2b.InvitationGrant) { g.RequireSponsor = true }

func allowFields(fields ...b2b.ProfileField) func(*b2b.InvitationGrant) {
	return func(g *b2b.InvitationGrant) { g.AllowedProfileFields = fields }
}

func TestAPolicyWithoutInvitationsAllowsNone(t *testing.T) {
	g := NewWithT(t)
	g.Expect(grantsOf(aPolicy("groups-only")).Invitation(Invitation{EmailAddress: "ada@partner.example"}).Message).
		To(Equal("GuestPolicy groups-only does not allow any invitation"))
}

func TestTheMessageDoesNotDependOnTheOrderOfThePolicies(t *testing.T) {
	g := NewWithT(t)
	var policies []b2b.GuestPolicy
	for _, name := range []string{"g", "a", "f", "b", "e", "c", "d"} {
		policies = append(policies, aPolicy(name, inviting(b2b.InvitationGrant{})))
	}
	request := Invitation{EmailAddress: "ada@partner.example"}
	message := grantsOf(policies...).Invitation(request).Message
	g.Expect(message).To(Equal(`GuestPolicies a, b, c, d, e and 2 more do not allow the e-mail domain "partner.example"`))
	slices.Reverse(policies)
	g.Expect(grantsOf(policies...).Invitation(request).Message).To(Equal(message))
}
