package kill

import (
	"slices"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// partners is the name of the membership.
const partners = "ada-in-partners"

// liveThrough is the whole life of an invitation and a membership, with whatever is planned to happen meanwhile, until nothing
// happens any more.
func (w *world) liveThrough() {
	w.Helper()
	w.apply()
	w.liveOn()
}

// liveOn is liveThrough from where everything has been applied.
func (w *world) liveOn() {
	w.Helper()
	w.waitUntilGranted()
	w.redeem()
	w.leave(partners)
	w.release()
	w.expectQuiet()
}

// begin applies everything and waits until the guest is invited and in the group.
func (w *world) begin() {
	w.Helper()
	w.apply()
	w.waitUntilGranted()
}

// apply applies everything at once.
func (w *world) apply() {
	w.Helper()
	w.create(w.platform()...)
	w.create(w.invitation(), w.membership(partners))
}

func (w *world) waitUntilGranted() {
	w.Helper()
	w.waitUntil("the guest is invited and in the group", func(g Gomega) {
		w.expectReady(g, w.invitation(), w.membership(partners))
		w.expectMember(g)
	})
}

// redeem is the guest's click, seen by the operator.
func (w *world) redeem() {
	w.Helper()
	w.step()
	_, err := w.tenant.Redeem(address)
	w.g.Expect(err).NotTo(HaveOccurred())
	w.waitUntil("the guest has accepted", func(g Gomega) {
		invitation := w.invitation()
		w.expectReady(g, invitation, w.membership(partners))
		g.Expect(meta.IsStatusConditionTrue(invitation.Status.Conditions, b2b.ConditionAccepted)).To(BeTrue(), "condition Accepted")
		w.expectMember(g)
	})
}

// leave deletes a membership and waits until it is gone.
func (w *world) leave(name string) {
	w.Helper()
	w.step()
	w.delete(w.membership(name))
	w.waitUntil("the guest has left the group", func(g Gomega) {
		w.expectGone(g, w.membership(name))
		g.Expect(w.tenant.Members(w.groupID)).To(Equal(w.before.members[w.groupID]))
		w.expectReady(g, w.invitation())
	})
}

// release deletes the invitation and waits until the guest is released.
func (w *world) release() {
	w.Helper()
	w.step()
	w.delete(w.invitation())
	w.waitUntilReleased()
}

// waitUntil waits for a condition.
func (w *world) waitUntil(what string, condition func(Gomega)) {
	w.Helper()
	w.g.Eventually(condition).WithTimeout(patience).WithPolling(interval).Should(Succeed(), "waiting until "+what)
}

// expectReady reads objects, and those of the platform and the Guest, and expects all to be Ready.
func (w *world) expectReady(g Gomega, objects ...client.Object) {
	guest, err := w.guest()
	g.Expect(err).NotTo(HaveOccurred())
	for _, object := range append(objects, append(w.platform()[:2], guest)...) {
		g.Expect(w.kube.Get(w.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
		expectReadyCondition(g, object)
	}
}

// expectReadyCondition expects an object's own word that it is Ready, about the spec as it is.
func expectReadyCondition(g Gomega, object client.Object) {
	name := object.GetName()
	conditions := object.(interface{ GetConditions() []metav1.Condition }).GetConditions()
	ready := meta.FindStatusCondition(conditions, b2b.ConditionReady)
	g.Expect(ready).NotTo(BeNil(), name)
	g.Expect(ready.Status).To(Equal(metav1.ConditionTrue), "%s: %s: %s", name, ready.Reason, ready.Message)
	g.Expect(ready.ObservedGeneration).To(Equal(object.GetGeneration()), name)
}

// expectMember expects the guest to be the one more member of the group.
func (w *world) expectMember(g Gomega) {
	user, found := w.tenant.UserByAddress(address)
	g.Expect(found).To(BeTrue(), "the user is in the tenant")
	g.Expect(w.tenant.Members(w.groupID)).To(Equal(append(slices.Clone(w.before.members[w.groupID]), user.ID)))
}

func (w *world) expectGone(g Gomega, object client.Object) {
	err := w.kube.Get(w.Context(), client.ObjectKeyFromObject(object), object)
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%s is still there", object.GetName())
}

// For a run to count as quiet, so many rounds of observation must have begun since the last write, and more time must have passed
// than the operator lets pass between two looks at anything: the interval of observation and a fifth.
const (
	quietRounds = 2
	quietFor    = 7 * time.Second
)

// expectQuiet waits until the operator goes on observing and nothing is written on either side.
func (w *world) expectQuiet() {
	w.Helper()
	var last time.Time
	writes, rounds := -1, int64(0)
	w.waitUntil("nothing is written any more", func(g Gomega) {
		if now := w.recorder.count(); now != writes {
			writes, rounds, last = now, w.rounds.Load(), time.Now()
		}
		g.Expect(w.rounds.Load()-rounds).To(BeNumerically(">=", quietRounds), "rounds since the last of %d writes", writes)
		g.Expect(time.Since(last)).To(BeNumerically(">", quietFor), "since the last of %d writes", writes)
	})
}
