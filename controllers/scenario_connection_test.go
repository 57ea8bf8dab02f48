package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// bySecret has the tenant sign in with a client secret of the operator's namespace.
func (o *scenario) bySecret(value string) (*corev1.Secret, func(*b2b.EntraTenant)) {
	o.t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: "entra-credential"},
		StringData: map[string]string{"clientSecret": value},
	}
	o.create(secret)
	return secret, func(tenant *b2b.EntraTenant) {
		tenant.Spec.Credential = b2b.Credential{ClientSecret: &b2b.ClientSecretCredential{
			ClientID: testClientID, SecretRef: b2b.SecretKeyReference{Name: secret.Name, Key: "clientSecret"},
		}}
	}
}

func TestAWrongCredentialHoldsInvitationsUpUntilTheSecretIsMended(t *testing.T) {
	o := startScenario(t, withLogin(map[string]string{testClientID: "right"}))
	secret, credential := o.bySecret("wrong")
	tenant := o.createTenant(credential)
	o.givenPolicy()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectWaiting(tenant, b2b.ReasonCredentialInvalid)
	o.Expect(message(tenant)).To(ContainSubstring("Check the credential"))
	o.expectWaiting(ada, b2b.ReasonWaitingForTenant)
	o.Expect(message(ada)).To(ContainSubstring("credential"))

	edit(o, secret, func(s *corev1.Secret) { s.Data["clientSecret"] = []byte("right\n") })
	o.expectReady(tenant, b2b.ReasonConnected)
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(tenant, b2b.ConditionPermissionsGranted, metav1.ConditionTrue, b2b.ReasonGranted)
}

func TestAnUnreachableDirectoryIsWaitedFor(t *testing.T) {
	o := startScenario(t)
	tenant := o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.tenant.Outage(true)
	ben := o.givenInvitation(o.team, "ben", "ben@partner.example")
	cem := o.givenInvitation(o.team, "cem", "cem@partner.example")
	o.expectWaiting(ben, b2b.ReasonDirectoryUnavailable)
	o.expectWaiting(tenant, b2b.ReasonDirectoryUnavailable)
	o.expectReady(ada, b2b.ReasonInvited) // nothing is known against it

	o.delete(cem) // nothing was announced for it
	o.expectNoObject(cem, o.guest("cem@partner.example"))

	o.tenant.Outage(false)
	o.expectReady(tenant, b2b.ReasonConnected)
	o.expectReady(ben, b2b.ReasonInvited)
	o.expectMails("ben@partner.example", 1)
	o.expectMails("cem@partner.example", 0)
}

func TestATenantThatThrottlesIsLeftAloneAndComesBack(t *testing.T) {
	o := startScenario(t)
	o.tenant.Inject(graphsim.Fault{Times: 1, Effect: graphsim.Throttle("4")})
	tenant := o.createTenant()
	o.givenPolicy()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectWaiting(tenant, b2b.ReasonThrottled)
	o.expectWaiting(ada, b2b.ReasonWaitingForTenant)
	o.expectReady(tenant, b2b.ReasonConnected)
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectNoEarlyCalls()
}

// allBut is every permission that the operator asks for, but one.
func allBut(missing string) (permissions []string) {
	for _, need := range needs() {
		if need.permission != missing {
			permissions = append(permissions, need.permission)
		}
	}
	return permissions
}

// The operator comes back to what only other people can mend once a minute.
func TestWhatOthersMendIsSeenWithinAMinuteOrSo(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than a minute")
	}
	o := startScenario(t)
	o.SetDefaultEventuallyTimeout(2 * time.Minute)
	o.tenant.AddGuest("late@partner.example", "")
	o.givenConnectedTenant()
	o.tenant.SetPermissions(allBut(permissionInvite))
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectWaiting(ada, b2b.ReasonPermissionMissing)
	o.Expect(message(ada)).To(ContainSubstring("User.Invite.All"))
	o.tenant.SetPermissions(allBut(permissionWriteGroups))
	membership := o.givenMembership(o.team, "late", "", ofAddress("late@partner.example"))
	o.expectWaiting(membership, b2b.ReasonPermissionMissing)
	o.Expect(message(membership)).To(ContainSubstring("GroupMember.ReadWrite.All"))
	absent := o.givenMembership(o.team, "absent", "", ofAddress("absent@partner.example"))
	o.expectWaiting(absent, b2b.ReasonWaitingForGuest)
	forged := o.givenForgedGuest("dan@partner.example")
	dan := o.givenInvitation(o.team, "dan", "dan@partner.example")
	o.expectStalled(dan, b2b.ReasonNameCollision)
	o.expectNoUser("mallory@partner.example")

	o.tenant.SetPermissions(nil)
	edit(o, forged, func(g *b2b.Guest) { g.Finalizers = nil })
	o.tenant.AddGuest("absent@partner.example", "")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 1)
	o.expectReady(membership, b2b.ReasonGranted)
	o.expectReady(absent, b2b.ReasonGranted)
	o.expectReady(dan, b2b.ReasonInvited)
}

// givenForgedGuest puts a Guest under the name of another address's.
func (o *scenario) givenForgedGuest(address string) *b2b.Guest {
	o.t.Helper()
	forged := &b2b.Guest{
		ObjectMeta: metav1.ObjectMeta{
			Name:       b2b.GuestName(b2b.DefaultTenantName, o.tenant.TenantID(), address),
			Finalizers: []string{"example.com/kept"},
		},
		Spec: b2b.GuestSpec{
			TenantRef: b2b.TenantReference{Name: b2b.DefaultTenantName}, TenantID: o.tenant.TenantID(), EmailAddress: "mallory@partner.example",
		},
	}
	o.create(forged)
	return forged
}
