package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestNothingIsDoneForANamespaceThatNoPolicySelects(t *testing.T) {
	o := startScenario(t)
	o.expectReady(o.createTenant(), b2b.ReasonConnected)
	ours := o.givenInvitation(o.team, "ada", "ada@partner.example")
	theirs := o.givenInvitation(o.otherTeam, "ben", "ben@partner.example")
	member := o.givenMembership(o.team, "ada", "ada")
	o.expectWaiting(ours, b2b.ReasonWaitingForPolicy)
	o.expectWaiting(theirs, b2b.ReasonWaitingForPolicy)
	o.expectWaiting(member, b2b.ReasonWaitingForPolicy)

	policy := o.givenPolicy(func(p *b2b.GuestPolicy) {
		p.Spec.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "project-42"}}
	})
	o.expectReady(policy, b2b.ReasonValid)
	o.expectReady(ours, b2b.ReasonInvited)
	o.expectReady(member, b2b.ReasonGranted)
	o.expectWaiting(theirs, b2b.ReasonWaitingForPolicy)
	o.expectMails("ben@partner.example", 0)
	o.expectNoUser("ben@partner.example")
}

func TestWhatNoPolicyAllowsIsDeniedUntilOneDoes(t *testing.T) {
	o := startScenario(t)
	o.expectReady(o.createTenant(), b2b.ReasonConnected)
	policy := o.givenPolicy(func(p *b2b.GuestPolicy) {
		p.Spec.Invitations = &b2b.InvitationGrant{AllowedDomains: []string{"partner.example", "*.fabrikam.example"}, DeniedDomains: []string{"hr.fabrikam.example"}}
	})
	allowed := o.givenInvitation(o.team, "allowed", "ada@Sales.Fabrikam.example")
	o.givenInvitation(o.team, "partner", "ben@partner.example")
	inGroup := o.givenMembership(o.team, "in-group", "partner", intoGroup(b2b.GroupReference{DisplayName: "sg-wiki-readers"}))
	denied := map[string]*b2b.GuestInvitation{
		`"elsewhere.example"`:   o.givenInvitation(o.team, "domain", "ada@elsewhere.example"),
		`"fabrikam.example"`:    o.givenInvitation(o.team, "apex", "ada@fabrikam.example"),
		`"hr.fabrikam.example"`: o.givenInvitation(o.team, "denied", "ada@hr.fabrikam.example"),
		`"wiki.contoso.example"`: o.givenInvitation(o.team, "redirect", "cem@partner.example", func(i *b2b.GuestInvitation) {
			i.Spec.RedirectURL = "https://wiki.contoso.example/start"
		}),
		"userType Member": o.givenInvitation(o.team, "member", "dan@partner.example", func(i *b2b.GuestInvitation) {
			i.Spec.UserType = b2b.UserTypeMember
		}),
	}
	o.expectReady(allowed, b2b.ReasonInvited)
	for what, invitation := range denied {
		o.expectStalled(invitation, b2b.ReasonPolicyDenied)
		o.Expect(message(invitation)).To(ContainSubstring(what))
	}
	o.expectStalled(inGroup, b2b.ReasonPolicyDenied)

	edit(o, policy, func(p *b2b.GuestPolicy) {
		p.Spec.Invitations = &b2b.InvitationGrant{
			AllowedDomains: []string{"*"}, AllowedRedirectHosts: []string{"wiki.contoso.example"}, AllowMemberUserType: true,
		}
		p.Spec.Groups = append(p.Spec.Groups, b2b.GroupReference{DisplayName: "sg-wiki-readers"})
	})
	for _, invitation := range denied {
		o.expectReady(invitation, b2b.ReasonInvited)
	}
	o.expectReady(inGroup, b2b.ReasonGranted)
	user, _ := o.tenant.UserByAddress("dan@partner.example")
	o.Expect(user.UserType).To(Equal("Member"))
	o.Expect(o.tenant.Mailbox("cem@partner.example")[0].RedirectURL).To(Equal("https://wiki.contoso.example/start"))
}

func TestALostGrantLeavesTheGuestAndRemovalNeedsNone(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	member := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(member, b2b.ReasonGranted)
	policy := &b2b.GuestPolicy{ObjectMeta: metav1.ObjectMeta{Name: "everybody"}}
	o.delete(policy)
	o.expectNoObject(policy)
	o.expectWaiting(ada, b2b.ReasonWaitingForPolicy)
	o.expectWaiting(member, b2b.ReasonWaitingForPolicy)
	o.Expect(o.guest("ada@partner.example").Spec.Claims).To(HaveLen(1))
	o.Expect(o.members(partners)).To(ConsistOf(ada.Status.UserID))

	o.delete(member)
	o.expectNoObject(member)
	o.Expect(o.members(partners)).To(BeEmpty())
	o.delete(ada)
	o.expectNoObject(ada)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example")
}

func TestAChangedLabelOfTheNamespaceCounts(t *testing.T) {
	o := startScenario(t)
	o.expectReady(o.createTenant(), b2b.ReasonConnected)
	o.givenPolicy(func(p *b2b.GuestPolicy) {
		p.Spec.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"may-invite": "yes"}}
	})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectWaiting(ada, b2b.ReasonWaitingForPolicy)
	o.label(o.team, "may-invite", "yes")
	o.expectReady(ada, b2b.ReasonInvited)
}
