package policy

import (
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestMembershipIsGrantedByIDOrByName(t *testing.T) {
	cases := map[string]struct {
		policy b2b.GuestPolicy
		ask    b2b.GroupReference
		group  string // granted
		reason string // or not
	}{
		"an id by its id":                     {aPolicy("p", listing(byID(groupX))), byID(groupX), groupX, ""},
		"another id":                          {aPolicy("p", listing(byID(groupX))), byID(groupY), "", b2b.ReasonPolicyDenied},
		"an id by a name that is pinned":      {aPolicy("p", listing(byName("n")), found(b2b.ResolvedGroup{ID: groupX, DisplayName: "n"})), byID(groupX), groupX, ""},
		"a name that is pinned":               {aPolicy("p", listing(byName("n")), found(b2b.ResolvedGroup{ID: groupX, DisplayName: "n"})), byName("n"), groupX, ""},
		"a name that was not found":           {aPolicy("p", listing(byName("n"))), byName("n"), "", b2b.ReasonWaitingForGroup},
		"a name that nobody lists":            {aPolicy("p", listing(byName("n"))), byName("m"), "", b2b.ReasonPolicyDenied},
		"a name whose pin is not listed now":  {aPolicy("p", found(b2b.ResolvedGroup{ID: groupX, DisplayName: "n"})), byName("n"), "", b2b.ReasonPolicyDenied},
		"an id whose pin is not listed now":   {aPolicy("p", found(b2b.ResolvedGroup{ID: groupX, DisplayName: "n"})), byID(groupX), "", b2b.ReasonPolicyDenied},
		"the name of a group listed by id":    {aPolicy("p", listing(byID(groupX)), found(b2b.ResolvedGroup{ID: groupX, DisplayName: "n"})), byName("n"), groupX, ""},
		"a name that two groups by id have":   {aPolicy("p", listing(byID(groupX), byID(groupY)), found(b2b.ResolvedGroup{ID: groupX, DisplayName: "n"}, b2b.ResolvedGroup{ID: groupY, DisplayName: "n"})), byName("n"), "", b2b.ReasonWaitingForGroup},
		"a name listed, and had by an id too": {aPolicy("p", listing(byID(groupX), byName("n")), found(b2b.ResolvedGroup{ID: groupX, DisplayName: "n"}, b2b.ResolvedGroup{ID: groupY, DisplayName: "n"})), byName("n"), groupY, ""},
		"a name listed but not found, had by an id": {aPolicy("p", listing(byID(groupX), byName("n")), found(b2b.ResolvedGroup{ID: groupX, DisplayName: "n"})),
			byName("n"), "", b2b.ReasonWaitingForGroup},
		"an id before the names were looked up": {aPolicy("p", listing(byName("n")), notLookedAt), byID(groupX), "", b2b.ReasonWaitingForGroup},
		"a name before the ids were looked up":  {aPolicy("p", listing(byID(groupX)), notLookedAt), byName("n"), "", b2b.ReasonWaitingForGroup},
		"no groups at all, not looked at":       {aPolicy("p", notLookedAt), byName("n"), "", b2b.ReasonPolicyDenied},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			decision := grantsOf(c.policy).Membership(Membership{Group: c.ask, EmailAddress: "ada@partner.example"})
			g.Expect(decision.Allowed).To(Equal(c.group != ""), decision.Message)
			g.Expect(decision.GroupID).To(Equal(c.group))
			g.Expect(decision.Reason).To(Equal(c.reason))
			g.Expect(decision.Message == "").To(Equal(decision.Allowed))
		})
	}
}

func TestTheDomainOfAMemberIsAMatterOfThePolicyThatGrantsTheGroup(t *testing.T) {
	group := listing(byID(groupX))
	cases := map[string]struct {
		change    func(*b2b.GuestPolicy)
		byAddress bool
		want      bool
	}{
		"by invitation, no grant of invitations": {func(*b2b.GuestPolicy) {}, false, true},
		"by invitation, another domain allowed":  {inviting(b2b.InvitationGrant{AllowedDomains: []string{"other.example"}}), false, true},
		"by invitation, denied":                  {inviting(b2b.InvitationGrant{DeniedDomains: []string{"partner.example"}}), false, false},
		"by address, no grant of invitations":    {func(*b2b.GuestPolicy) {}, true, false},
		"by address, another domain allowed":     {inviting(b2b.InvitationGrant{AllowedDomains: []string{"other.example"}}), true, false},
		"by address, allowed":                    {inviting(b2b.InvitationGrant{AllowedDomains: []string{"*"}}), true, true},
		"by address, allowed and denied":         {inviting(b2b.InvitationGrant{AllowedDomains: []string{"*"}, DeniedDomains: []string{"partner.example"}}), true, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			decision := grantsOf(aPolicy("p", group, c.change)).Membership(Membership{
				Group: byID(groupX), EmailAddress: "Ada@Partner.example", ByAddress: c.byAddress,
			})
			g.Expect(decision.Allowed).To(Equal(c.want), decision.Message)
		})
	}
}

func TestTwoPoliciesDoNotAddUpToAGrant(t *testing.T) {
	g := NewWithT(t)
	group := aPolicy("group", listing(byID(groupX)))
	domain := aPolicy("domain", inviting(b2b.InvitationGrant{AllowedDomains: []string{"*"}}))
	decision := grantsOf(group, domain).Membership(Membership{Group: byID(groupX), EmailAddress: "ada@partner.example", ByAddress: true})
	g.Expect(decision.Reason).To(Equal(b2b.ReasonPolicyDenied))
	g.Expect(decision.Message).To(Equal(`GuestPolicy domain does not allow the group with id ` + groupX +
		`; GuestPolicy group does not allow the e-mail domain "partner.example"`))
}

func TestAGrantBeatsAPolicyThatIsStillLookingUp(t *testing.T) {
	g := NewWithT(t)
	decision := grantsOf(aPolicy("a", listing(byName("n")), notLookedAt), aPolicy("b", listing(byID(groupX)))).
		Membership(Membership{Group: byID(groupX)})
	g.Expect(decision.Allowed).To(BeTrue())
	g.Expect(decision.Policy).To(Equal("b"))
}
