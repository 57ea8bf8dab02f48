package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// givenSignUp brings somebody in by a self-service sign-up flow.
func (o *scenario) givenSignUp(address string) string {
	o.t.Helper()
	id, err := o.tenant.SignUp(address, "")
	o.Expect(err).NotTo(HaveOccurred())
	return id
}

func TestWhoeverSignedUpByThemselvesCountsAsAcceptedAndIsNeverWritten(t *testing.T) {
	o := startScenario(t)
	id := o.givenSignUp("ada@partner.example")
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", disable, func(i *b2b.GuestInvitation) { i.Spec.ReadyWhen = b2b.MilestoneAccepted })
	member := o.givenMembership(o.team, "ada", "ada", func(m *b2b.GuestGroupMembership) { m.Spec.GrantWhen = b2b.MilestoneAccepted })
	o.expectReady(ada, b2b.ReasonAdopted)
	o.expectReady(member, b2b.ReasonGranted)
	o.expectCondition(ada, b2b.ConditionAccepted, metav1.ConditionTrue, b2b.ReasonAccepted)
	o.Expect(whatSays(ada.Status.Conditions, b2b.ConditionAccepted).message).To(ContainSubstring("nothing to redeem"))
	o.Expect(ada.Status.UserID).To(Equal(id))
	o.Expect(ada.Status.ExternalUserState).To(BeEmpty())
	guest := o.guest("ada@partner.example")
	o.Expect(guest.Status.Origin).To(Equal(b2b.GuestOriginSelfServiceSignUp))
	o.Expect(guest.Status.State).To(Equal(b2b.GuestStateAccepted))

	edit(o, ada, resend("a mail"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonAlreadyAccepted)
	o.delete(member, ada)
	o.expectNoObject(member, ada)
	o.expectEvent(o.expectReleased("ada@partner.example"), "Retained", "did not create")
	o.Expect(o.isDisabled(id)).To(BeFalse())
	o.expectMails("ada@partner.example", 0)
	o.Expect(o.writes()).To(HaveLen(2), "into the group and out of it")
}

func TestWhoeverSignsUpLaterIsPutIntoTheGroupThatWaitedForThem(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	member := o.givenMembership(o.team, "ada", "", ofAddress("ada@partner.example"),
		func(m *b2b.GuestGroupMembership) { m.Spec.GrantWhen = b2b.MilestoneAccepted })
	o.expectWaiting(member, b2b.ReasonWaitingForGuest)
	id := o.givenSignUp("ada@partner.example")
	o.expectReady(member, b2b.ReasonGranted)
	o.Expect(o.members(partners)).To(ConsistOf(id))
	o.Expect(o.guest("ada@partner.example").Status.Origin).To(Equal(b2b.GuestOriginSelfServiceSignUp))

	o.restart()
	o.awaitRounds(1)
	o.expectReady(member, b2b.ReasonGranted)
	o.Expect(o.calls("GET /users/{id}")).To(BeZero(), "the mirror lists them")
	o.delete(member)
	o.expectNoObject(member)
	o.expectReleased("ada@partner.example")
	o.expectUser("ada@partner.example")
	o.expectMails("ada@partner.example", 0)
}

func TestTheMirrorListsMembersWhoSignedUp(t *testing.T) {
	o := startScenario(t)
	id := o.givenSignUp("ada@partner.example")
	o.Expect(o.tenant.UpdateUser(id, func(u *graphsim.User) { u.UserType = "Member" })).To(Succeed())
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonAdopted)
	o.restart()
	o.awaitRounds(1)
	o.Expect(o.calls("GET /users/{id}")).To(BeZero())
	o.Expect(o.tenant.DeleteUser(id)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestGone)
}
