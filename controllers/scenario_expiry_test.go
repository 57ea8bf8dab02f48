package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// expiringAddress is the guest of these tests.
const expiringAddress = "ada@partner.example"

// expiringScenario is a scenario with a connected tenant and a clock that can be put forward.
func expiringScenario(t *testing.T) (*scenario, *steppingClock) {
	t.Helper()
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	return o, clock
}

// pass lets time pass, and lives through a restart, for a timer does not know of the test's clock.
func (o *scenario) pass(clock *steppingClock, d time.Duration) {
	o.t.Helper()
	clock.putForward(d)
	o.restart()
}

func apiTime(when time.Time) *metav1.Time { return timeOf(when.Truncate(time.Second)) }

// endsAt sets when an invitation ends, membershipEndsAt when a membership does.
func endsAt(when time.Time) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) { i.Spec.ExpirationTime = apiTime(when) }
}

func membershipEndsAt(when time.Time) func(*b2b.GuestGroupMembership) {
	return func(m *b2b.GuestGroupMembership) { m.Spec.ExpirationTime = apiTime(when) }
}

func TestAMembershipEndsOnItsDateAndIsGrantedAgainByALaterOne(t *testing.T) {
	o, clock := expiringScenario(t)
	o.givenInvitation(o.team, "ada", expiringAddress)
	m := o.givenMembership(o.team, "ada", "ada", membershipEndsAt(clock.now().Add(8*24*time.Hour)))
	o.expectReady(m, b2b.ReasonGranted)
	o.expectCondition(m, b2b.ConditionExpiringSoon, "", "")

	o.pass(clock, 2*24*time.Hour)
	o.expectCondition(m, b2b.ConditionExpiringSoon, metav1.ConditionTrue, b2b.ReasonExpirationTime)
	o.expectReady(m, b2b.ReasonGranted)
	o.expectEvent(m, "ExpiringSoon", "xpires at ")
	o.Expect(o.members(partners)).To(HaveLen(1))

	o.pass(clock, 6*24*time.Hour)
	o.expectReady(m, b2b.ReasonExpired)
	o.expectCondition(m, b2b.ConditionExpired, metav1.ConditionTrue, b2b.ReasonExpirationTime)
	o.expectCondition(m, b2b.ConditionExpiringSoon, "", "")
	o.expectEvent(m, "Expired", "expirationTime")
	o.expectEvent(m, "Removed", "")
	o.Expect(o.members(partners)).To(BeEmpty())
	o.restart()
	o.awaitRounds(1)
	o.expectIdle(1)
	o.expectUser(expiringAddress)

	edit(o, m, membershipEndsAt(clock.now().Add(30*24*time.Hour)))
	o.expectReady(m, b2b.ReasonGranted)
	o.expectCondition(m, b2b.ConditionExpired, "", "")
	o.Expect(o.members(partners)).To(HaveLen(1))
	o.Expect(o.writes()).To(HaveLen(4), "%s", o.writes()) // invited, added, removed, added
}

func TestADateIsKeptWithoutARestart(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	invitation := o.givenInvitation(o.team, "ada", expiringAddress)
	m := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(m, b2b.ReasonGranted)
	edit(o, m, membershipEndsAt(time.Now().Add(3*time.Second)))
	o.expectReady(m, b2b.ReasonExpired)
	o.Expect(time.Now()).To(BeTemporally(">=", m.Spec.ExpirationTime.Time), "not before its time")
	o.Expect(o.members(partners)).To(BeEmpty())
	edit(o, invitation, endsAt(time.Now().Add(3*time.Second)))
	o.expectReady(invitation, b2b.ReasonExpired)
	o.expectNoUser(expiringAddress)
	o.expectEvent(invitation, "ExpiringSoon", "")
	o.expectEvent(invitation, "Expired", "")
}

func TestAnInvitationThatExpiresCountsAsGoneAndALaterDateInvitesAnew(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, endsAt(clock.now().Add(24*time.Hour)))
	m := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(m, b2b.ReasonGranted)
	o.expectCondition(invitation, b2b.ConditionExpiringSoon, metav1.ConditionTrue, b2b.ReasonExpirationTime)

	o.pass(clock, 24*time.Hour)
	o.expectReady(invitation, b2b.ReasonExpired)
	o.expectCondition(invitation, b2b.ConditionExpired, metav1.ConditionTrue, b2b.ReasonExpirationTime)
	o.expectCondition(invitation, b2b.ConditionInvited, metav1.ConditionFalse, b2b.ReasonExpired)
	o.Expect(invitation.Status.UserID).To(BeEmpty())
	o.expectReady(m, b2b.ReasonExpired)
	o.expectCondition(m, b2b.ConditionExpired, metav1.ConditionTrue, b2b.ReasonInvitationExpired)
	o.expectReleased(expiringAddress)
	o.expectNoUser(expiringAddress)
	o.Expect(o.members(partners)).To(BeEmpty())
	o.pass(clock, 24*time.Hour)
	o.awaitRounds(1)
	o.expectIdle(1)
	o.expectMails(expiringAddress, 1)

	edit(o, invitation, endsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(invitation, b2b.ReasonInvited)
	o.expectReady(m, b2b.ReasonGranted)
	o.expectMails(expiringAddress, 2)
	o.Expect(o.members(partners)).To(ConsistOf(o.userID(expiringAddress)))
}

func TestAnInvitationThatIsPastItsDateFromTheBeginningAsksForNobody(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, endsAt(time.Now().Add(-time.Hour)))
	m := o.givenMembership(o.team, "ada", "ada")
	byAddress := o.givenMembership(o.team, "ben", "", ofAddress("ben@partner.example"), membershipEndsAt(time.Now().Add(-time.Hour)))
	o.expectReady(invitation, b2b.ReasonExpired)
	o.expectReady(m, b2b.ReasonExpired)
	o.expectReady(byAddress, b2b.ReasonExpired)
	o.Expect(o.objects()).To(HaveLen(5), "no Guest") // a tenant, a policy, an invitation, two memberships
	o.Expect(o.writes()).To(BeEmpty())
	o.delete(invitation, m, byAddress)
	o.expectNoObject(invitation, m, byAddress)
}

func TestOneOfTwoInvitationsThatExpiresLeavesTheGuestToTheOther(t *testing.T) {
	o, clock := expiringScenario(t)
	first := o.givenInvitation(o.team, "ada", expiringAddress, retain, endsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(first, b2b.ReasonInvited)
	second := o.givenInvitation(o.otherTeam, "ada", expiringAddress)
	m := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(m, b2b.ReasonGranted)
	o.expectCondition(second, b2b.ConditionAuthor, metav1.ConditionFalse, b2b.ReasonEarlierClaim)

	o.pass(clock, 24*time.Hour)
	o.expectReady(first, b2b.ReasonExpired)
	o.expectReady(m, b2b.ReasonExpired)
	o.Expect(o.members(partners)).To(BeEmpty())
	o.expectReady(second, b2b.ReasonInvited)
	o.expectCondition(second, b2b.ConditionAuthor, "", "")

	edit(o, first, endsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(first, b2b.ReasonInvited)
	o.expectCondition(first, b2b.ConditionAuthor, metav1.ConditionFalse, b2b.ReasonEarlierClaim)
	o.expectReady(m, b2b.ReasonGranted)
	o.pass(clock, 24*time.Hour)
	o.expectReady(first, b2b.ReasonExpired)
	o.delete(second)
	o.expectNoObject(second)
	o.expectEvent(o.expectReleased(expiringAddress), "Released", "Retain") // is remembered of the one that expired
	o.expectReady(first, b2b.ReasonExpired)
	o.expectUser(expiringAddress)
	o.expectMails(expiringAddress, 1)
}

func TestWhatIsSuspendedDoesNotExpire(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, endsAt(clock.now().Add(24*time.Hour)))
	m := o.givenMembership(o.team, "ada", "ada", membershipEndsAt(clock.now().Add(24*time.Hour)))
	byAddress := o.givenMembership(o.otherTeam, "ada", "", ofAddress(expiringAddress), membershipEndsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(m, b2b.ReasonGranted)
	o.expectReady(byAddress, b2b.ReasonGranted)
	edit(o, invitation, suspendInvitation(true))
	for _, m := range []*b2b.GuestGroupMembership{m, byAddress} {
		edit(o, m, suspendMembership(true))
		o.expectCondition(m, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	}
	o.expectCondition(invitation, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.pass(clock, 25*time.Hour)
	o.awaitRounds(1)
	o.Expect(o.members(partners)).To(HaveLen(1))
	o.Expect(o.guest(expiringAddress).Spec.Claims).To(HaveLen(2))
	o.expectReady(m, b2b.ReasonGranted)
	o.expectReady(invitation, b2b.ReasonInvited)

	edit(o, byAddress, suspendMembership(false))
	o.expectReady(byAddress, b2b.ReasonExpired)
	o.Expect(o.members(partners)).To(HaveLen(1))
	edit(o, m, suspendMembership(false))
	edit(o, invitation, suspendInvitation(false))
	o.expectReady(m, b2b.ReasonExpired)
	o.expectReady(invitation, b2b.ReasonExpired)
	o.expectReleased(expiringAddress)
	o.expectNoUser(expiringAddress)
}

func TestAMembershipByAddressThatExpiresGivesTheGuestUp(t *testing.T) {
	o, clock := expiringScenario(t)
	o.tenant.AddGuest(expiringAddress, "")
	m := o.givenMembership(o.team, "ada", "", ofAddress(expiringAddress), membershipEndsAt(clock.now().Add(24*time.Hour)), func(m *b2b.GuestGroupMembership) {
		m.Spec.DeletionPolicy = b2b.DeletionPolicyRetain // is about the end of the object
	})
	o.expectReady(m, b2b.ReasonGranted)
	o.pass(clock, 24*time.Hour)
	o.expectReady(m, b2b.ReasonExpired)
	o.expectReleased(expiringAddress)
	o.Expect(o.members(partners)).To(BeEmpty())
	o.expectUser(expiringAddress)

	edit(o, m, membershipEndsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(m, b2b.ReasonGranted)
	o.Expect(o.members(partners)).To(HaveLen(1))
	o.delete(m)
	o.expectNoObject(m)
	o.Expect(o.members(partners)).To(HaveLen(1))
}

func TestTwoMembershipsOfOnePairThatExpireInTheSameMomentLeaveNobodyBehind(t *testing.T) {
	o, clock := expiringScenario(t)
	o.givenInvitation(o.team, "ada", expiringAddress)
	var all []*b2b.GuestGroupMembership
	for _, name := range []string{"a", "b", "c", "d"} {
		all = append(all, o.givenMembership(o.team, name, "ada", membershipEndsAt(clock.now().Add(24*time.Hour))))
	}
	for _, m := range all {
		o.expectReady(m, b2b.ReasonGranted)
	}
	o.pass(clock, 24*time.Hour)
	for _, m := range all {
		o.expectReady(m, b2b.ReasonExpired)
	}
	o.Expect(o.members(partners)).To(BeEmpty())
}

func TestRenewingAMembershipDoesNotUndoARemovalByOthers(t *testing.T) {
	o, clock := expiringScenario(t)
	o.givenInvitation(o.team, "ada", expiringAddress)
	m := o.givenMembership(o.team, "ada", "ada", membershipEndsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(m, b2b.ReasonGranted)
	o.Expect(o.tenant.RemoveMember(m.Status.GroupID, m.Status.UserID)).To(Succeed())
	o.expectStalled(m, b2b.ReasonRemovedExternally)
	o.pass(clock, 24*time.Hour)
	o.expectReady(m, b2b.ReasonExpired)

	edit(o, m, membershipEndsAt(clock.now().Add(24*time.Hour)))
	o.expectStalled(m, b2b.ReasonRemovedExternally)
	o.restart()
	o.awaitRounds(1)
	o.expectStalled(m, b2b.ReasonRemovedExternally)
	o.Expect(o.members(partners)).To(BeEmpty())
	edit(o, m, func(m *b2b.GuestGroupMembership) { m.Spec.RegrantToken = "please" })
	o.expectReady(m, b2b.ReasonGranted)
	o.Expect(o.members(partners)).To(HaveLen(1))
}

func TestAnInvitationThatIsRenewedWhileItsGuestIsReleasedBeginsANewLife(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, endsAt(clock.now().Add(24*time.Hour)))
	m := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(m, b2b.ReasonGranted)
	holdUp := o.tenant.Inject(graphsim.Fault{Method: "DELETE", Path: "/groups/{id}/members/{memberId}/$ref", Effect: graphsim.Throttle("1")})
	o.pass(clock, 24*time.Hour)
	o.expectWaiting(m, b2b.ReasonThrottled)
	o.expectWaiting(invitation, b2b.ReasonReleasing)
	edit(o, invitation, endsAt(clock.now().Add(24*time.Hour)))
	o.expectWaiting(invitation, b2b.ReasonReleasing)
	holdUp()
	o.expectReady(invitation, b2b.ReasonInvited)
	o.expectReady(m, b2b.ReasonGranted)
	o.expectMails(expiringAddress, 2)
	o.Expect(o.members(partners)).To(ConsistOf(o.userID(expiringAddress)))
}

func TestAPolicyLimitsHowFarAheadTheEndMayLie(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	tenant := o.createTenant()
	o.givenPolicy(func(p *b2b.GuestPolicy) { p.Spec.Invitations.MaxLifetimeDays = new(int32(30)) })
	o.expectReady(tenant, b2b.ReasonConnected)
	latest := clock.now().UTC().AddDate(0, 0, 30).Format(time.DateOnly)
	never := o.givenInvitation(o.team, "never", "never@partner.example")
	late := o.givenInvitation(o.team, "late", "late@partner.example", endsAt(clock.now().AddDate(0, 0, 31)))
	inTime := o.givenInvitation(o.team, "ada", expiringAddress, endsAt(clock.now().AddDate(0, 0, 29)))
	m := o.givenMembership(o.team, "ada", "ada")
	byAddress := o.givenMembership(o.team, "by-address", "", ofAddress(expiringAddress))
	o.expectReady(inTime, b2b.ReasonInvited)
	o.expectReady(m, b2b.ReasonGranted) // ends with the invitation
	for _, denied := range []apiObject{never, late, byAddress} {
		o.expectStalled(denied, b2b.ReasonPolicyDenied)
		o.Expect(message(denied)).To(ContainSubstring(latest))
	}
	o.Expect(o.calls("POST /invitations")).To(Equal(1))

	o.pass(clock, 25*time.Hour)
	o.expectReady(late, b2b.ReasonInvited)
	edit(o, byAddress, membershipEndsAt(clock.now().AddDate(0, 0, 10)))
	o.expectReady(byAddress, b2b.ReasonGranted)
	o.expectStalled(never, b2b.ReasonPolicyDenied)
	o.expectReady(inTime, b2b.ReasonInvited)
}
