package kill

import (
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// soon is how far ahead the dates lie on which access is to end.
const soon = 2 * time.Second

func TestAccessRunsOutOnItsDateWhateverIsKilled(t *testing.T) {
	t.Parallel()
	killedAtEveryWrite(t, func(w *world) {
		w.begin()
		w.runOut()
		w.expectQuiet()
		w.expectOutcome(wholeLife)
	})
}

func TestAccessRunsOutOnceWhateverIsAnswered(t *testing.T) {
	t.Parallel()
	for _, class := range []string{removeMember, deleteUser} {
		for name, effect := range map[string]graphsim.Effect{"504": graphsim.GatewayTimeout(), "reset": graphsim.ResetConnection()} {
			t.Run(class+", "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, window)
				happened := faulty(name, effect).plan(w, point{class: directory + ": " + class, ordinal: 1})
				w.manager.start()
				w.begin()
				w.runOut()
				w.expectQuiet()
				w.expectOutcome(wholeLife)
				w.g.Expect(happened()).To(BeTrue())
			})
		}
	}
}

func TestWhatRanOutWhileTheManagerWasDeadEndsWhenItStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, window)
	w.manager.start()
	w.begin()
	w.manager.restart(func() {
		w.expire(w.membership(partners), time.Now())
		w.expire(w.invitation(), time.Now())
	})
	w.waitUntilExpired(w.membership(partners), w.invitation())
	w.waitUntilReleased()
	w.expectQuiet()
	w.expectOutcome(wholeLife)
}

func TestARenewedInvitationRestoresTheGuestOnceWhateverIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, window)
	w.manager.start()
	w.begin()
	w.expire(w.invitation(), time.Now())
	w.waitUntilExpired(w.membership(partners), w.invitation())
	w.waitUntilReleased()
	w.restartAtEvery(answerLost)
	w.expire(w.invitation(), time.Now().Add(time.Hour))
	w.waitUntilGranted()
	w.plan(nil)
	w.expire(w.invitation(), time.Now())
	w.waitUntilExpired(w.membership(partners), w.invitation())
	w.waitUntilReleased()
	w.expectQuiet()
	w.expectReturns(slices.Concat(wholeLife.writes, []string{restoreUser}, wholeLife.writes[1:]))
}

// runOut lets the membership end, and then the invitation, each on its date.
func (w *world) runOut() {
	w.Helper()
	w.step()
	w.expire(w.membership(partners), time.Now().Add(soon))
	w.waitUntilExpired(w.membership(partners))
	w.g.Expect(w.tenant.Members(w.groupID)).To(Equal(w.before.members[w.groupID]))
	w.step()
	w.expire(w.invitation(), time.Now().Add(soon))
	w.waitUntilExpired(w.invitation(), w.membership(partners))
	w.waitUntilReleased()
}

// expire sets the date on which a membership or an invitation ends.
func (w *world) expire(object client.Object, at time.Time) {
	w.Helper()
	ends := metav1.NewTime(at)
	w.waitUntil("the date is set", func(g Gomega) {
		g.Expect(w.kube.Get(w.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
		switch object := object.(type) {
		case *b2b.GuestInvitation:
			object.Spec.ExpirationTime = &ends
		case *b2b.GuestGroupMembership:
			object.Spec.ExpirationTime = &ends
		}
		g.Expect(w.kube.Update(w.Context(), object)).To(Succeed())
	})
}

// waitUntilExpired waits until objects say that they have run out.
func (w *world) waitUntilExpired(objects ...client.Object) {
	w.Helper()
	w.waitUntil("access has run out", func(g Gomega) {
		for _, object := range objects {
			g.Expect(w.kube.Get(w.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
			expectReadyCondition(g, object)
			conditions := object.(interface{ GetConditions() []metav1.Condition }).GetConditions()
			g.Expect(meta.FindStatusCondition(conditions, b2b.ConditionReady).Reason).To(Equal(b2b.ReasonExpired))
		}
	})
}
