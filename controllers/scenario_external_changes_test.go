package controllers

import (
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestAGuestWhomSomebodyElseDeletedIsNotInvitedAgainByItself(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(o.tenant.DeleteUser(ada.Status.UserID)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestGone)
	o.Expect(message(ada)).To(ContainSubstring("resendToken"))
	o.expectEvent(o.guest("ada@partner.example"), "GuestGone", "")

	o.stop()
	o.wipeStatus()
	o.start()
	o.expectStalled(ada, b2b.ReasonGuestGone)
	o.awaitRounds(1)
	o.expectStalled(ada, b2b.ReasonGuestGone)
	o.expectMails("ada@partner.example", 1)

	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.ResendToken = "please" })
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 2)
	o.delete(ada)
	o.expectNoObject(ada)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example")
	o.expectMails("ada@partner.example", 2)
}

func TestAGuestWhomSomebodyElseDisabledIsNotEnabledByItself(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	o.Expect(o.tenant.DisableUser(ada.Status.UserID)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	o.expectStalled(membership, b2b.ReasonGuestDisabled)
	edit(o, ada, rename("Ada"))
	o.restart()
	o.awaitRounds(1)
	o.expectStalled(ada, b2b.ReasonGuestDisabled)

	o.Expect(o.tenant.UpdateUser(ada.Status.UserID, func(u *graphsim.User) { u.Disabled = false })).To(Succeed())
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectReady(membership, b2b.ReasonGranted)
	o.Expect(o.writes()).NotTo(ContainElement(HavePrefix("PATCH ")))
}

func TestAGuestWhomSomebodyElseTookOutOfTheGroupIsAddedAgainOnlyByARegrantToken(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	userID, groupID := membership.Status.UserID, membership.Status.GroupID
	o.Expect(o.tenant.RemoveMember(groupID, userID)).To(Succeed())
	o.expectStalled(membership, b2b.ReasonRemovedExternally)
	o.expectEvent(membership, "RemovedExternally", "regrantToken")

	o.restart()
	o.awaitRounds(1)
	o.expectStalled(membership, b2b.ReasonRemovedExternally)
	o.Expect(o.members(partners)).To(BeEmpty())

	edit(o, membership, func(m *b2b.GuestGroupMembership) { m.Spec.RegrantToken = "please" })
	o.expectReady(membership, b2b.ReasonGranted)
	o.Expect(o.members(partners)).To(ConsistOf(userID))
	o.Expect(o.tenant.RemoveMember(groupID, userID)).To(Succeed())
	o.expectStalled(membership, b2b.ReasonRemovedExternally) // the token has had its turn
	o.expectReady(ada, b2b.ReasonInvited)
}

func TestTheGuestsClickBecomesVisibleWithinTheInterval(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", func(i *b2b.GuestInvitation) { i.Spec.ReadyWhen = b2b.MilestoneAccepted })
	o.expectWaiting(ada, b2b.ReasonWaitingForAcceptance)
	o.expectCondition(ada, b2b.ConditionInvited, "True", b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionAccepted, "False", b2b.ReasonPendingAcceptance)
	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	o.expectReady(ada, b2b.ReasonAccepted)
	o.expectCondition(ada, b2b.ConditionAccepted, "True", b2b.ReasonAccepted)
	o.Expect(ada.Status.ExternalUserState).To(Equal(b2b.ExternalUserStateAccepted))
	o.Expect(ada.Status.AcceptedTime).NotTo(BeNil())
}
