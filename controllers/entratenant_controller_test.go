package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const secretKey = "clientSecret"

// byClientSecret has an EntraTenant sign in with the Secret entra-credential.
func byClientSecret(tenant *b2b.EntraTenant) {
	tenant.Spec.Credential = b2b.Credential{ClientSecret: &b2b.ClientSecretCredential{
		ClientID: testClientID, SecretRef: b2b.SecretKeyReference{Name: "entra-credential", Key: secretKey},
	}}
}

func credentialSecret(namespace, value string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "entra-credential"},
		StringData: map[string]string{secretKey: value},
	}
}

func expectCondition(o *operatorUnderTest, object apiObject, conditionType string, status metav1.ConditionStatus, reason string) {
	o.t.Helper()
	expectSoon(o, object, func(g Gomega, object apiObject) {
		condition := meta.FindStatusCondition(object.GetConditions(), conditionType)
		g.Expect(condition).NotTo(BeNil())
		g.Expect([]string{string(condition.Status), condition.Reason}).To(Equal([]string{string(status), reason}), condition.Message)
	})
}

func TestATenantIsConnectedAndCounted(t *testing.T) {
	o := startOperator(t)
	o.sim.AddGuest("ada@partner.example", "Ada")
	tenant := o.createTenant()
	o.expectReady(tenant, b2b.ReasonConnected)
	expectCondition(o, tenant, b2b.ConditionPermissionsGranted, metav1.ConditionUnknown, b2b.ReasonNotDetermined)
	expectCondition(o, tenant, b2b.ConditionInvitationsAllowed, metav1.ConditionTrue, b2b.ReasonAllowed)
	expectSoon(o, tenant, func(g Gomega, tenant *b2b.EntraTenant) {
		g.Expect(tenant.Status.Guests).To(Equal(&b2b.TenantGuests{Total: 1}))
		g.Expect(tenant.Finalizers).To(ConsistOf(b2b.Finalizer))
		g.Expect(tenant.Status.ObservedGeneration).To(Equal(tenant.Generation))
	})
	o.Expect(o.sim.Ledger().Writes).To(BeEmpty())

	o.delete(tenant)
	o.expectGone(tenant)
}

func TestOfTwoEntraTenantsTheOlderServes(t *testing.T) {
	o := startOperator(t)
	first := o.createTenant(func(tenant *b2b.EntraTenant) { tenant.Name = "a-first" })
	o.expectReady(first, b2b.ReasonConnected)
	second := o.createTenant(func(tenant *b2b.EntraTenant) { tenant.Name = "b-second" })
	o.expectReady(second, b2b.ReasonTenantAlreadyConnected)
	expectCondition(o, second, b2b.ConditionStalled, metav1.ConditionTrue, b2b.ReasonTenantAlreadyConnected)

	o.delete(first)
	o.expectReady(second, b2b.ReasonConnected)
	o.Expect(meta.FindStatusCondition(second.Status.Conditions, b2b.ConditionStalled)).To(BeNil())
}

func TestACredentialComesLateIsWrongAndIsMendedWithoutARestart(t *testing.T) {
	o := startOperator(t, withLogin(map[string]string{testClientID: "right"}))
	tenant := o.createTenant(byClientSecret)
	o.expectReady(tenant, b2b.ReasonCredentialInvalid)
	o.Expect(meta.FindStatusCondition(tenant.Status.Conditions, b2b.ConditionReady).Message).To(ContainSubstring("does not exist"))

	secret := credentialSecret(o.namespace, "wrong")
	o.create(secret)
	expectSoon(o, tenant, func(g Gomega, tenant *b2b.EntraTenant) {
		ready := meta.FindStatusCondition(tenant.Status.Conditions, b2b.ConditionReady)
		g.Expect(ready.Reason).To(Equal(b2b.ReasonCredentialInvalid))
		g.Expect(ready.Message).To(ContainSubstring("refuses the operator's credential"))
		g.Expect(ready.Message).NotTo(ContainSubstring("wrong"))
	})

	update(o, secret, func(s *corev1.Secret) { s.Data = map[string][]byte{secretKey: []byte("right\n")} })
	o.expectReady(tenant, b2b.ReasonConnected)
	expectCondition(o, tenant, b2b.ConditionPermissionsGranted, metav1.ConditionTrue, b2b.ReasonGranted)

	o.sim.SetClientSecrets(map[string]string{testClientID: "rotated"})
	update(o, secret, func(s *corev1.Secret) { s.Data = map[string][]byte{secretKey: []byte("nonsense")} })
	o.expectReady(tenant, b2b.ReasonCredentialInvalid)
	update(o, secret, func(s *corev1.Secret) { s.Data = map[string][]byte{secretKey: []byte("rotated")} })
	o.expectReady(tenant, b2b.ReasonConnected)
}

func TestASecretInAnotherNamespaceIsNotRead(t *testing.T) {
	o := startOperator(t, withLogin(nil))
	o.create(credentialSecret(o.createNamespace("elsewhere", nil), "right"))
	tenant := o.createTenant(byClientSecret)
	o.expectReady(tenant, b2b.ReasonCredentialInvalid)
	o.Expect(o.sim.Ledger().TokensIssued).To(BeZero())
}

func TestMissingPermissionsAreNamed(t *testing.T) {
	o := startOperator(t, withLogin(nil))
	o.sim.SetPermissions([]string{"User.ReadWrite.All", "GroupMember.Read.All", "User.Read.All"})
	o.create(credentialSecret(o.namespace, "any"))
	tenant := o.createTenant(byClientSecret)
	o.expectReady(tenant, b2b.ReasonConnected)
	expectCondition(o, tenant, b2b.ConditionPermissionsGranted, metav1.ConditionFalse, b2b.ReasonPermissionMissing)
	expectCondition(o, tenant, b2b.ConditionInvitationsAllowed, metav1.ConditionUnknown, b2b.ReasonNotDetermined)
	var missing []string
	for _, m := range tenant.Status.Permissions.Missing {
		missing = append(missing, m.Permission)
	}
	o.Expect(missing).To(Equal([]string{"GroupMember.ReadWrite.All", "Policy.Read.All"}))
	o.Expect(tenant.Status.Permissions.Granted).To(Equal([]string{"GroupMember.Read.All", "User.Read.All", "User.ReadWrite.All"}))
}

func TestThePermissionToWriteUsersIsMissedOnlyWhereAPolicyNeedsIt(t *testing.T) {
	o := startOperator(t, withLogin(nil))
	o.sim.SetPermissions([]string{"User.Invite.All", "User.Read.All", "GroupMember.ReadWrite.All", "User.DeleteRestore.All", "Policy.Read.All"})
	o.create(credentialSecret(o.namespace, "any"))
	tenant := o.createTenant(byClientSecret)
	policy := o.createPolicy("everybody")
	expectCondition(o, tenant, b2b.ConditionPermissionsGranted, metav1.ConditionTrue, b2b.ReasonGranted)
	for name, grant := range map[string]func(*b2b.InvitationGrant){
		"profile":  func(g *b2b.InvitationGrant) { g.AllowedProfileFields = []b2b.ProfileField{"jobTitle"} },
		"sponsors": func(g *b2b.InvitationGrant) { g.RequireSponsor = true },
		"adopted":  func(g *b2b.InvitationGrant) { g.AllowAdoptedWrites = true },
	} {
		update(o, policy, func(p *b2b.GuestPolicy) {
			p.Spec.Invitations = &b2b.InvitationGrant{AllowedDomains: []string{"*"}}
			grant(p.Spec.Invitations)
		})
		expectCondition(o, tenant, b2b.ConditionPermissionsGranted, metav1.ConditionFalse, b2b.ReasonPermissionMissing)
		o.Expect(tenant.Status.Permissions.Missing).To(Equal([]b2b.MissingPermission{
			{Permission: "User.ReadWrite.All", NeededFor: "setting the profiles and the sponsors of guests"},
		}), name)
		update(o, policy, func(p *b2b.GuestPolicy) { p.Spec.Invitations = &b2b.InvitationGrant{AllowedDomains: []string{"*"}} })
		expectCondition(o, tenant, b2b.ConditionPermissionsGranted, metav1.ConditionTrue, b2b.ReasonGranted)
	}
}

func TestATenantThatForbidsInvitationsIsAskedForNone(t *testing.T) {
	o := startOperator(t)
	o.sim.SetAllowInvitesFrom("none")
	tenant := o.createTenant()
	expectCondition(o, tenant, b2b.ConditionInvitationsAllowed, metav1.ConditionFalse, b2b.ReasonInvitationsBlocked)
	o.expectReady(tenant, b2b.ReasonConnected)
	o.createPolicy("all")
	invitation := &b2b.GuestInvitation{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.createNamespace("team", nil), Name: "ada"},
		Spec:       b2b.GuestInvitationSpec{EmailAddress: "ada@partner.example"},
	}
	o.create(invitation)
	o.expectReady(invitation, b2b.ReasonInvitationsBlocked)
	o.Expect(o.sim.Ledger().Calls).NotTo(HaveKey("POST /invitations"))

	o.sim.SetAllowInvitesFrom("everyone")
	expectCondition(o, tenant, b2b.ConditionInvitationsAllowed, metav1.ConditionTrue, b2b.ReasonAllowed)
}

func TestAnOutageIsWaitedOut(t *testing.T) {
	o := startOperator(t)
	o.sim.Outage(true)
	tenant := o.createTenant()
	o.expectReady(tenant, b2b.ReasonDirectoryUnavailable)
	expectCondition(o, tenant, b2b.ConditionReconciling, metav1.ConditionTrue, b2b.ReasonDirectoryUnavailable)
	o.sim.Outage(false)
	o.expectReady(tenant, b2b.ReasonConnected)
}

func TestTheTenantOfAnotherOrganisationIsNotConnected(t *testing.T) {
	o := startOperator(t, withSim(graphsim.Options{AcceptAnyToken: true}))
	tenant := o.createTenant(func(tenant *b2b.EntraTenant) { tenant.Spec.TenantID = "00000000-1111-2222-3333-444444444444" })
	o.expectReady(tenant, b2b.ReasonCredentialInvalid)
	o.Expect(meta.FindStatusCondition(tenant.Status.Conditions, b2b.ConditionReady).Message).To(ContainSubstring("belongs to another tenant"))
}

func TestASuspendedTenantSaysSoAndStaysReady(t *testing.T) {
	o := startOperator(t)
	tenant := o.createTenant()
	o.expectReady(tenant, b2b.ReasonConnected)
	update(o, tenant, func(tenant *b2b.EntraTenant) { tenant.Spec.Suspend = true })
	expectCondition(o, tenant, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonSuspended)
	o.expectReady(tenant, b2b.ReasonConnected)
	update(o, tenant, func(tenant *b2b.EntraTenant) { tenant.Spec.Suspend = false })
	expectSoon(o, tenant, func(g Gomega, tenant *b2b.EntraTenant) {
		g.Expect(meta.FindStatusCondition(tenant.Status.Conditions, b2b.ConditionSuspended)).To(BeNil())
	})
}

func TestATenantStaysUntilItsGuestsAreReleased(t *testing.T) {
	o := startOperator(t)
	tenant := o.createTenant()
	o.createPolicy("all")
	invitation := &b2b.GuestInvitation{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.createNamespace("team", nil), Name: "ada"},
		Spec:       b2b.GuestInvitationSpec{EmailAddress: "ada@partner.example"},
	}
	o.create(invitation)
	o.expectReady(invitation, b2b.ReasonInvited)

	o.delete(tenant)
	o.expectReady(tenant, b2b.ReasonReleasing)
	o.Expect(meta.FindStatusCondition(tenant.Status.Conditions, b2b.ConditionReady).Message).To(ContainSubstring("1 Guest that is not released"))
	user, found := o.sim.UserByAddress("ada@partner.example")
	o.Expect(found).To(BeTrue())

	o.delete(invitation)
	o.expectGone(tenant)
	_, found = o.sim.User(user.ID)
	o.Expect(found).To(BeFalse(), "the guest was to be deleted with the last claim")
	guests := &b2b.GuestList{}
	o.Expect(o.client.List(t.Context(), guests)).To(Succeed())
	o.Expect(guests.Items).To(BeEmpty())
}

func TestNothingIsWrittenWhileNothingChanges(t *testing.T) {
	o := startOperator(t)
	tenant, policy := o.createTenant(), o.createPolicy("all")
	o.expectReady(tenant, b2b.ReasonConnected)
	o.expectReady(policy, b2b.ReasonValid)
	expectSoon(o, tenant, func(g Gomega, tenant *b2b.EntraTenant) { g.Expect(tenant.Status.Guests).NotTo(BeNil()) })
	versions := func() [2]string {
		o.Expect(o.client.Get(t.Context(), client.ObjectKeyFromObject(tenant), tenant)).To(Succeed())
		o.Expect(o.client.Get(t.Context(), client.ObjectKeyFromObject(policy), policy)).To(Succeed())
		return [2]string{tenant.ResourceVersion, policy.ResourceVersion}
	}
	before, asked := versions(), func() int { return o.sim.Ledger().Calls["GET /users/delta"] }
	known := asked()
	o.Eventually(asked, patience, pollInterval).Should(BeNumerically(">=", known+2), "two more looks at the tenant")
	o.Expect(versions()).To(Equal(before))

	o.restart()
	known = asked()
	o.Eventually(asked, patience, pollInterval).Should(BeNumerically(">=", known+2))
	o.Expect(versions()).To(Equal(before), "after a restart")
}
