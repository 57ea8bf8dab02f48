package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const day = 24 * time.Hour

// later puts the clock forward. Timers do not know of it: a restart has everybody look at the clock.
func (o *scenario) later(clock *steppingClock, d time.Duration) {
	o.t.Helper()
	clock.putForward(d)
	o.restart()
	o.awaitRounds(1)
}

// expectMailsSoon waits for so many mails, and for nobody writing any more.
func (o *scenario) expectMailsSoon(address string, n int) {
	o.t.Helper()
	o.Eventually(func() int { return o.mails(address) }).Should(Equal(n), "mails to %s", address)
	o.settle()
	o.expectMails(address, n)
}

func TestAGuestWhoDoesNotRedeemIsRemindedAsOftenAsAskedAndNoMore(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", reminders(7, 2))
	o.expectReady(ada, b2b.ReasonInvited)
	o.later(clock, 6*day)
	o.expectMails("ada@partner.example", 1)
	o.later(clock, day+time.Hour)
	o.expectMailsSoon("ada@partner.example", 2)
	o.expectEvent(ada, "Reminded", "reminder 1 of 2")
	expectSoon(o.operatorUnderTest, ada, func(g Gomega, ada *b2b.GuestInvitation) {
		g.Expect(ada.Status.InvitationsSent).To(BeEquivalentTo(2))
	})
	o.expectReady(ada, b2b.ReasonInvited)

	edit(o, ada, resend("2")) // a mail that somebody asks for puts the next reminder off
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectMailsSoon("ada@partner.example", 3)
	o.later(clock, 6*day)
	o.expectMails("ada@partner.example", 3)
	o.later(clock, day+time.Hour)
	o.expectMailsSoon("ada@partner.example", 4)
	o.expectEvent(ada, "Reminded", "reminder 2 of 2")
	o.later(clock, 30*day)
	o.expectMails("ada@partner.example", 4)

	edit(o, ada, reminders(7, 3))
	o.expectMailsSoon("ada@partner.example", 5)
	o.expectEvent(ada, "Reminded", "reminder 3 of 3")
}

func TestAReminderWhoseAnswerWasLostCountsAsSent(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", reminders(7, 2))
	o.expectReady(ada, b2b.ReasonInvited)
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	o.later(clock, 7*day+time.Hour)
	o.expectMailsSoon("ada@partner.example", 2)
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(message(ada)).To(ContainSubstring("the answer to reminder 1 was lost"))
	o.Expect(o.told(ada, "Reminded")).To(BeZero())
	o.later(clock, 6*day)
	o.expectMails("ada@partner.example", 2)
	o.later(clock, day+time.Hour)
	o.expectMailsSoon("ada@partner.example", 3)
	o.expectEvent(ada, "Reminded", "reminder 2 of 2")
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(message(ada)).NotTo(ContainSubstring("lost"))
	o.later(clock, 30*day)
	o.expectMails("ada@partner.example", 3)
}

func TestAReminderThatWasNotCarriedOutIsSentLaterUnderItsNumber(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", reminders(7, 1))
	o.expectReady(ada, b2b.ReasonInvited)
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.Throttle("1")})
	o.later(clock, 7*day+time.Hour)
	o.expectEvent(ada, "Reminded", "reminder 1 of 1")
	o.expectMailsSoon("ada@partner.example", 2)
	o.Expect(o.calls("POST /invitations")).To(Equal(3))
}

func TestAGuestWhoHasRedeemedUnseenIsNotReminded(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	expectSoon(o.operatorUnderTest, ada, func(g Gomega, ada *b2b.GuestInvitation) {
		g.Expect(ada.Status.ExternalUserState).To(Equal(b2b.ExternalUserStatePendingAcceptance))
	})
	// The mirror learns nothing any more; a user can still be read.
	o.tenant.Inject(graphsim.Fault{Method: "GET", Path: "/users/delta()", Effect: graphsim.InternalError()})
	o.tenant.Inject(graphsim.Fault{Method: "GET", Path: "/users", Effect: graphsim.InternalError()})
	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	clock.putForward(7*day + time.Hour)
	edit(o, ada, reminders(7, 2)) // by what the mirror shows, one is due
	o.expectReady(ada, b2b.ReasonAccepted)
	o.settle()
	o.expectMails("ada@partner.example", 1)
	o.Expect(o.calls("POST /invitations")).To(Equal(1))
}

func TestWhoeverMayNotOrDoesNotWantToSendRemindsNobody(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	type change = func(*b2b.GuestInvitation)
	people := map[string]change{
		"suspended": suspendInvitation(true),
		"quiet":     noMail,
		"refused":   withBody, // which no policy allows
		"absent":    func(*b2b.GuestInvitation) {},
		"accepted":  func(*b2b.GuestInvitation) {},
		"reminded":  func(*b2b.GuestInvitation) {},
	}
	adopted := o.givenPending("adopted@partner.example")
	invitations := map[string]*b2b.GuestInvitation{
		"adopted": o.givenInvitation(o.team, "adopted", "adopted@partner.example", reminders(7, 2)),
	}
	o.expectReady(invitations["adopted"], b2b.ReasonAdopted)
	for name, change := range people {
		object := o.givenInvitation(o.team, name, name+"@partner.example", reminders(7, 2))
		o.expectReady(object, b2b.ReasonInvited)
		if name == "accepted" {
			_, err := o.tenant.Redeem(name + "@partner.example")
			o.Expect(err).NotTo(HaveOccurred())
			o.expectReady(object, b2b.ReasonAccepted)
		}
		edit(o, object, change)
		invitations[name] = object
	}
	o.expectStalled(invitations["refused"], b2b.ReasonPolicyDenied)
	o.expectCondition(invitations["suspended"], b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.Expect(o.tenant.DeleteUser(invitations["absent"].Status.UserID)).To(Succeed())
	o.expectStalled(invitations["absent"], b2b.ReasonGuestGone)
	o.later(clock, 7*day+time.Hour)
	o.expectMailsSoon("reminded@partner.example", 2)
	o.later(clock, 10*day)
	o.expectMailsSoon("reminded@partner.example", 3)
	for name := range people {
		if name != "reminded" {
			o.expectMails(name+"@partner.example", 1)
		}
	}
	o.expectMails("adopted@partner.example", 0)
	_, there := o.tenant.User(adopted)
	o.Expect(there).To(BeTrue())
}

func TestAChangeOfAuthorRemindsNobodyAndGoesOnCounting(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	first := o.givenInvitation(o.team, "ada", "ada@partner.example", reminders(7, 2))
	o.expectReady(first, b2b.ReasonInvited)
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example", reminders(1, 2))
	o.expectReady(second, b2b.ReasonInvited)
	o.later(clock, 7*day+time.Hour)
	o.expectMailsSoon("ada@partner.example", 2)
	o.later(clock, 2*day) // the second's would have been due long ago
	o.expectMails("ada@partner.example", 2)
	o.delete(first)
	o.expectNoObject(first)
	o.expectCondition(second, b2b.ConditionAuthor, "", "")
	o.settle()
	o.expectMails("ada@partner.example", 2)
	o.later(clock, day+time.Hour)
	o.expectMailsSoon("ada@partner.example", 3)
	o.expectEvent(second, "Reminded", "reminder 2 of 2")
	o.later(clock, 10*day)
	o.expectMails("ada@partner.example", 3)
}

func TestNobodyIsRemindedWhileTheTenantIsSuspended(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	tenant := o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", reminders(7, 2))
	o.expectReady(ada, b2b.ReasonInvited)
	edit(o, tenant, suspendTenant(true))
	o.expectCondition(ada, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonTenantSuspended)
	o.later(clock, 8*day)
	o.expectMails("ada@partner.example", 1)
	edit(o, tenant, suspendTenant(false))
	o.expectMailsSoon("ada@partner.example", 2)
}

func TestAnInvitationThatEndedUnredeemedRemindsNobody(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", reminders(7, 5), func(i *b2b.GuestInvitation) { i.Spec.PendingExpiryDays = 10 })
	o.expectReady(ada, b2b.ReasonInvited)
	o.later(clock, 7*day+time.Hour)
	o.expectMailsSoon("ada@partner.example", 2)
	o.later(clock, 3*day)
	o.expectReady(ada, b2b.ReasonExpired)
	o.later(clock, 7*day)
	o.expectMails("ada@partner.example", 2)
}
