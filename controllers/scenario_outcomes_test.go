package controllers

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// invitationsOf selects the invitations of one address.
func invitationsOf(address string) func(graphsim.Call) bool {
	return func(call graphsim.Call) bool {
		return call.Class == "POST /invitations" && bytes.Contains(bytes.ToLower(call.Body), []byte(address))
	}
}

func TestWhateverBecomesOfTheAnswerThereIsOneMail(t *testing.T) {
	lostAnswers := []struct {
		name   string
		effect graphsim.Effect
	}{
		{"a 504 after the commit", graphsim.AfterCommit(graphsim.GatewayTimeout())},
		{"a reset connection after the commit", graphsim.AfterCommit(graphsim.ResetConnection())},
		{"an answer that is cut off", graphsim.Truncate()},
		{"an answer that cannot be read", graphsim.Garbage()},
		{"an answer that does not come", graphsim.AfterCommit(graphsim.Hang(nil))},
		{"a 503 before the commit", graphsim.Unavailable("")},
		{"a 500 before the commit", graphsim.InternalError()},
		{"a reset connection before the commit", graphsim.ResetConnection()},
		{"a 409", graphsim.ConcurrencyViolation(409)},
		{"a 503 over a concurrent change", graphsim.ConcurrencyViolation(503)},
	}
	o := startScenario(t)
	o.givenConnectedTenant()
	invitations := map[string]*b2b.GuestInvitation{}
	for i, lost := range lostAnswers {
		address := fmt.Sprintf("guest%d@partner.example", i)
		o.tenant.Inject(graphsim.Fault{Match: invitationsOf(address), Times: 1, Effect: lost.effect})
		invitations[lost.name] = o.givenInvitation(o.team, fmt.Sprintf("guest%d", i), address)
	}
	for name, invitation := range invitations {
		t.Run(name, func(t *testing.T) {
			o := o.in(t)
			o.expectReady(invitation, b2b.ReasonInvited)
			o.expectMails(invitation.Spec.EmailAddress, 1)
			o.delete(invitation)
			o.expectNoObject(invitation)
			o.expectReleased(invitation.Spec.EmailAddress)
			o.expectNoUser(invitation.Spec.EmailAddress) // it was ours, for all that
			o.expectMails(invitation.Spec.EmailAddress, 1)
		})
	}
}

func TestALostAnswerIsSaidToBeLookedInto(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.tenant.SetLag(graphsim.Lag{Reads: graphsim.Replication{Delay: 2 * time.Second}})
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectWaiting(ada, b2b.ReasonOutcomeUnknown)
	o.restart()
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 1)
}

func TestARetryAfterIsKept(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.Throttle("3")})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectWaiting(ada, b2b.ReasonThrottled)
	ben := o.givenInvitation(o.team, "ben", "ben@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectReady(ben, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 1)
	o.expectMails("ben@partner.example", 1)
	o.expectNoEarlyCalls()
}

// expectNoEarlyCalls expects that everything the tenant asked to wait for was waited for. What was on its way already does not count.
func (o *scenario) expectNoEarlyCalls() {
	o.t.Helper()
	for _, call := range o.tenant.Ledger().EarlyCalls {
		o.Expect(call.Time.Sub(call.Since)).To(BeNumerically("<", 200*time.Millisecond), "%s came %s early", call.Class, call.Until.Sub(call.Time))
	}
}

func TestATenantThatBlocksInvitationsIsAskedOnce(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	tenant := o.givenConnectedTenant(func(tenant *b2b.EntraTenant) { tenant.Spec.Suspend = true })
	o.tenant.Configure(func(b *graphsim.Behaviour) { b.InvitationsBlocked = true })
	var invitations []*b2b.GuestInvitation
	for i := range 20 {
		invitations = append(invitations, o.givenInvitation(o.team, fmt.Sprintf("guest%d", i), fmt.Sprintf("guest%d@partner.example", i)))
	}
	edit(o, tenant, func(tenant *b2b.EntraTenant) { tenant.Spec.Suspend = false }) // all at once
	for _, invitation := range invitations {
		o.expectWaiting(invitation, b2b.ReasonInvitationsBlocked)
	}
	o.expectCondition(tenant, b2b.ConditionInvitationsAllowed, metav1.ConditionFalse, b2b.ReasonInvitationsBlocked)
	o.Expect(message(invitations[0])).To(ContainSubstring("external collaboration settings"))
	o.Expect(o.calls("POST /invitations")).To(Equal(1))

	clock.putForward(61 * time.Minute)
	edit(o, invitations[0], rename("Somebody")) // its timer does not know of the test's clock
	o.Eventually(func() int { return o.calls("POST /invitations") }).Should(Equal(2))
	o.settle()
	o.Expect(o.calls("POST /invitations")).To(Equal(2))

	o.tenant.Configure(func(b *graphsim.Behaviour) { b.InvitationsBlocked = false })
	clock.putForward(61 * time.Minute)
	edit(o, invitations[0], rename("Somebody else"))
	for _, invitation := range invitations {
		o.expectReady(invitation, b2b.ReasonInvited)
		o.expectMails(invitation.Spec.EmailAddress, 1)
	}
	o.expectCondition(tenant, b2b.ConditionInvitationsAllowed, metav1.ConditionTrue, b2b.ReasonAllowed)
}

func TestATenantWhoseSettingsForbidInvitationsIsNotAskedAndHeals(t *testing.T) {
	o := startScenario(t)
	o.tenant.SetAllowInvitesFrom("none")
	tenant := o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectWaiting(ada, b2b.ReasonInvitationsBlocked)
	o.expectCondition(tenant, b2b.ConditionInvitationsAllowed, metav1.ConditionFalse, b2b.ReasonInvitationsBlocked)
	o.Expect(o.calls("POST /invitations")).To(BeZero())
	o.tenant.SetAllowInvitesFrom("everyone")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(tenant, b2b.ConditionInvitationsAllowed, metav1.ConditionTrue, b2b.ReasonAllowed)
}

func TestARefusedInvitationIsTriedAgainOnlyWhenItsSpecChanges(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.tenant.Configure(func(b *graphsim.Behaviour) { b.BlockedDomains = []string{"blocked.example"} })
	refused := o.givenInvitation(o.team, "refused", "ada@blocked.example")
	o.tenant.Inject(graphsim.Fault{Match: invitationsOf("odd@partner.example"), Effect: graphsim.Refuse(400, "BadRequest",
		"The Primary SMTP Address is an invalid value")})
	invalid := o.givenInvitation(o.team, "invalid", "odd@partner.example")
	o.expectStalled(refused, b2b.ReasonInvitationRefused)
	o.expectStalled(invalid, b2b.ReasonInvalidAddress)
	o.restart()
	o.awaitRounds(1)
	o.expectStalled(refused, b2b.ReasonInvitationRefused)
	o.Expect(o.calls("POST /invitations")).To(Equal(2))

	o.tenant.Configure(func(b *graphsim.Behaviour) { b.BlockedDomains = nil })
	edit(o, refused, rename("Ada"))
	o.expectReady(refused, b2b.ReasonInvited)
	o.expectMails("ada@blocked.example", 1)
	o.Expect(o.calls("POST /invitations")).To(Equal(3))
}
