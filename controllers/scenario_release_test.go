package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func retain(i *b2b.GuestInvitation) { i.Spec.DeletionPolicy = b2b.DeletionPolicyRetain }

func TestRetainByAnyClaimIsRememberedAndWins(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	first := o.givenInvitation(o.team, "ada", "ada@partner.example", retain)
	o.expectReady(first, b2b.ReasonInvited) // its claim is in before the other comes
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example")
	o.expectReady(second, b2b.ReasonInvited)
	o.expectCondition(second, b2b.ConditionAuthor, metav1.ConditionFalse, b2b.ReasonEarlierClaim)
	o.delete(first)
	o.expectCondition(second, b2b.ConditionAuthor, "", "")
	o.restart()
	o.delete(second)
	o.expectNoObject(second)
	o.expectEvent(o.expectReleased("ada@partner.example"), "Released", "Retain")
	o.expectUser("ada@partner.example")
}

func TestADeletionPolicyThatWasChangedInTimeCounts(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", retain)
	o.expectReady(ada, b2b.ReasonInvited)
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.DeletionPolicy = b2b.DeletionPolicyDelete })
	o.expectReady(ada, b2b.ReasonInvited) // of the spec as it is now
	o.delete(ada)
	o.expectNoObject(ada)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example")
}

func TestOnReleaseRetainAllTouchesNothingAnyMore(t *testing.T) {
	o := startScenario(t)
	tenant := o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	edit(o, tenant, func(tenant *b2b.EntraTenant) { tenant.Spec.OnRelease = b2b.OnReleaseRetainAll })
	o.expectReady(tenant, b2b.ReasonConnected)
	o.delete(membership, ada, tenant)
	o.expectNoObject(membership, ada, tenant)
	o.expectEvent(membership, "GroupLeft", "RetainAll")
	o.Expect(o.objects()).To(HaveLen(1)) // the policy
	o.Expect(o.members(partners)).To(ConsistOf(o.userID("ada@partner.example")))
	o.Expect(o.writes()).To(HaveLen(2)) // the invitation and the membership
}

func TestAUserWhomAnAdministratorChangedIsNotDeleted(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	changes := map[string]func(*graphsim.User){
		"member": func(u *graphsim.User) { u.UserType = "Member" },
		"moved": func(u *graphsim.User) {
			u.Mail, u.OtherMails, u.ProxyAddresses = "new@other.example", []string{}, []string{}
		},
		"converted": func(u *graphsim.User) { u.UserPrincipalName, u.Identities = "converted@contoso.example", nil },
	}
	for name, change := range changes {
		invitation := o.givenInvitation(o.team, name, name+"@partner.example")
		o.expectReady(invitation, b2b.ReasonInvited)
		o.Expect(o.tenant.UpdateUser(invitation.Status.UserID, change)).To(Succeed())
		o.delete(invitation)
		o.expectNoObject(invitation)
		o.expectEvent(o.expectReleased(name+"@partner.example"), "Retained", "")
		_, there := o.tenant.User(invitation.Status.UserID)
		o.Expect(there).To(BeTrue(), name)
	}
}

func TestAGuestThatIsReleasedCanBeAskedForAgain(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	for life := 1; life <= 3; life++ {
		ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
		o.expectReady(ada, b2b.ReasonInvited)
		o.expectMails("ada@partner.example", life)
		o.delete(ada)
		o.expectNoObject(ada)
		o.expectReleased("ada@partner.example")
		o.expectNoUser("ada@partner.example")
	}
}

func TestAGuestObjectThatSomebodyDeletesIsServedUntilItsClaimsAreGone(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	guest := o.guest("ada@partner.example")
	o.delete(guest)
	edit(o, ada, rename("Ada"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectUser("ada@partner.example")
	o.delete(ada)
	o.expectNoObject(ada, guest)
	o.expectNoUser("ada@partner.example")
	o.expectMails("ada@partner.example", 1)
}
