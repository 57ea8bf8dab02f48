package controllers

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestManyWhoAskForOnePersonAtOnceMakeOneMail(t *testing.T) {
	o := startScenario(t)
	tenant := o.givenConnectedTenant(suspendTenant(true))
	var invitations []*b2b.GuestInvitation
	for i := range 10 {
		invitations = append(invitations, o.givenInvitation(o.team, fmt.Sprintf("ada%d", i), "ada@partner.example"),
			o.givenInvitation(o.otherTeam, fmt.Sprintf("ada%d", i), "ADA@partner.example"))
	}
	edit(o, tenant, suspendTenant(false))
	authors := 0
	for _, invitation := range invitations {
		o.expectReady(invitation, b2b.ReasonInvited)
	}
	o.settle()
	for _, invitation := range invitations {
		o.Expect(o.client.Get(o.ctx, keyOf(invitation), invitation)).To(Succeed())
		if whatSays(invitation.Status.Conditions, b2b.ConditionAuthor).status == metav1.ConditionTrue {
			authors++
		}
	}
	o.Expect(authors).To(Equal(1))
	o.expectMails("ada@partner.example", 1)
	o.Expect(o.calls("POST /invitations")).To(Equal(1))
}

func TestAnInvitationThatIsDeletedWhileItIsOnItsWayLeavesNobodyBehind(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	release := make(chan struct{})
	o.tenant.Inject(graphsim.Fault{Match: invitationsOf("held@partner.example"), Times: 1, Effect: graphsim.Hold(release)})
	o.tenant.Inject(graphsim.Fault{Match: invitationsOf("lost@partner.example"), Times: 1, Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	held := o.givenInvitation(o.team, "held", "held@partner.example")
	lost := o.givenInvitation(o.team, "lost", "lost@partner.example")
	o.Eventually(func() int { return len(o.writes()) }).Should(Equal(2))
	o.delete(held, lost)
	o.expectNoObject(held, lost)
	close(release)
	for _, address := range []string{"held@partner.example", "lost@partner.example"} {
		o.expectReleased(address)
		o.expectNoUser(address)
		o.expectMails(address, 1)
	}
}

func TestLostAnswersToOtherWritesDoNoHarm(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	for _, write := range []graphsim.Fault{
		{Method: "POST", Path: "/groups/{id}/members/$ref"},
		{Method: "DELETE", Path: "/groups/{id}/members/{memberId}/$ref"},
		{Method: "DELETE", Path: "/users/{id}"},
	} {
		write.Times, write.Effect = 1, graphsim.AfterCommit(graphsim.GatewayTimeout())
		o.tenant.Inject(write)
		write.Times, write.Effect = 1, graphsim.ResetConnection()
		o.tenant.Inject(write)
	}
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	o.Expect(o.members(partners)).To(ConsistOf(membership.Status.UserID))
	o.delete(ada, membership)
	o.expectNoObject(ada, membership)
	o.expectEvent(o.expectReleased("ada@partner.example"), "Released", "deleted")
	o.expectNoUser("ada@partner.example")
	o.Expect(o.members(partners)).To(BeEmpty())
	o.Expect(o.writes()).To(HaveLen(4), "%s", o.writes())
}

func TestAGuestWhoNeverAppearsAfterASuccessIsNotInvitedAgainByItself(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.Vanish()})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited) // as the tenant said
	clock.putForward(time.Minute)         // past everything that replication could explain
	o.restart()
	o.expectStalled(ada, b2b.ReasonGuestGone)
	o.Expect(o.calls("POST /invitations")).To(Equal(1))
	edit(o, ada, resend("once more"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectUser("ada@partner.example")
	o.expectMails("ada@partner.example", 1)
}

func TestOnePersonWithTwoAddressesIsNotDeletedWhileEitherIsAskedFor(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	first := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(first, b2b.ReasonInvited)
	o.Expect(o.tenant.UpdateUser(first.Status.UserID, func(u *graphsim.User) { u.OtherMails = append(u.OtherMails, "lovelace@partner.example") })).To(Succeed())
	second := o.givenInvitation(o.otherTeam, "lovelace", "lovelace@partner.example")
	o.expectReady(second, b2b.ReasonAdopted)
	o.Expect(second.Status.UserID).To(Equal(first.Status.UserID))
	o.delete(first)
	o.expectEvent(o.expectReleased("ada@partner.example"), "Retained", "another address")
	o.delete(second)
	o.expectEvent(o.expectReleased("lovelace@partner.example"), "Retained", "did not create")
	o.expectUser("ada@partner.example")
}
