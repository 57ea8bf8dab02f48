package controllers

import (
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestGuestsAreNotPutIntoGuardedGroups(t *testing.T) {
	o := startScenario(t)
	o.tenant.AddGroup(graphsim.Group{DisplayName: "sg-mail", MailEnabled: true, SecurityEnabled: true})
	guarded := []string{"dyn-all-guests", "sg-helpdesk-admins", "sg-synced-finance", "dl-announcements", "sg-restricted", "sg-mail"}
	o.expectReady(o.createTenant(), b2b.ReasonConnected)
	policy := o.givenPolicy(func(p *b2b.GuestPolicy) {
		for _, name := range append(guarded, "Project 42") {
			p.Spec.Groups = append(p.Spec.Groups, b2b.GroupReference{DisplayName: name})
		}
	})
	o.expectReady(policy, b2b.ReasonValid)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	microsoft365 := o.givenMembership(o.team, "unified", "ada", intoGroup(b2b.GroupReference{DisplayName: "Project 42"}))
	memberships := map[string]*b2b.GuestGroupMembership{}
	for _, name := range guarded {
		memberships[name] = o.givenMembership(o.team, name, "ada", intoGroup(b2b.GroupReference{DisplayName: name}))
	}
	o.expectReady(microsoft365, b2b.ReasonGranted)
	for name, membership := range memberships {
		o.expectStalled(membership, b2b.ReasonGroupNotWritable)
		o.Expect(o.members(name)).NotTo(ContainElement(ada.Status.UserID))
		o.delete(membership)
		o.expectNoObject(membership)
	}
	o.Expect(o.tenant.Ledger().Writes).To(HaveLen(2)) // the invitation and the Microsoft 365 group
}

func TestAGroupThatBecameGuardedIsLeftWithAnEvent(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	group := membership.Status.GroupID
	o.Expect(o.tenant.UpdateGroup(group, func(g *graphsim.Group) { g.AssignableToRole = true })).To(Succeed())
	o.delete(membership)
	o.expectNoObject(membership)
	o.expectEvent(membership, "GroupLeft", "role-assignable")
	o.Expect(o.members(partners)).To(ConsistOf(o.userID("ada@partner.example")))
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(o.calls("DELETE /groups/{id}/members/{memberId}/$ref")).To(BeZero())
}

func TestGroupsAreNamedByIDOrByNameAndANamePinsTheGroup(t *testing.T) {
	o := startScenario(t)
	wiki := o.tenant.GroupByName("sg-wiki-readers")
	pinned := o.tenant.GroupByName(partners)
	o.expectReady(o.createTenant(), b2b.ReasonConnected)
	policy := o.givenPolicy(func(p *b2b.GuestPolicy) { p.Spec.Groups = append(p.Spec.Groups, b2b.GroupReference{ID: wiki}) })
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	byName := o.givenMembership(o.team, "by-name", "ada")
	byID := o.givenMembership(o.team, "by-id", "ada", intoGroup(b2b.GroupReference{ID: wiki}))
	o.expectReady(byName, b2b.ReasonGranted)
	o.expectReady(byID, b2b.ReasonGranted)
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(byName.Status.GroupID).To(Equal(pinned))
	o.Expect(byID.Status.GroupID).To(Equal(wiki))

	// Whoever may rename groups must not be able to redirect a grant.
	o.Expect(o.tenant.UpdateGroup(pinned, func(g *graphsim.Group) { g.DisplayName = "renamed" })).To(Succeed())
	impostor := o.tenant.AddGroup(graphsim.Group{DisplayName: partners})
	edit(o, policy, func(p *b2b.GuestPolicy) { p.Spec.Invitations.DeniedDomains = []string{"competitor.example"} })
	ben := o.givenInvitation(o.team, "ben", "ben@partner.example")
	benByName := o.givenMembership(o.team, "ben", "ben")
	o.expectReady(benByName, b2b.ReasonGranted)
	o.Expect(benByName.Status.GroupID).To(Equal(pinned))
	o.expectReady(ben, b2b.ReasonInvited)
	o.Expect(o.tenant.Members(impostor)).To(BeEmpty())
}

func TestAGroupThatDoesNotExistIsWaitedForAndHoldsUpNobodyElse(t *testing.T) {
	o := startScenario(t)
	o.expectReady(o.createTenant(), b2b.ReasonConnected)
	policy := o.givenPolicy(func(p *b2b.GuestPolicy) {
		p.Spec.Groups = append(p.Spec.Groups, b2b.GroupReference{DisplayName: "sg-not-yet"})
	})
	o.expectReady(policy, b2b.ReasonValid)
	o.Expect(message(policy)).To(ContainSubstring("sg-not-yet"))
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	early := o.givenMembership(o.team, "early", "ada", intoGroup(b2b.GroupReference{DisplayName: "sg-not-yet"}))
	other := o.givenMembership(o.team, "other", "ada")
	o.expectWaiting(early, b2b.ReasonWaitingForGroup)
	o.expectReady(other, b2b.ReasonGranted)
	o.tenant.AddGroup(graphsim.Group{DisplayName: "sg-not-yet"})
	edit(o, policy, func(p *b2b.GuestPolicy) { p.Spec.Invitations.DeniedDomains = []string{"competitor.example"} }) // looks at once
	o.expectReady(early, b2b.ReasonGranted)
}
