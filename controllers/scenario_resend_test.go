package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func resend(token string) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) { i.Spec.ResendToken = token }
}

func rename(name string) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) { i.Spec.DisplayName = name }
}

func TestEveryResendTokenSendsOnceAndAtMostOneIn24Hours(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", resend("1"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 1) // a token that was there from the beginning asks for nothing

	edit(o, ada, resend("2"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 2)
	edit(o, ada, rename("Ada"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.restart()
	o.awaitRounds(1)
	o.expectMails("ada@partner.example", 2)

	edit(o, ada, resend("3"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonTooSoon)
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 2)
	clock.putForward(24*time.Hour + time.Minute)
	o.restart() // its timer does not know of the test's clock
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectMails("ada@partner.example", 3)
	o.Expect(ada.Status.InvitationsSent).To(BeEquivalentTo(3))

	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	o.expectReady(ada, b2b.ReasonAccepted)
	edit(o, ada, resend("4"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonAlreadyAccepted)
	o.expectMails("ada@partner.example", 3)
}

func TestAResendWhoseAnswerWasLostIsNeverRepeated(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	edit(o, ada, resend("2"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonOutcomeUnknown)
	o.expectReady(ada, b2b.ReasonInvited)
	o.restart()
	o.awaitRounds(1)
	edit(o, ada, rename("Ada"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonOutcomeUnknown)
	o.expectMails("ada@partner.example", 2)
	o.Expect(o.calls("POST /invitations")).To(Equal(2))
}

func TestAResendThatWasNotCarriedOutIsSentLater(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.Throttle("1")})
	edit(o, ada, resend("2"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectMails("ada@partner.example", 2)
	o.expectReady(ada, b2b.ReasonInvited)
}

func TestATokenAfterOneThatBroughtAGuestBackWaitsForADay(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	edit(o, ada, resend("2"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.Expect(o.tenant.DeleteUser(ada.Status.UserID)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestGone)
	edit(o, ada, resend("3")) // of the same day, but without it nobody would come back
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectMails("ada@partner.example", 3)
	edit(o, ada, resend("4"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonTooSoon)
	o.expectMails("ada@partner.example", 3)
}

func TestATokenWaitsUntilAnotherInvitationWouldReachSomebody(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", noMail)
	o.expectReady(ada, b2b.ReasonInvited)
	edit(o, ada, resend("2"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonNothingToSend)
	o.Expect(o.calls("POST /invitations")).To(Equal(1))
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.Message.Send = new(true) })
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectMails("ada@partner.example", 1)
}

func TestAResendThatIsDeniedSaysSoAndIsSentOnceItIsNot(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	restore := o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Effect: graphsim.Refuse(403, "Authorization_RequestDenied", "No.")})
	edit(o, ada, resend("2"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonPermissionMissing)
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(message(ada)).To(ContainSubstring("could not be sent and is tried again"))
	o.Expect(o.calls("POST /invitations")).To(Equal(2), "it rests before the next try")
	restore()
	clock.putForward(time.Hour)
	o.restart()
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectMails("ada@partner.example", 2)
}

func TestAGuestWhoHasRedeemedUnseenIsNotSentTheInvitationAgain(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	expectSoon(o.operatorUnderTest, ada, func(g Gomega, ada *b2b.GuestInvitation) {
		g.Expect(ada.Status.ExternalUserState).To(Equal(b2b.ExternalUserStatePendingAcceptance))
	})
	o.tenant.Inject(graphsim.Fault{Method: "GET", Path: "/users/delta()", Effect: graphsim.InternalError()})
	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	edit(o, ada, resend("2"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonAlreadyAccepted)
	o.expectReady(ada, b2b.ReasonAccepted)
	o.expectMails("ada@partner.example", 1)
}
