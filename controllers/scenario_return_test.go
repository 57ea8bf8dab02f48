package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// givenDeleted has ada invited and released with deletionPolicy Delete. It gives her user's id.
func (o *scenario) givenDeleted() string {
	o.t.Helper()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.delete(ada)
	o.expectNoObject(ada)
	return o.expectReleased("ada@partner.example").Status.UserID
}

const postRestore = "POST /directory/deletedItems/{id}/restore"

func TestADeletedGuestIsRestoredWithIDAndGroupsWhenSomebodyAsksForThemAgain(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	o.expectReady(ada, b2b.ReasonAccepted)
	id, wiki := ada.Status.UserID, o.tenant.GroupByName("sg-wiki-readers")
	o.Expect(o.tenant.AddMember(wiki, id)).To(Succeed()) // by somebody else
	for life := 2; life <= 3; life++ {
		o.delete(ada)
		o.expectNoObject(ada)
		o.expectReleased("ada@partner.example")
		o.expectNoUser("ada@partner.example")
		o.restart()

		ada = o.givenInvitation(o.team, "ada", "ada@partner.example", func(i *b2b.GuestInvitation) { i.Spec.AdoptionPolicy = b2b.AdoptionPolicyNever })
		o.expectReady(ada, b2b.ReasonAccepted)
		o.expectEvent(ada, "Restored", "nobody was mailed")
		o.Expect(ada.Status.UserID).To(Equal(id))
		o.Expect(o.tenant.Members(wiki)).To(ContainElement(id))
		o.Expect(o.guest("ada@partner.example").Status.Origin).To(Equal(b2b.GuestOriginInvited))
		o.Expect(o.calls(postRestore)).To(Equal(life - 1))
	}
	member := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(member, b2b.ReasonGranted)
	o.expectMails("ada@partner.example", 1)
	o.delete(member, ada)
	o.expectNoObject(member, ada)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example") // still known to be ours
	o.Expect(o.tenant.Members(wiki)).NotTo(ContainElement(id))
}

func TestARestoredGuestWhoHadNotAcceptedIsMailedOnlyWhenATokenAsksForIt(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.givenDeleted()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionAccepted, "False", b2b.ReasonPendingAcceptance)
	o.Expect(ada.Status.ExternalUserState).To(Equal(b2b.ExternalUserStatePendingAcceptance))
	o.restart()
	o.awaitRounds(1)
	o.expectMails("ada@partner.example", 1)
	edit(o, ada, resend("once more"))
	o.expectCondition(ada, b2b.ConditionResent, "True", b2b.ReasonSent)
	o.expectMails("ada@partner.example", 2)
}

func TestARestoredGuestIsRemindedFromTheirReturnOn(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	o.givenDeleted()
	clock.putForward(10 * 24 * time.Hour)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", func(i *b2b.GuestInvitation) {
		i.Spec.Reminders = &b2b.Reminders{AfterDays: 7, MaxCount: 1}
	})
	o.expectReady(ada, b2b.ReasonInvited)
	o.awaitRounds(1)
	o.expectMails("ada@partner.example", 1)
	clock.putForward(7*24*time.Hour + time.Minute)
	o.restart() // its timer does not know of the test's clock
	o.Eventually(func() int { return o.mails("ada@partner.example") }).Should(Equal(2))
	o.expectEvent(ada, "Reminded", "")
}

func TestARestoredGuestWhomNobodyMailsGetsAnotherLink(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	o.expectReady(ada, b2b.ReasonInvited)
	first := linkIn(o.expectLink(ada))
	o.delete(ada)
	o.expectNoObject(ada)
	o.expectReleased("ada@partner.example")
	ada = o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(linkIn(o.expectLink(ada))).NotTo(Equal(first))
	o.Expect(o.calls(postRestore)).To(Equal(1))
	o.Expect(o.calls("POST /invitations")).To(Equal(2))
	o.expectMails("ada@partner.example", 0)
}

func TestAGuestWhoWasPurgedIsInvitedAnew(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	id := o.givenDeleted()
	o.tenant.PurgeDeleted()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(ada.Status.UserID).NotTo(Equal(id))
	o.expectMails("ada@partner.example", 2)
	o.Expect(o.calls(postRestore)).To(BeZero())
}

func TestAGuestWhoseAddressIsTakenIsNotRestoredBeforeThatIsMended(t *testing.T) {
	for name, purged := range map[string]bool{"the address is freed": false, "the deleted user is purged": true} {
		t.Run(name, func(t *testing.T) {
			o := startScenario(t)
			o.givenConnectedTenant()
			ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
			o.expectReady(ada, b2b.ReasonInvited)
			id := ada.Status.UserID
			const other = "ada.byron@partner.example"
			o.Expect(o.tenant.UpdateUser(id, func(u *graphsim.User) { u.ProxyAddresses = append(u.ProxyAddresses, "smtp:"+other) })).To(Succeed())
			o.delete(ada)
			o.expectNoObject(ada)
			o.expectReleased("ada@partner.example")
			thief := o.tenant.AddUser(graphsim.User{DisplayName: "Ada Byron", Mail: other})

			ada = o.givenInvitation(o.team, "ada", "ada@partner.example")
			o.expectStalled(ada, b2b.ReasonInvitationRefused)
			o.Expect(message(ada)).To(And(ContainSubstring("cannot be restored"), ContainSubstring("proxyAddresses"), ContainSubstring("invited anew")))
			o.restart()
			o.awaitRounds(1)
			o.expectStalled(ada, b2b.ReasonInvitationRefused)
			o.expectMails("ada@partner.example", 1)

			mails := 1
			if purged {
				o.tenant.PurgeDeleted()
				mails = 2
			} else {
				o.Expect(o.tenant.UpdateUser(thief, func(u *graphsim.User) { u.Mail, u.ProxyAddresses = "", []string{} })).To(Succeed())
			}
			edit(o, ada, rename("Ada")) // or in an hour
			o.expectReady(ada, b2b.ReasonInvited)
			o.Expect(ada.Status.UserID == id).To(Equal(!purged))
			o.expectMails("ada@partner.example", mails)
		})
	}
}

func TestALostAnswerToARestorationIsLookedAfter(t *testing.T) {
	for name, effect := range map[string]graphsim.Effect{
		"carried out":     graphsim.AfterCommit(graphsim.GatewayTimeout()),
		"not carried out": graphsim.GatewayTimeout(),
		"unreadable":      graphsim.Garbage(),
	} {
		t.Run(name, func(t *testing.T) {
			o := startScenario(t)
			o.givenConnectedTenant()
			id := o.givenDeleted()
			o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/directory/deletedItems/{id}/restore", Times: 1, Effect: effect})
			ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
			o.expectReady(ada, b2b.ReasonInvited)
			o.Expect(ada.Status.UserID).To(Equal(id))
			o.expectMails("ada@partner.example", 1)
			o.Expect(o.states(id)).To(ContainElement("restored by api"))
		})
	}
}

func TestARestoredGuestWhomTheTenantIsSlowToShowIsWaitedFor(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	id := o.givenDeleted()
	o.tenant.SetLag(graphsim.Lag{Restores: graphsim.Replication{Misses: 3}})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(ada.Status.UserID).To(Equal(id))
	o.expectMails("ada@partner.example", 1)
	o.Expect(o.calls(postRestore)).To(Equal(1))
}

func TestAGuestWhomNobodyWantsAnyMoreBeforeTheyShowAgainIsDeletedAgain(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	id := o.givenDeleted()
	o.tenant.SetLag(graphsim.Lag{Restores: graphsim.Replication{Misses: 2}})
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/directory/deletedItems/{id}/restore", Times: 1,
		Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.Eventually(func() int { return o.calls(postRestore) }).Should(Equal(1))
	o.delete(ada)
	o.expectNoObject(ada)
	o.Eventually(func() bool { _, deleted := o.tenant.DeletedUser(id); return deleted }).Should(BeTrue())
	guest := o.expectReleased("ada@partner.example")
	o.Expect(guest.Status.UserID).To(Or(BeEmpty(), Equal(id)))
	o.expectMails("ada@partner.example", 1)

	o.tenant.SetLag(graphsim.Lag{})
	again := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(again, b2b.ReasonInvited)
	o.Expect(again.Status.UserID).To(Equal(id))
}

func TestWhoWasRestoredByHandIsUsedAsBefore(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	id := o.givenDeleted()
	o.Expect(o.tenant.RestoreUser(id)).To(Succeed())
	guest := o.guest("ada@partner.example")
	o.Eventually(func() string { o.expectReady(guest, b2b.ReasonReleased); return message(guest) }).Should(ContainSubstring("somebody has restored"))
	o.expectUser("ada@partner.example") // and is left alone

	ada, member := o.givenInvitation(o.team, "ada", "ada@partner.example"), o.givenMembership(o.team, "ada", "ada")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectReady(member, b2b.ReasonGranted)
	o.Expect(ada.Status.UserID).To(Equal(id))
	o.Expect(o.calls(postRestore)).To(BeZero())
	o.delete(member, ada)
	o.expectNoObject(member, ada)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example") // this operator created them, whoever has restored them
	o.expectMails("ada@partner.example", 1)
}

func TestWhoWasRestoredByHandAndDeletedByHandIsNotRestored(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	id := o.givenDeleted()
	o.stop()                   // sees neither
	o.Eventually(func() bool { // the deletion by hand is told from the other by its time
		before, _ := o.tenant.DeletedUser(id)
		return o.tenant.Now().Sub(before.DeletedDateTime) > 3*testReplicationWindow
	}).Should(BeTrue())
	o.Expect(o.tenant.RestoreUser(id)).To(Succeed())
	o.Expect(o.tenant.DeleteUser(id)).To(Succeed())
	o.start()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectStalled(ada, b2b.ReasonGuestGone)
	o.Expect(message(ada)).To(And(ContainSubstring("resendToken"), ContainSubstring("restores them")))
	edit(o, ada, resend("come back"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(ada.Status.UserID).NotTo(Equal(id))
	o.expectMails("ada@partner.example", 2)
	o.Expect(o.calls(postRestore)).To(BeZero())
}

func TestAGuestWhoIsGoneIsNoticedWhenAnAdministratorRestoresThem(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	member := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(member, b2b.ReasonGranted)
	o.expectReady(ada, b2b.ReasonInvited)
	id := ada.Status.UserID
	o.Expect(o.tenant.DeleteUser(id)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestGone)
	o.expectStalled(member, b2b.ReasonGuestGone)
	o.Expect(message(ada)).To(And(ContainSubstring("resendToken"), ContainSubstring("restores them")))
	o.Expect(o.tenant.RestoreUser(id)).To(Succeed())
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectReady(member, b2b.ReasonGranted)
	o.Expect(ada.Status.UserID).To(Equal(id))
	o.expectMails("ada@partner.example", 1)
	o.Expect(o.events(member)).To(BeEmpty())

	o.Expect(o.tenant.DeleteUser(id)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestGone)
	edit(o, ada, resend("")) // asks for nothing
	o.tenant.PurgeDeleted()
	o.restart()
	o.Eventually(func() string { o.expectStalled(ada, b2b.ReasonGuestGone); return message(ada) }).ShouldNot(ContainSubstring("restores them"))
	o.expectMails("ada@partner.example", 1)
}

func TestARestoredUserStaysBlockedWhomSomebodyElseHadBlocked(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(o.tenant.DisableUser(ada.Status.UserID)).To(Succeed())
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	o.delete(ada)
	o.expectNoObject(ada)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example")
	ada = o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectStalled(ada, b2b.ReasonGuestDisabled)
	o.Expect(o.calls(postRestore)).To(Equal(1))
	o.Expect(o.calls("PATCH /users/{id}")).To(BeZero())
}

func TestAGuestIsRestoredWhileTheTenantRefusesInvitations(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	id := o.givenDeleted()
	o.stop()
	o.tenant.SetAllowInvitesFrom("none")
	o.start()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(ada.Status.UserID).To(Equal(id))
}
