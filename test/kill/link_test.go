package kill

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

const secretName = "ada-redeem"

// linked has the link of the invitation go into a Secret, and no mail out.
func linked(w *world) {
	w.wanted = func(spec *b2b.GuestInvitationSpec) {
		spec.Message.Send, spec.RedeemURLSecretRef = new(bool), &b2b.LocalSecretReference{Name: secretName}
	}
}

func (w *world) secret() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: secretName}}
}

// Invitations are how many the life of a guest takes: where the answer with the link is lost, a second one makes another.
func TestTheLinkIsInItsSecretAndGoodWhateverIsKilled(t *testing.T) {
	t.Parallel()
	post, announcement := point{class: directory + ": " + postInvitation, ordinal: 1}, point{class: kubernetes + ": update guests", ordinal: 1}
	creation, removal := point{class: kubernetes + ": create secrets", ordinal: 1}, point{class: kubernetes + ": delete secrets", ordinal: 1}
	invitations := map[point]int{announcement: 1, post: 2, creation: 1, removal: 1}
	eachMishap(t, slices.Collect(maps.Keys(invitations)), func(w *world, at point, happened func() bool) {
		w.liveWithLink()
		w.g.Expect(happened()).To(BeTrue())
		w.expectOutcome(outcome{lives: 1, writes: append(slices.Repeat([]string{postInvitation}, invitations[at]), deleteUser)})
	}, linked)
}

// The manager is killed while it makes a link anew, too.
func TestALinkThatSomebodyDeletedIsMadeAnewWhateverIsKilled(t *testing.T) {
	t.Parallel()
	again := point{class: directory + ": " + postInvitation, ordinal: 2}
	eachMishap(t, []point{again}, func(w *world, _ point, happened func() bool) {
		w.create(w.platform()...)
		w.create(w.invitation())
		w.waitUntilStored()
		w.manager.restart(func() { w.delete(w.secret()) })
		w.waitUntil("another link is made", func(g Gomega) { g.Expect(happened()).To(BeTrue()) })
		w.waitUntil("it is in the Secret", func(g Gomega) { w.expectGoodLink(g) })
		w.finishWithLink()
		w.expectOutcome(outcome{lives: 1, writes: []string{postInvitation, postInvitation, postInvitation, deleteUser}})
	}, linked)
}

// liveWithLink is the life of a guest who redeems by the link in the Secret.
func (w *world) liveWithLink() {
	w.Helper()
	w.create(w.platform()...)
	w.create(w.invitation())
	w.waitUntilStored()
	w.finishWithLink()
}

func (w *world) waitUntilStored() {
	w.Helper()
	w.waitUntil("the link is in its Secret", func(g Gomega) {
		invitation := w.invitation()
		w.expectReady(g, invitation)
		g.Expect(meta.IsStatusConditionTrue(invitation.Status.Conditions, b2b.ConditionRedeemLinkStored)).To(BeTrue())
		w.expectGoodLink(g)
	})
}

// expectGoodLink expects the link in the Secret to be the one of the latest invitation that was announced.
func (w *world) expectGoodLink(g Gomega) {
	secret := w.secret()
	g.Expect(w.kube.Get(w.Context(), client.ObjectKeyFromObject(secret), secret)).To(Succeed())
	guest, err := w.guest()
	g.Expect(err).NotTo(HaveOccurred())
	record := struct {
		Attempts []struct {
			Number int `json:"attempt"`
		} `json:"attempts"`
	}{}
	g.Expect(json.Unmarshal([]byte(guest.Annotations[b2b.RecordAnnotation]), &record)).To(Succeed())
	latest := record.Attempts[len(record.Attempts)-1].Number
	g.Expect(secret.Annotations).To(HaveKeyWithValue(b2b.AttemptAnnotation, fmt.Sprintf("%s/%d", guest.UID, latest)))
}

// finishWithLink has the guest redeem by the link and be released.
func (w *world) finishWithLink() {
	w.Helper()
	w.expectQuiet()
	w.step()
	secret := w.secret()
	w.g.Expect(w.kube.Get(w.Context(), client.ObjectKeyFromObject(secret), secret)).To(Succeed())
	_, err := w.tenant.Redeem(string(secret.Data[b2b.RedeemURLKey]))
	w.g.Expect(err).NotTo(HaveOccurred(), "the link in the Secret")
	w.waitUntil("the guest has accepted, and the Secret is gone", func(g Gomega) {
		invitation := w.invitation()
		w.expectReady(g, invitation)
		g.Expect(meta.IsStatusConditionTrue(invitation.Status.Conditions, b2b.ConditionAccepted)).To(BeTrue())
		w.expectGone(g, w.secret())
	})
	w.release()
	w.expectQuiet()
}
