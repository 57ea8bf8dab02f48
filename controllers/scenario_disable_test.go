package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func disable(i *b2b.GuestInvitation) { i.Spec.DeletionPolicy = b2b.GuestDeletionPolicyDisable }

func remove(i *b2b.GuestInvitation) { i.Spec.DeletionPolicy = b2b.GuestDeletionPolicyDelete }

// states gives what was done to a user, by whom, in order.
func (o *scenario) states(userID string) (states []string) {
	for _, change := range o.tenant.Ledger().States[userID] {
		states = append(states, change.State+" by "+change.By)
	}
	return states
}

// isDisabled tells whether a user is there and may not sign in.
func (o *scenario) isDisabled(userID string) bool {
	o.t.Helper()
	user, found := o.tenant.User(userID)
	o.Expect(found).To(BeTrue(), "the user is in the tenant")
	return user.Disabled
}

// givenDisabled has ada invited and released with deletionPolicy Disable. It gives her user's id.
func (o *scenario) givenDisabled() string {
	o.t.Helper()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", disable)
	o.expectReady(ada, b2b.ReasonInvited)
	o.delete(ada)
	o.expectNoObject(ada)
	guest := o.expectReleased("ada@partner.example")
	o.Expect(message(guest)).To(And(ContainSubstring("blocked from signing in"), ContainSubstring("Disable")))
	o.Expect(o.isDisabled(guest.Status.UserID)).To(BeTrue())
	return guest.Status.UserID
}

func TestDeletionPolicyDisableBlocksTheGuestUntilSomebodyAsksForThemAgain(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", disable)
	member := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(member, b2b.ReasonGranted)
	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	o.expectReady(ada, b2b.ReasonAccepted)
	id, before := ada.Status.UserID, len(o.states(ada.Status.UserID))
	o.delete(ada)
	o.expectNoObject(ada)
	guest := o.expectReleased("ada@partner.example")
	o.expectEvent(guest, "Released", "blocked from signing in")
	o.Expect(o.states(id)[before:]).To(Equal([]string{"disabled by api", "sessionsRevoked by api"}))
	o.Expect(o.members(partners)).To(BeEmpty())
	o.expectWaiting(member, b2b.ReasonWaitingForInvitation)

	o.restart()
	o.awaitRounds(2)
	o.Expect(message(o.expectReleased("ada@partner.example"))).To(ContainSubstring("Disable"))
	o.Expect(o.states(id)).To(HaveLen(before + 2))

	ada = o.givenInvitation(o.team, "ada", "ada@partner.example", func(i *b2b.GuestInvitation) { i.Spec.ReadyWhen = b2b.MilestoneAccepted })
	o.expectReady(ada, b2b.ReasonAccepted)
	o.expectEvent(ada, "Enabled", "asks for them again")
	o.Expect(ada.Status.UserID).To(Equal(id))
	o.expectReady(member, b2b.ReasonGranted)
	o.Expect(o.states(id)[before+2:]).To(Equal([]string{"enabled by api"}))
	o.Expect(o.guest("ada@partner.example").Status.Origin).To(Equal(b2b.GuestOriginInvited))
	o.expectMails("ada@partner.example", 1)

	o.delete(member, ada)
	o.expectNoObject(member, ada)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example") // still known to be ours
}

func TestDisableWinsOverDeleteAndRetainOverDisable(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	for name, policies := range map[string][2]func(*b2b.GuestInvitation){"ada": {disable, remove}, "ben": {retain, disable}} {
		first := o.givenInvitation(o.team, name, name+"@partner.example", policies[0])
		second := o.givenInvitation(o.otherTeam, name, name+"@partner.example", policies[1])
		o.expectReady(first, b2b.ReasonInvited)
		o.expectReady(second, b2b.ReasonInvited)
		o.delete(first, second)
		o.expectNoObject(first, second)
	}
	ada, ben := o.expectReleased("ada@partner.example"), o.expectReleased("ben@partner.example")
	o.Expect(o.isDisabled(ada.Status.UserID)).To(BeTrue())
	o.Expect(o.isDisabled(ben.Status.UserID)).To(BeFalse())
}

func TestAGuestWhoIsBlockedStaysKnownForAsLongAsThatLasts(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	id := o.givenDisabled()
	clock.putForward(400 * 24 * time.Hour)
	o.restart()
	o.awaitRounds(1)
	guest := o.expectReleased("ada@partner.example")

	o.Expect(o.tenant.EnableUser(id)).To(Succeed()) // by hand: nothing is remembered of a block that is no more
	o.expectNoObject(guest)
	o.expectUser("ada@partner.example")
}

func TestWhoWasLetInByHandAndBlockedAgainByHandIsNotLetInByItself(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	id := o.givenDisabled()
	o.Expect(o.tenant.EnableUser(id)).To(Succeed())
	guest := o.guest("ada@partner.example")
	o.Eventually(func() string { o.expectReady(guest, b2b.ReasonReleased); return message(guest) }).Should(ContainSubstring("somebody has let them"))
	o.Expect(o.tenant.DisableUser(id)).To(Succeed())
	o.awaitRounds(1)

	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	o.Expect(message(ada)).To(ContainSubstring("resendToken"))
	o.Expect(o.states(id)).NotTo(ContainElement("enabled by api"))
}

func TestWhomSomebodyElseHadBlockedIsLeftAsTheyAre(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", disable)
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(o.tenant.DisableUser(ada.Status.UserID)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	o.expectEvent(o.guest("ada@partner.example"), "GuestDisabled", "not let in again")
	o.delete(ada)
	o.expectNoObject(ada)
	o.expectEvent(o.expectReleased("ada@partner.example"), "Retained", "somebody else had blocked")

	again := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectStalled(again, b2b.ReasonGuestDisabled)
	o.Expect(o.calls("PATCH /users/{id}")).To(BeZero())
	o.Expect(o.calls("POST /users/{id}/revokeSignInSessions")).To(BeZero())
}

func TestAGuestWhoWasThereBeforeIsNotBlocked(t *testing.T) {
	o := startScenario(t)
	id := o.givenPending("ada@partner.example")
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", disable)
	o.expectReady(ada, b2b.ReasonAdopted)
	o.delete(ada)
	o.expectNoObject(ada)
	o.expectEvent(o.expectReleased("ada@partner.example"), "Retained", "did not create")
	o.Expect(o.isDisabled(id)).To(BeFalse())
	o.Expect(o.writes()).To(BeEmpty())
}

func TestAMembershipByAddressAloneLetsNobodyInAgain(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	id := o.givenDisabled()
	member := o.givenMembership(o.otherTeam, "ada", "", ofAddress("ada@partner.example"))
	o.expectWaiting(member, b2b.ReasonWaitingForInvitation)
	o.Expect(message(member)).To(ContainSubstring("GuestInvitation"))
	o.awaitRounds(1)
	o.Expect(o.isDisabled(id)).To(BeTrue())
	o.Expect(o.members(partners)).To(BeEmpty())

	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectReady(member, b2b.ReasonGranted)
	o.Expect(o.isDisabled(id)).To(BeFalse())
}

func TestWithoutThePermissionsForItAGuestWaitsToBeBlockedAndToBeLetInAgain(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", disable)
	o.expectReady(ada, b2b.ReasonInvited)
	guest := o.guest("ada@partner.example")
	granted := []string{"User.Invite.All", "User.Read.All", "GroupMember.ReadWrite.All", "User.DeleteRestore.All"}
	expectWaiting := func(permission string) {
		o.Eventually(func() string { o.expectWaiting(guest, b2b.ReasonPermissionMissing); return message(guest) }).
			Should(ContainSubstring(permission))
	}
	o.tenant.SetPermissions(granted)
	o.delete(ada)
	expectWaiting("User.EnableDisableAccount.All")
	granted = append(granted, "User.EnableDisableAccount.All")
	o.tenant.SetPermissions(granted)
	o.restart() // its timer is a minute
	expectWaiting("User.RevokeSessions.All")
	o.Expect(o.isDisabled(guest.Status.UserID)).To(BeTrue())
	o.tenant.SetPermissions(append(granted, "User.RevokeSessions.All"))
	o.restart()
	o.expectReleased("ada@partner.example")

	o.tenant.SetPermissions(granted[:4])
	ada = o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectWaiting(ada, b2b.ReasonPermissionMissing)
	o.Expect(message(ada)).To(ContainSubstring("User.EnableDisableAccount.All"))
	o.tenant.SetPermissions(granted)
	o.restart()
	o.expectReady(ada, b2b.ReasonInvited)
}

func TestALostAnswerWhileBlockingAndLettingInIsLookedAfterAndRepeated(t *testing.T) {
	for name, effect := range map[string]graphsim.Effect{
		"carried out":     graphsim.AfterCommit(graphsim.GatewayTimeout()),
		"not carried out": graphsim.GatewayTimeout(),
	} {
		t.Run(name, func(t *testing.T) {
			o := startScenario(t)
			o.givenConnectedTenant()
			o.tenant.Inject(graphsim.Fault{Method: "PATCH", Path: "/users/{id}", Times: 1, Effect: effect})
			o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/users/{id}/revokeSignInSessions", Times: 1, Effect: effect})
			id := o.givenDisabled()
			o.tenant.Inject(graphsim.Fault{Method: "PATCH", Path: "/users/{id}", Times: 1, Effect: effect})
			ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
			o.expectReady(ada, b2b.ReasonInvited)
			o.Expect(o.isDisabled(id)).To(BeFalse())
			o.Expect(o.states(id)).To(And(ContainElement("disabled by api"), ContainElement("sessionsRevoked by api"), ContainElement("enabled by api")))
			o.expectMails("ada@partner.example", 1)
		})
	}
}

func TestAResendTokenLetsAGuestInAgainWhomSomebodyElseHasBlockedOnce(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	member := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectReady(member, b2b.ReasonGranted)
	id := ada.Status.UserID
	o.Expect(o.tenant.DisableUser(id)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	o.expectStalled(member, b2b.ReasonGuestDisabled)
	o.Expect(message(ada)).To(And(ContainSubstring("resendToken"), ContainSubstring("administrator")))

	edit(o, ada, resend("let her in"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectReady(member, b2b.ReasonGranted)
	o.expectEvent(ada, "Enabled", "resendToken")
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.Expect(o.isDisabled(id)).To(BeFalse())
	o.expectMails("ada@partner.example", 2) // as a token says

	edit(o, ada, resend("and the mail once more")) // waits for 24 hours
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionFalse, b2b.ReasonTooSoon)
	o.Expect(o.tenant.DisableUser(id)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestDisabled) // that token was older than the block
	o.restart()
	o.awaitRounds(1)
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	edit(o, ada, resend("")) // asks for nothing
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	edit(o, ada, resend("let her in again"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(o.tenant.DisableUser(id)).To(Succeed()) // and this one has had its turn, though its mail is still to come
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	o.Expect(o.states(id)).To(Equal([]string{"created by api", "invited by api", "disabled by admin", "enabled by api", "invited by api",
		"disabled by admin", "enabled by api", "disabled by admin"}))

	o.Expect(o.tenant.EnableUser(id)).To(Succeed())
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 2)
}

func TestAResendTokenDoesNotLetAnAdoptedGuestIn(t *testing.T) {
	o := startScenario(t)
	id := o.givenPending("ada@partner.example", func(u *graphsim.User) { u.Disabled = true })
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	edit(o, ada, resend("let her in"))
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	o.Expect(message(ada)).To(And(ContainSubstring("did not create"), ContainSubstring("administrator")))
	o.Expect(o.writes()).To(BeEmpty())
	o.Expect(o.tenant.EnableUser(id)).To(Succeed())
	o.expectReady(ada, b2b.ReasonAdopted)
}
