package controllers

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestAMembershipByAddressClaimsTheGuestAndNeverInvites(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	membership := o.givenMembership(o.team, "ada", "", ofAddress("Ada@partner.example"))
	o.expectWaiting(membership, b2b.ReasonWaitingForGuest)
	o.expectMails("ada@partner.example", 0)
	o.expectNoUser("ada@partner.example")

	ada := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example") // another team brings the person in
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectReady(membership, b2b.ReasonGranted)
	o.delete(ada)
	o.expectNoObject(ada)
	o.restart()
	o.awaitRounds(1)
	o.expectUser("ada@partner.example") // the membership still asks for the guest
	o.expectReady(membership, b2b.ReasonGranted)

	o.delete(membership)
	o.expectNoObject(membership)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example")
	o.expectMails("ada@partner.example", 1)
}

func TestAMembershipCanWaitForTheGuestsAcceptance(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada", func(m *b2b.GuestGroupMembership) { m.Spec.GrantWhen = b2b.MilestoneAccepted })
	o.expectWaiting(membership, b2b.ReasonWaitingForAcceptance)
	o.Expect(o.members(partners)).To(BeEmpty())
	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	o.expectReady(membership, b2b.ReasonGranted)
	o.Expect(o.members(partners)).To(ConsistOf(membership.Status.UserID))
}

func TestTheLastOfTwoMembershipsTakesTheGuestOutOfTheGroup(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	first := o.givenMembership(o.team, "ada", "ada")
	second := o.givenMembership(o.otherTeam, "ada", "", ofAddress("ada@partner.example"))
	o.expectReady(first, b2b.ReasonGranted)
	o.expectReady(second, b2b.ReasonGranted)
	o.delete(first)
	o.expectNoObject(first)
	o.Expect(o.members(partners)).To(ConsistOf(second.Status.UserID))
	o.delete(second)
	o.expectNoObject(second)
	o.Expect(o.members(partners)).To(BeEmpty())
	o.expectUser("ada@partner.example")
	o.Expect(o.calls("POST /groups/{id}/members/$ref")).To(Equal(1))
}

func TestAMemberFromBeforeIsNeverRemoved(t *testing.T) {
	o := startScenario(t)
	id := o.tenant.AddGuest("ada@partner.example", "")
	o.Expect(o.tenant.AddMember(o.tenant.GroupByName(partners), id)).To(Succeed())
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	o.delete(membership)
	o.expectNoObject(membership)
	o.delete(ada)
	o.expectReleased("ada@partner.example")
	o.Expect(o.members(partners)).To(ConsistOf(id))
	o.Expect(o.writes()).To(BeEmpty())
}

func TestAMembershipWithDeletionPolicyRetainLeavesTheGuestInTheGroup(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada", func(m *b2b.GuestGroupMembership) { m.Spec.DeletionPolicy = b2b.DeletionPolicyRetain })
	o.expectReady(membership, b2b.ReasonGranted)
	o.delete(membership)
	o.expectNoObject(membership)
	o.expectEvent(membership, "GroupLeft", "Retain")
	o.Expect(o.members(partners)).To(HaveLen(1))
}

func TestAMembershipEndsWithItsInvitation(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ours := o.givenInvitation(o.team, "ada", "ada@partner.example")
	theirs := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	last := o.givenMembership(o.otherTeam, "ada", "ada", func(m *b2b.GuestGroupMembership) { m.Spec.Group = b2b.GroupReference{DisplayName: partners} })
	o.expectReady(membership, b2b.ReasonGranted)
	o.expectReady(last, b2b.ReasonGranted)

	o.delete(ours)
	o.expectWaiting(membership, b2b.ReasonWaitingForInvitation)
	o.Expect(o.members(partners)).To(HaveLen(1)) // the other team's
	o.expectReady(last, b2b.ReasonGranted)

	o.delete(theirs)
	o.expectWaiting(last, b2b.ReasonWaitingForInvitation)
	o.expectReleased("ada@partner.example")
	o.Expect(o.members(partners)).To(BeEmpty())
	o.expectNoUser("ada@partner.example")
	writes := o.writes()
	removed := slices.IndexFunc(writes, func(w string) bool { return strings.HasPrefix(w, "DELETE /groups/") })
	deleted := slices.IndexFunc(writes, func(w string) bool { return strings.HasPrefix(w, "DELETE /users/") })
	o.Expect(removed).To(And(BeNumerically(">=", 0), BeNumerically("<", deleted)), "memberships end first: %s", writes)
}

func TestAFreshGuestIsAddedWhenEveryReplicaKnowsThem(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.tenant.SetLag(graphsim.Lag{
		Reads: graphsim.Replication{Delay: time.Second}, Writes: graphsim.Replication{Delay: 2 * time.Second},
		Members: graphsim.Replication{Delay: time.Second},
	})
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectWaiting(membership, b2b.ReasonWaitingForGuest)
	o.expectReady(membership, b2b.ReasonGranted)
	o.Expect(o.members(partners)).To(ConsistOf(membership.Status.UserID))
	o.expectMails("ada@partner.example", 1)
}

func TestARemovalThatTheDirectoryIsSlowToShowIsDoneOnce(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	o.tenant.SetLag(graphsim.Lag{
		Removals: graphsim.Replication{Delay: 2 * time.Second}, Deletions: graphsim.Replication{Delay: 2 * time.Second},
	})
	o.delete(membership, ada)
	o.expectNoObject(membership, ada)
	o.expectReleased("ada@partner.example")
	o.Expect(o.members(partners)).To(BeEmpty())
	o.expectNoUser("ada@partner.example")
	o.Expect(o.writes()).To(HaveLen(4), "%s", o.writes()) // invited, added, removed, deleted
}
