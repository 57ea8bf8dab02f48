package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestTwoTeamsShareOneGuestWhateverTheCapitals(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	first := o.givenInvitation(o.team, "ada", "Ada@Partner.example")
	o.expectReady(first, b2b.ReasonInvited)
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.EXAMPLE")
	o.expectReady(second, b2b.ReasonInvited)

	o.expectCondition(first, b2b.ConditionAuthor, metav1.ConditionTrue, b2b.ReasonFirstClaim)
	o.expectCondition(second, b2b.ConditionAuthor, metav1.ConditionFalse, b2b.ReasonEarlierClaim)
	o.Expect(first.Status.GuestRef).To(Equal(second.Status.GuestRef))
	o.Expect(first.Status.UserID).To(Equal(o.userID("ada@partner.example")))
	o.expectMails("ada@partner.example", 1)

	o.delete(first)
	o.expectCondition(second, b2b.ConditionAuthor, "", "") // nobody else asks any more
	o.expectReady(second, b2b.ReasonInvited)
	o.expectUser("ada@partner.example")
	o.expectMails("ada@partner.example", 1)

	o.delete(second)
	o.expectNoObject(second)
	guest := o.expectReleased("ada@partner.example")
	o.expectEvent(guest, "Released", "deleted")
	o.expectNoUser("ada@partner.example")
	o.expectMails("ada@partner.example", 1)
}

func TestAnInvitationThatComesDuringTheReleaseBeginsANewLife(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	first := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(first, b2b.ReasonInvited)

	release := make(chan struct{})
	o.tenant.Inject(graphsim.Fault{Method: "DELETE", Path: "/users/{id}", Times: 1, Effect: graphsim.Hold(release)})
	o.delete(first)
	o.Eventually(func() []string { return o.writes() }).Should(ContainElement(HavePrefix("DELETE /users/{id}")))
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example")
	o.expectWaiting(second, b2b.ReasonReleasing)
	o.expectMails("ada@partner.example", 1)

	answer := make(chan struct{})
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/directory/deletedItems/{id}/restore", Times: 1, Effect: graphsim.Hold(answer)})
	close(release)
	o.Eventually(func() []string { return o.writes() }).Should(ContainElement(HavePrefix(postRestore)))
	o.settle()
	o.expectWaiting(second, b2b.ReasonReleasing) // what the Guest says of its life before does not count
	close(answer)
	o.expectReady(second, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 1)
	o.expectUser("ada@partner.example")
}
