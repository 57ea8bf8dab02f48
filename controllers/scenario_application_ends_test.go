package controllers

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestAnAppRoleThatSomebodyElseTookBackIsAssignedAgainOnlyByARegrantToken(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectReady(role, b2b.ReasonGranted)
	o.awaitWindow()
	o.Expect(o.tenant.RemoveAssignment(role.Status.AssignmentID)).To(Succeed())
	edit(o, role, func(a *b2b.GuestAppRoleAssignment) { a.Spec.DeletionPolicy = b2b.DeletionPolicyRetain })
	o.expectStalled(role, b2b.ReasonRemovedExternally)
	o.expectEvent(role, "RemovedExternally", "regrantToken")
	o.Expect(role.Status.AssignmentID).To(BeEmpty())

	o.stop()
	o.wipeStatus()
	o.start()
	o.expectStalled(role, b2b.ReasonRemovedExternally)
	o.Expect(o.users(wiki)).To(BeEmpty())
	edit(o, role, func(a *b2b.GuestAppRoleAssignment) { a.Spec.RegrantToken = "please" })
	o.expectReady(role, b2b.ReasonGranted)
	o.expectAssignments(2, 0)
}

// awaitWindow waits until what has been assigned shows everywhere, as the operator reckons.
func (o *scenario) awaitWindow() {
	o.t.Helper()
	until := time.Now().Add(testReplicationWindow + time.Second)
	o.Eventually(time.Now).Should(BeTemporally(">", until))
}

func TestAnAppRoleFromBeforeIsNeverTakenBack(t *testing.T) {
	o := startScenario(t)
	id := o.tenant.AddGuest("ada@partner.example", "")
	_, err := o.tenant.AssignAppRole(o.tenant.ServicePrincipalByName(wiki), id, "Reader")
	o.Expect(err).NotTo(HaveOccurred())
	o.givenApplications()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectReady(role, b2b.ReasonGranted)
	o.delete(role)
	o.expectNoObject(role)
	o.delete(ada)
	o.expectReleased("ada@partner.example")
	o.Expect(o.users(wiki)).To(ConsistOf("ada@partner.example Reader"))
	o.Expect(o.writes()).To(BeEmpty())
}

func TestAnAppRoleThatSomebodyElseHasAssignedSinceIsTheirs(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectReady(role, b2b.ReasonGranted)
	o.Expect(o.tenant.RemoveAssignment(role.Status.AssignmentID)).To(Succeed())
	_, err := o.tenant.AssignAppRole(role.Status.ServicePrincipalID, role.Status.UserID, "Reader")
	o.Expect(err).NotTo(HaveOccurred())
	o.delete(role)
	o.expectNoObject(role)
	o.expectEvent(role, "AssignmentLeft", "somebody else")
	o.Expect(o.users(wiki)).To(HaveLen(1))
	o.expectAssignments(1, 0)
}

func TestTheLastOfTwoAssignmentsTakesTheRoleBack(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	// The name is that of a membership too, which is about something else.
	membership := o.givenMembership(o.team, "ada", "ada")
	first := o.givenAssignment(o.team, "ada", "ada")
	second := o.givenAssignment(o.otherTeam, "ada", "", func(a *b2b.GuestAppRoleAssignment) {
		a.Spec.Guest = b2b.MembershipGuest{EmailAddress: "Ada@partner.example"}
	})
	o.expectReady(first, b2b.ReasonGranted)
	o.expectReady(second, b2b.ReasonGranted)
	o.expectReady(membership, b2b.ReasonGranted)
	o.delete(first)
	o.expectNoObject(first)
	o.Expect(o.users(wiki)).To(HaveLen(1))
	o.Expect(o.members(partners)).To(HaveLen(1))
	o.delete(second)
	o.expectNoObject(second)
	o.Expect(o.users(wiki)).To(BeEmpty())
	o.Expect(o.members(partners)).To(HaveLen(1))
	o.expectAssignments(1, 1)
}

func TestAnAssignmentByAddressClaimsTheGuestAndNeverInvites(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	role := o.givenAssignment(o.team, "ada", "", func(a *b2b.GuestAppRoleAssignment) {
		a.Spec.Guest = b2b.MembershipGuest{EmailAddress: "Ada@partner.example"}
	})
	o.expectWaiting(role, b2b.ReasonWaitingForGuest)
	o.expectMails("ada@partner.example", 0)
	ada := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example")
	o.expectReady(role, b2b.ReasonGranted)
	o.delete(ada)
	o.expectNoObject(ada)
	o.awaitRounds(1)
	o.expectUser("ada@partner.example") // the assignment still asks for the guest
	o.delete(role)
	o.expectNoObject(role)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example")
}

func TestAReleasedGuestLosesAppRolesFirst(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectReady(role, b2b.ReasonGranted)
	o.delete(ada)
	o.expectWaiting(role, b2b.ReasonWaitingForInvitation)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example")
	writes := o.writes()
	revoked := slices.IndexFunc(writes, func(w string) bool { return strings.HasPrefix(w, revokeRole) })
	deleted := slices.IndexFunc(writes, func(w string) bool { return strings.HasPrefix(w, "DELETE /users/") })
	o.Expect(revoked).To(And(BeNumerically(">=", 0), BeNumerically("<", deleted)), "assignments end first: %s", writes)
	o.Expect(role.Status.AssignmentID).To(BeEmpty())
}

func TestAnAppRoleWhoseObjectLostItsFinalizerIsTakenBackByTheGuest(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectReady(role, b2b.ReasonGranted)
	o.stop()
	edit(o, role, func(a *b2b.GuestAppRoleAssignment) { a.Finalizers = nil })
	o.delete(role)
	o.expectNoObject(role)
	o.start()
	o.Eventually(func() []string { return o.users(wiki) }).Should(BeEmpty())
	o.expectAssignments(1, 1)
}

func TestAnAssignmentWithDeletionPolicyRetainLeavesTheRole(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada", func(a *b2b.GuestAppRoleAssignment) { a.Spec.DeletionPolicy = b2b.DeletionPolicyRetain })
	o.expectReady(role, b2b.ReasonGranted)
	o.delete(role)
	o.expectNoObject(role)
	o.expectEvent(role, "AssignmentLeft", "Retain")
	o.Expect(o.users(wiki)).To(HaveLen(1))
}

func TestASuspendedAssignmentIsNeitherMadeNorTakenBack(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada", suspendAssignment(true))
	o.expectCondition(role, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.awaitRounds(1)
	o.Expect(o.calls(grantRole)).To(BeZero())
	edit(o, role, suspendAssignment(false))
	o.expectReady(role, b2b.ReasonGranted)
	edit(o, role, suspendAssignment(true))
	o.expectCondition(role, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.delete(role)
	o.awaitRounds(1)
	o.Expect(o.users(wiki)).To(HaveLen(1))
	edit(o, role, suspendAssignment(false))
	o.expectNoObject(role)
	o.Expect(o.users(wiki)).To(BeEmpty())
}

func TestAnAssignmentCanWaitForTheGuestsAcceptance(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada", func(a *b2b.GuestAppRoleAssignment) { a.Spec.GrantWhen = b2b.MilestoneAccepted })
	o.expectWaiting(role, b2b.ReasonWaitingForAcceptance)
	o.Expect(o.calls(grantRole)).To(BeZero())
	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	o.expectReady(role, b2b.ReasonGranted)
}

func assignmentEndsAt(when time.Time) func(*b2b.GuestAppRoleAssignment) {
	return func(a *b2b.GuestAppRoleAssignment) { a.Spec.ExpirationTime = apiTime(when) }
}

func TestAnAssignmentEndsOnItsDateAndIsMadeAgainByALaterOne(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada", assignmentEndsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(role, b2b.ReasonGranted)
	o.expectCondition(role, b2b.ConditionExpiringSoon, metav1.ConditionTrue, b2b.ReasonExpirationTime)
	o.pass(clock, 24*time.Hour)
	o.expectReady(role, b2b.ReasonExpired)
	o.expectCondition(role, b2b.ConditionExpired, metav1.ConditionTrue, b2b.ReasonExpirationTime)
	o.Expect(o.users(wiki)).To(BeEmpty())
	o.Expect(role.Status.AssignmentID).To(BeEmpty())
	o.restart()
	o.awaitRounds(1)
	o.expectIdle(1)
	edit(o, role, assignmentEndsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(role, b2b.ReasonGranted)
	o.expectAssignments(2, 1)
}

func TestARoleThatOthersTookBackIsNotAssignedAgainByALaterDate(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada", assignmentEndsAt(clock.now().Add(24*time.Hour)))
	o.expectReady(role, b2b.ReasonGranted)
	o.Expect(o.tenant.RemoveAssignment(role.Status.AssignmentID)).To(Succeed())
	o.pass(clock, 24*time.Hour)
	o.expectReady(role, b2b.ReasonExpired)
	edit(o, role, assignmentEndsAt(clock.now().Add(24*time.Hour)))
	o.expectStalled(role, b2b.ReasonRemovedExternally)
	edit(o, role, func(a *b2b.GuestAppRoleAssignment) { a.Spec.RegrantToken = "please" })
	o.expectReady(role, b2b.ReasonGranted)
	o.expectAssignments(2, 0)
}

func TestAnEntraTenantStaysWhileAnAssignmentIsToBeTakenBack(t *testing.T) {
	o := startScenario(t)
	tenant := o.givenConnectedTenant()
	o.createPolicy("applications", func(p *b2b.GuestPolicy) { p.Spec.Applications = []b2b.ApplicationGrant{grant(wiki, "Reader")} })
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", retain) // of a user who is gone nothing is to be taken back
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectReady(role, b2b.ReasonGranted)
	edit(o, role, suspendAssignment(true))
	o.expectCondition(role, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.delete(ada, tenant, role)
	o.expectReady(o.guest("ada@partner.example"), b2b.ReasonReleased) // it keeps what it has still to take back
	o.expectTerminating(tenant, b2b.ReasonReleasing)
	o.Eventually(func() (string, error) { return o.reread(tenant) }).Should(ContainSubstring("1 GuestAppRoleAssignment that is not undone"))
	edit(o, role, suspendAssignment(false))
	o.expectNoObject(role, tenant)
}

func TestPermissionsForApplicationsAreMissedOnlyWhereAPolicyGrantsThem(t *testing.T) {
	o := startOperator(t, withLogin(nil))
	o.sim.SetPermissions(allBut(""))
	o.create(credentialSecret(o.namespace, "any"))
	tenant := o.createTenant(byClientSecret)
	o.expectReady(tenant, b2b.ReasonConnected)
	expectCondition(o, tenant, b2b.ConditionPermissionsGranted, metav1.ConditionTrue, b2b.ReasonGranted)
	policy := o.createPolicy("applications", func(p *b2b.GuestPolicy) { p.Spec.Applications = []b2b.ApplicationGrant{grant(wiki, "Reader")} })
	expectCondition(o, tenant, b2b.ConditionPermissionsGranted, metav1.ConditionFalse, b2b.ReasonPermissionMissing)
	o.Expect(tenant.Status.Permissions.Missing).To(ConsistOf(
		HaveField("Permission", permissionReadApplications), HaveField("Permission", permissionAssignAppRoles)))
	o.expectReady(policy, b2b.ReasonPermissionMissing)
}
