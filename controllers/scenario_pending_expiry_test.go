package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// redeemWithin has an invitation end when the guest has not redeemed it in so many days.
func redeemWithin(days int32) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) { i.Spec.PendingExpiryDays = days }
}

const testDay = 24 * time.Hour

// expectLapsed waits until an invitation says that it ended because the guest had not redeemed it.
func (o *scenario) expectLapsed(invitation *b2b.GuestInvitation) {
	o.t.Helper()
	o.expectReady(invitation, b2b.ReasonExpired)
	o.expectCondition(invitation, b2b.ConditionExpired, metav1.ConditionTrue, b2b.ReasonNotRedeemed)
}

func TestAnInvitationThatIsNotRedeemedInTimeEndsUntilANewResendToken(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(30), resend("1"))
	m := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(m, b2b.ReasonGranted)
	o.expectReady(invitation, b2b.ReasonInvited)
	o.Expect(whatSays(invitation.Status.Conditions, b2b.ConditionAccepted).message).To(
		ContainSubstring("has until " + invitation.Status.InvitedTime.UTC().Add(30*testDay).Format("2006-01-02")))
	o.pass(clock, 29*testDay)
	edit(o, invitation, resend("2"))
	o.expectCondition(invitation, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.pass(clock, 29*testDay) // counts from the mail that was asked for last
	o.awaitRounds(1)
	o.expectReady(invitation, b2b.ReasonInvited)
	o.expectUser(expiringAddress)

	o.pass(clock, testDay)
	o.expectLapsed(invitation)
	o.expectReady(m, b2b.ReasonExpired)
	o.expectCondition(m, b2b.ConditionExpired, metav1.ConditionTrue, b2b.ReasonInvitationExpired)
	o.expectReleased(expiringAddress)
	o.expectNoUser(expiringAddress)
	o.Expect(o.members(partners)).To(BeEmpty())
	o.Expect(message(invitation)).To(ContainSubstring("resendToken"))
	o.Expect(invitation.Status.ExpiredResendToken).To(Equal("2"))

	edit(o, invitation, redeemWithin(60)) // asks for nothing
	o.expectLapsed(invitation)
	edit(o, invitation, resend(""))
	o.expectLapsed(invitation)
	o.pass(clock, 40*testDay) // longer than what was done is remembered otherwise
	o.awaitRounds(1)
	o.expectLapsed(invitation)
	o.expectIdle(1)
	o.expectMails(expiringAddress, 2)

	edit(o, invitation, resend("3"))
	o.expectReady(invitation, b2b.ReasonInvited)
	o.expectCondition(invitation, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectReady(m, b2b.ReasonGranted)
	o.expectMails(expiringAddress, 3)
	o.Expect(invitation.Status.ExpiredResendToken).To(BeEmpty())
	o.pass(clock, 60*testDay)
	o.expectLapsed(invitation)
	o.expectMails(expiringAddress, 3)
	o.delete(m, invitation)
	o.expectNoObject(m, invitation)
	o.pass(clock, 31*testDay)
	o.Eventually(func() int { return len(o.objects()) }).Should(Equal(2), "the Guest goes when nobody can ask any more")
}

func TestAnInvitationThatEndedUnredeemedStaysSoWhateverIsLost(t *testing.T) {
	lose := map[string]func(o *scenario, invitation *b2b.GuestInvitation){
		"the status": func(o *scenario, _ *b2b.GuestInvitation) { o.wipeStatus() },
		"the Guest": func(o *scenario, _ *b2b.GuestInvitation) {
			o.delete(o.guest(expiringAddress))
			o.expectNoObject(&b2b.Guest{ObjectMeta: metav1.ObjectMeta{Name: b2b.GuestName(b2b.DefaultTenantName, o.tenant.TenantID(), expiringAddress)}})
		},
		"the cluster": func(o *scenario, _ *b2b.GuestInvitation) {
			copies := o.backup()
			o.wipeAll()
			for _, kind := range []string{"EntraTenant", "GuestPolicy", "Guest"} {
				for _, object := range copies[kind] {
					o.create(object)
				}
			}
			o.start()
			o.awaitRounds(1)
			o.stop()
			for _, object := range copies["GuestInvitation"] {
				o.create(object)
			}
		},
	}
	for name, lose := range lose {
		t.Run(name, func(t *testing.T) {
			o, clock := expiringScenario(t)
			invitation := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(2))
			o.expectReady(invitation, b2b.ReasonInvited)
			o.pass(clock, 2*testDay)
			o.expectLapsed(invitation)
			o.expectReleased(expiringAddress)
			o.stop()
			lose(o, invitation)
			clock.putForward(31 * testDay) // the tenant has forgotten the user too
			o.start()
			o.expectLapsed(invitation)
			o.awaitRounds(1)
			o.expectLapsed(invitation)
			o.expectMails(expiringAddress, 1)
			edit(o, invitation, resend("please"))
			o.expectReady(invitation, b2b.ReasonInvited)
			o.expectMails(expiringAddress, 2)
		})
	}
}

func TestAGuestWhoRedeemsInTheLastMomentStays(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(2))
	o.expectReady(invitation, b2b.ReasonInvited)
	o.stop()
	clock.putForward(2 * testDay)
	_, err := o.tenant.Redeem(expiringAddress)
	o.Expect(err).NotTo(HaveOccurred())
	o.start()
	o.expectReady(invitation, b2b.ReasonAccepted)
	o.pass(clock, 30*testDay)
	o.awaitRounds(1)
	o.expectReady(invitation, b2b.ReasonAccepted)
	o.expectUser(expiringAddress)
}

func TestAGuestWhoRedeemsWhileTheyAreReleasedStaysAndTheInvitationComesBack(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(2))
	m := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(m, b2b.ReasonGranted)
	holdUp := o.tenant.Inject(graphsim.Fault{
		Method: "DELETE", Path: "/groups/{id}/members/{memberId}/$ref", Effect: graphsim.Throttle("1"),
	})
	o.pass(clock, 2*testDay)
	o.expectWaiting(invitation, b2b.ReasonReleasing)
	_, err := o.tenant.Redeem(expiringAddress)
	o.Expect(err).NotTo(HaveOccurred())
	holdUp()
	o.expectReady(invitation, b2b.ReasonAccepted)
	o.expectReady(m, b2b.ReasonGranted)
	o.Expect(o.members(partners)).To(ConsistOf(o.userID(expiringAddress)))
	o.expectMails(expiringAddress, 1)
	o.Expect(o.calls("DELETE /users/{id}")).To(BeZero())
	o.Expect(invitation.Status.UserID).To(Equal(o.userID(expiringAddress)))
	o.delete(m, invitation)
	o.expectNoObject(m, invitation)
	o.expectReleased(expiringAddress)
	o.expectNoUser(expiringAddress) // is still known to be ours
}

func TestEachInvitationOfAGuestHasItsOwnPatience(t *testing.T) {
	o, clock := expiringScenario(t)
	short := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(2))
	o.expectReady(short, b2b.ReasonInvited)
	long := o.givenInvitation(o.otherTeam, "ada", expiringAddress, redeemWithin(4))
	o.expectReady(long, b2b.ReasonInvited)
	o.pass(clock, 2*testDay)
	o.expectLapsed(short)
	o.expectReady(long, b2b.ReasonInvited)
	o.expectUser(expiringAddress)

	edit(o, short, resend("please")) // is let in again, behind the one that decides
	o.expectReady(short, b2b.ReasonInvited)
	o.expectCondition(short, b2b.ConditionAuthor, metav1.ConditionFalse, b2b.ReasonEarlierClaim)
	o.awaitRounds(1)
	o.expectMails(expiringAddress, 1)
	o.pass(clock, 2*testDay-time.Hour)
	o.awaitRounds(1)
	o.expectReady(short, b2b.ReasonInvited)
	o.expectReady(long, b2b.ReasonInvited)
	o.pass(clock, 2*time.Hour)
	o.expectLapsed(long)
	o.expectLapsed(short)
	o.expectReleased(expiringAddress)
	o.expectNoUser(expiringAddress)
	o.expectMails(expiringAddress, 1)
}

func TestAnAdoptedGuestWhoDoesNotRedeemIsGivenUpAndLeft(t *testing.T) {
	o, clock := expiringScenario(t)
	o.givenPending(expiringAddress)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(2))
	o.expectReady(invitation, b2b.ReasonAdopted)
	o.pass(clock, 2*testDay)
	o.expectLapsed(invitation)
	o.expectReleased(expiringAddress)
	o.expectUser(expiringAddress)
	o.expectMails(expiringAddress, 0)

	edit(o, invitation, resend("please")) // the mail that somebody else had sent may have got lost
	o.expectReady(invitation, b2b.ReasonAdopted)
	o.expectCondition(invitation, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectMails(expiringAddress, 1)
	o.Expect(o.writes()).To(HaveLen(1))
}

func TestAGuestWhomAMembershipAsksForIsSentTheMailOfANewTokenAtOnce(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(1))
	m := o.givenMembership(o.otherTeam, "ada", "", ofAddress(expiringAddress))
	o.expectReady(m, b2b.ReasonGranted)
	edit(o, invitation, resend("1"))
	o.expectCondition(invitation, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.pass(clock, testDay+time.Second)
	o.expectLapsed(invitation)
	o.expectUser(expiringAddress)
	o.expectReady(m, b2b.ReasonGranted)
	edit(o, invitation, resend("2"))
	o.expectReady(invitation, b2b.ReasonInvited)
	o.Eventually(func() int { return o.mails(expiringAddress) }).Should(Equal(3)) // the condition still speaks of the first token for a moment
	o.expectCondition(invitation, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
}

func TestAnInvitationWithDeletionPolicyRetainThatIsNotRedeemedLeavesTheGuest(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(2), retain)
	o.expectReady(invitation, b2b.ReasonInvited)
	o.pass(clock, 2*testDay)
	o.expectLapsed(invitation)
	o.expectReleased(expiringAddress)
	o.expectUser(expiringAddress)
	edit(o, invitation, resend("please"))
	o.expectReady(invitation, b2b.ReasonInvited)
	o.expectCondition(invitation, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.expectMails(expiringAddress, 2)
	o.pass(clock, 2*testDay)
	o.expectLapsed(invitation)
}

func TestAnInvitationThatWasDeletedAfterItEndedCanBeMadeAnew(t *testing.T) {
	o, clock := expiringScenario(t)
	invitation := o.givenInvitation(o.team, "ada", expiringAddress, redeemWithin(2))
	o.expectReady(invitation, b2b.ReasonInvited)
	o.pass(clock, 2*testDay)
	o.expectLapsed(invitation)
	o.delete(invitation)
	o.expectNoObject(invitation)
	o.Eventually(func() int { return len(recordOf(o, expiringAddress).Lapses) }).Should(BeZero())
	again := o.givenInvitation(o.team, "ada", expiringAddress)
	o.expectReady(again, b2b.ReasonInvited)
	o.expectMails(expiringAddress, 2)
}

func recordOf(o *scenario, address string) *record {
	o.t.Helper()
	rec, err := readRecord(o.guest(address))
	o.Expect(client.IgnoreNotFound(err)).NotTo(HaveOccurred())
	return rec
}
