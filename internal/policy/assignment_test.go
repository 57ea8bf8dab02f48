package policy

import (
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

const (
	handbookID = "00000000-0000-0000-0000-00000000000c"
	shopID     = "00000000-0000-0000-0000-00000000000d"
)

var (
	handbook     = b2b.ApplicationReference{DisplayName: "Handbook"}
	handbookByID = b2b.ApplicationReference{AppID: handbookID}
	// theHandbook is the handbook as it was found in the tenant.
	theHandbook = b2b.ResolvedApplication{AppID: handbookID, ServicePrincipalID: "sp-handbook", DisplayName: "Handbook"}
)

// granting lists an application with roles.
func granting(application b2b.ApplicationReference, roles ...string) func(*b2b.GuestPolicy) {
	return func(policy *b2b.GuestPolicy) {
		policy.Spec.Applications = append(policy.Spec.Applications, b2b.ApplicationGrant{ApplicationReference: application, Roles: roles})
	}
}

func foundApplications(applications ...b2b.ResolvedApplication) func(*b2b.GuestPolicy) {
	return func(policy *b2b.GuestPolicy) { policy.Status.Applications = applications }
}

func TestAnAppRoleIsGrantedByTheApplicationsAppIDOrName(t *testing.T) {
	foundHandbook := foundApplications(theHandbook)
	cases := map[string]struct {
		policy  b2b.GuestPolicy
		ask     b2b.ApplicationReference
		granted bool
		reason  string
	}{
		"a name that is pinned":              {aPolicy("p", granting(handbook, "Reader"), foundHandbook), handbook, true, ""},
		"the appID behind a name":            {aPolicy("p", granting(handbook, "Reader"), foundHandbook), handbookByID, true, ""},
		"an appID":                           {aPolicy("p", granting(handbookByID, "Reader"), foundHandbook), handbookByID, true, ""},
		"the name behind an appID":           {aPolicy("p", granting(handbookByID, "Reader"), foundHandbook), handbook, true, ""},
		"another appID":                      {aPolicy("p", granting(handbookByID, "Reader"), foundHandbook), b2b.ApplicationReference{AppID: shopID}, false, b2b.ReasonPolicyDenied},
		"another name":                       {aPolicy("p", granting(handbook, "Reader"), foundHandbook), b2b.ApplicationReference{DisplayName: "Shop"}, false, b2b.ReasonPolicyDenied},
		"a name that was not found":          {aPolicy("p", granting(handbook, "Reader")), handbook, false, b2b.ReasonWaitingForApplication},
		"an appID that was not found":        {aPolicy("p", granting(handbookByID, "Reader")), handbookByID, false, b2b.ReasonWaitingForApplication},
		"before the names were looked up":    {aPolicy("p", granting(handbook, "Reader"), notLookedAt), handbookByID, false, b2b.ReasonWaitingForApplication},
		"a pin that is not listed any more":  {aPolicy("p", foundHandbook), handbook, false, b2b.ReasonPolicyDenied},
		"no applications, and not looked at": {aPolicy("p", notLookedAt), handbook, false, b2b.ReasonPolicyDenied},
		"a name that two listed by appID have": {aPolicy("p", granting(handbookByID, "Reader"), granting(b2b.ApplicationReference{AppID: shopID}, "Reader"),
			foundApplications(theHandbook, b2b.ResolvedApplication{AppID: shopID, ServicePrincipalID: "sp-shop", DisplayName: "Handbook"})),
			handbook, false, b2b.ReasonWaitingForApplication},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			decision := grantsOf(c.policy).Assignment(Assignment{Application: c.ask, Role: "Reader", EmailAddress: "ada@partner.example"})
			g.Expect(decision.Allowed).To(Equal(c.granted), decision.Message)
			g.Expect(decision.Reason).To(Equal(c.reason), decision.Message)
			if c.granted {
				g.Expect(decision.Application).To(Equal(theHandbook))
			}
		})
	}
}

func TestOnlyTheRolesThatAreListedAreGranted(t *testing.T) {
	cases := map[string]struct {
		policy b2b.GuestPolicy
		role   string
		denies string // where it does
	}{
		"a listed role":                           {aPolicy("p", granting(handbook, "Reader", "Editor")), "Editor", ""},
		"another role":                            {aPolicy("p", granting(handbook, "Reader")), "Admin", `role "Admin" of application "Handbook"`},
		"the same role in capitals":               {aPolicy("p", granting(handbook, "Reader")), "READER", `role "READER" of application "Handbook"`},
		"default access beside roles":             {aPolicy("p", granting(handbook, "Reader")), "", `default access to application "Handbook", without a role`},
		"default access, no roles listed":         {aPolicy("p", granting(handbook)), "", ""},
		"a role, no roles listed":                 {aPolicy("p", granting(handbook)), "Reader", `role "Reader" of application "Handbook"`},
		"a role listed by a second entry":         {aPolicy("p", granting(handbook, "Reader"), granting(handbook, "Editor")), "Editor", ""},
		"default access by a second entry":        {aPolicy("p", granting(handbook, "Reader"), granting(handbook)), "", ""},
		"a role that another application has too": {aPolicy("p", granting(handbook, "Reader"), granting(b2b.ApplicationReference{AppID: shopID}, "Admin")), "Admin", `role "Admin" of application "Handbook"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			c.policy.Status.Applications = []b2b.ResolvedApplication{theHandbook,
				{AppID: shopID, ServicePrincipalID: "sp-shop", DisplayName: "Shop"}}
			decision := grantsOf(c.policy).Assignment(Assignment{Application: handbook, Role: c.role})
			g.Expect(decision.Allowed).To(Equal(c.denies == ""), decision.Message)
			if c.denies != "" {
				g.Expect(decision.Reason).To(Equal(b2b.ReasonPolicyDenied))
				g.Expect(decision.Message).To(Equal("GuestPolicy p does not allow " + c.denies))
			}
		})
	}
}

func TestAGuestNamedByAddressNeedsTheDomainFromThePolicyThatGrantsTheApplication(t *testing.T) {
	g := NewWithT(t)
	ask := Assignment{Application: handbook, Role: "Reader", EmailAddress: "Ada@Partner.example", ByAddress: true}
	application := []func(*b2b.GuestPolicy){granting(handbook, "Reader"), foundApplications(theHandbook)}
	with := func(grant b2b.InvitationGrant) Decision {
		return grantsOf(aPolicy("p", append(application, inviting(grant))...)).Assignment(ask)
	}
	g.Expect(grantsOf(aPolicy("p", application...)).Assignment(ask).Reason).To(Equal(b2b.ReasonPolicyDenied))
	g.Expect(with(b2b.InvitationGrant{AllowedDomains: []string{"other.example"}}).Allowed).To(BeFalse())
	g.Expect(with(b2b.InvitationGrant{AllowedDomains: []string{"partner.example"}}).Allowed).To(BeTrue())
	ask.ByAddress = false // a policy has allowed the invitation already
	g.Expect(grantsOf(aPolicy("p", application...)).Assignment(ask).Allowed).To(BeTrue())
	g.Expect(with(b2b.InvitationGrant{DeniedDomains: []string{"partner.example"}}).Allowed).To(BeFalse())
}
