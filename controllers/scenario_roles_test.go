package controllers

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// operatorUser is who the operator is where it has no more rights than the installation gives it.
const operatorUser = "the-operator"

// unprivileged gives the operator the rights of the installation in place of an administrator's.
func unprivileged(o *operatorUnderTest) { o.user = operatorUser }

// grantInstalledRights binds the roles of the installation to the operator's user.
func (o *operatorUnderTest) grantInstalledRights() {
	o.t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(o.readFile("../config/rbac/role.yaml")), 4096)
	cluster, own := &rbacv1.ClusterRole{}, &rbacv1.Role{}
	o.Expect(decoder.Decode(cluster)).To(Succeed())
	o.Expect(decoder.Decode(own)).To(Succeed())
	o.Expect(errors.Is(decoder.Decode(&rbacv1.Role{}), io.EOF)).To(BeTrue(), "another role that nobody binds here")
	cluster.Name, own.Name, own.Namespace = o.namespace, "operator", o.namespace
	o.create(cluster, own,
		&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: o.namespace}, RoleRef: roleRef("ClusterRole", cluster.Name), Subjects: operatorSubject()},
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: "operator"}, RoleRef: roleRef("Role", own.Name),
			Subjects: operatorSubject()})
}

func (o *operatorUnderTest) readFile(path string) []byte {
	o.t.Helper()
	text, err := os.ReadFile(path)
	o.Expect(err).NotTo(HaveOccurred())
	return text
}

func roleRef(kind, name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
}

func operatorSubject() []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: operatorUser}}
}

// bindRedeemSecrets does what the documentation tells the platform team to do for a namespace.
func (o *scenario) bindRedeemSecrets(namespace string) *rbacv1.RoleBinding {
	o.t.Helper()
	role := &rbacv1.ClusterRole{}
	o.Expect(yaml.Unmarshal(o.readFile("../config/rbac/redeem_secrets_role.yaml"), role)).To(Succeed())
	o.Expect(role.Name).To(Equal(roleRedeemSecrets))
	o.Expect(client.IgnoreAlreadyExists(o.client.Create(o.ctx, role))).To(Succeed())
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: roleRedeemSecrets}, RoleRef: roleRef("ClusterRole", roleRedeemSecrets),
		Subjects: operatorSubject(),
	}
	o.create(binding)
	return binding
}

func TestWithoutTheRoleTheConditionSaysWhatToBindWhereAndNoLinkIsLostToIt(t *testing.T) {
	o := startScenario(t, unprivileged)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionRedeemLinkStored, metav1.ConditionFalse, b2b.ReasonSecretForbidden)
	o.Expect(whatSays(ada.Status.Conditions, b2b.ConditionRedeemLinkStored).message).To(And(
		ContainSubstring("ClusterRole entra-guests-redeem-secrets"), ContainSubstring("namespace "+o.team), ContainSubstring(operatorUser)))
	binding := o.bindRedeemSecrets(o.team)
	edit(o, ada, rename("Ada"))
	secret := o.expectLink(ada)
	o.Expect(o.calls("POST /invitations")).To(Equal(1), "the link was held meanwhile")
	edit(o, ada, resend("2")) // the Secret can be changed
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	expectSoon(o.operatorUnderTest, secret.DeepCopy(), func(g Gomega, s *corev1.Secret) { g.Expect(linkIn(s)).NotTo(Equal(linkIn(secret))) })
	o.Expect(o.tenant.Redeem(linkIn(o.expectLink(ada)))).NotTo(BeEmpty())
	o.expectNoObject(secret) // and deleted

	grace := o.givenInvitation(o.team, "grace", "grace.h@partner.example", linkInto("grace-redeem"))
	left := o.expectLink(grace)
	o.delete(binding)
	o.Eventually(func() error {
		_, err := o.tenant.Redeem(linkIn(left))
		return err
	}).Should(Succeed())
	o.expectReady(grace, b2b.ReasonAccepted)
	o.expectEvent(o.guest("grace.h@partner.example"), "SecretLeft", "grace-redeem")
}
