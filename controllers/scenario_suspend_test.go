package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func suspendInvitation(on bool) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) { i.Spec.Suspend = on }
}

func suspendMembership(on bool) func(*b2b.GuestGroupMembership) {
	return func(m *b2b.GuestGroupMembership) { m.Spec.Suspend = on }
}

func suspendTenant(on bool) func(*b2b.EntraTenant) {
	return func(t *b2b.EntraTenant) { t.Spec.Suspend = on }
}

func TestASuspendedInvitationInvitesNobody(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", suspendInvitation(true))
	o.expectCondition(ada, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.Expect(o.calls("POST /invitations")).To(BeZero())
	edit(o, ada, suspendInvitation(false))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionSuspended, "", "")

	edit(o, ada, suspendInvitation(true))
	o.expectCondition(ada, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.Expect(ada.Status.Conditions).To(ContainElement(And(HaveField("Type", "Ready"), HaveField("Status", metav1.ConditionTrue))))
	edit(o, ada, resend("now"))
	edit(o, ada, suspendInvitation(false))
	o.expectReady(ada, b2b.ReasonInvited)
	o.Eventually(func() int { return o.mails("ada@partner.example") }).Should(Equal(2))
}

func TestAnotherInvitationDecidesWhileTheFirstIsSuspended(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	first := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(first, b2b.ReasonInvited)
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example", resend("of the other team"))
	o.expectReady(second, b2b.ReasonInvited)
	edit(o, first, suspendInvitation(true))
	o.expectCondition(second, b2b.ConditionAuthor, metav1.ConditionTrue, b2b.ReasonFirstClaim)
	o.expectMails("ada@partner.example", 1) // a change of author never sends mail
	edit(o, first, suspendInvitation(false))
	o.expectCondition(first, b2b.ConditionAuthor, metav1.ConditionTrue, b2b.ReasonFirstClaim)
	o.expectMails("ada@partner.example", 1)
}

func TestASuspendedMembershipIsNeitherGrantedNorRemoved(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada", suspendMembership(true))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(membership, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.Expect(o.members(partners)).To(BeEmpty())
	edit(o, membership, suspendMembership(false))
	o.expectReady(membership, b2b.ReasonGranted)

	edit(o, membership, suspendMembership(true))
	o.expectCondition(membership, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.delete(membership)
	o.restart()
	o.awaitRounds(1)
	o.Expect(o.members(partners)).To(HaveLen(1))
	edit(o, membership, suspendMembership(false))
	o.expectNoObject(membership)
	o.Expect(o.members(partners)).To(BeEmpty())
}

func TestWhileTheTenantIsSuspendedNothingIsWrittenToIt(t *testing.T) {
	o := startScenario(t)
	tenant := o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	ben := o.givenInvitation(o.team, "ben", "ben@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	o.expectReady(ben, b2b.ReasonInvited)
	edit(o, tenant, suspendTenant(true))
	for _, object := range []apiObject{tenant, ada, ben, membership} {
		o.Eventually(func() (string, error) {
			err := o.client.Get(o.ctx, keyOf(object), object)
			return string(whatSays(object.GetConditions(), b2b.ConditionSuspended).status), err
		}).Should(Equal("True"))
		o.Expect(readiness(object.GetConditions()).status).To(Equal(metav1.ConditionTrue))
	}
	written := len(o.writes())
	cem := o.givenInvitation(o.team, "cem", "cem@partner.example")
	late := o.givenMembership(o.team, "ben", "ben")
	o.expectCondition(cem, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonTenantSuspended)
	o.expectCondition(late, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonTenantSuspended)
	o.delete(membership, ada)
	o.expectNoObject(ada)
	o.restart()
	o.awaitRounds(1)
	o.Expect(o.writes()).To(HaveLen(written))

	edit(o, tenant, suspendTenant(false))
	o.expectReady(cem, b2b.ReasonInvited)
	o.expectReady(late, b2b.ReasonGranted)
	o.expectNoObject(membership)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example")
	o.Expect(o.members(partners)).To(ConsistOf(o.userID("ben@partner.example")))
}
