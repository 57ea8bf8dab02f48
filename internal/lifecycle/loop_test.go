package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

func TestEachStepIsStoredBeforeItIsDoneAndDecidedAnew(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	w.kind.steps = []lifecycle.Step{w.step("invite"), w.step("add")}
	w.kind.verdict = lifecycle.IsReady(b2b.ReasonInvited, "done")
	result, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeZero())
	g.Expect(w.log).To(Equal([]string{
		"decide", "announce invite", "stored update", "act invite",
		"decide", "announce add", "stored update", "act add",
		"decide", "stored status",
	}))
	g.Expect(w.stored(g).Annotations).To(HaveKeyWithValue("announced", "add"))
}

func TestAStepThatMustWaitForItsTurnIsNotAnnounced(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	queued, step := lifecycle.Wait(b2b.ReasonThrottled, "in the queue", 0), w.step("invite")
	step.Await = func(context.Context) (context.Context, func(), *lifecycle.Verdict) { return nil, nil, &queued }
	w.kind.steps = []lifecycle.Step{step}
	result, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeZero(), "it is woken")
	g.Expect(w.log).To(Equal([]string{"decide", "stored status"}))
	g.Expect(w.ready(g)).To(Equal(b2b.ReasonThrottled))
}

func TestAStepAnnouncesAndActsInItsTurnAndEndsIt(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	type turn struct{}
	step := w.step("invite")
	act := step.Act
	step.Act = func(ctx context.Context) *lifecycle.Verdict {
		g.Expect(ctx.Value(turn{})).To(Equal("mine"))
		return act(ctx)
	}
	step.Await = func(ctx context.Context) (context.Context, func(), *lifecycle.Verdict) {
		return context.WithValue(ctx, turn{}, "mine"), func() { w.log = append(w.log, "end of turn") }, nil
	}
	w.kind.steps = []lifecycle.Step{step}
	w.kind.verdict = lifecycle.IsReady(b2b.ReasonInvited, "done")
	_, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.log).To(Equal([]string{
		"decide", "announce invite", "stored update", "act invite", "end of turn", "decide", "stored status",
	}))
}

func TestALostRaceEndsTheReconcileBeforeAnythingIsDone(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	w.kind.steps = []lifecycle.Step{w.step("invite")}
	w.kind.decided = func(*b2b.Guest) { // somebody else writes between our read and our announcement
		other := w.stored(g)
		other.Annotations = map[string]string{"announced": "by another"}
		g.Expect(w.plain.Update(context.Background(), other)).To(Succeed())
	}
	result, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred(), "losing is nobody's failure")
	g.Expect(result.RequeueAfter).To(BeNumerically(">=", lifecycle.Soon))
	g.Expect(w.log).To(Equal([]string{"decide", "announce invite"}), "neither act nor status")
	g.Expect(w.stored(g).Annotations).To(HaveKeyWithValue("announced", "by another"))
}

func TestWhatCannotBeAnnouncedIsNotDone(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	down, step := errors.New("etcd is down"), w.step("invite")
	step.Announce = func(context.Context) error { return down }
	w.kind.steps = []lifecycle.Step{step}
	_, err := w.reconcile()
	g.Expect(err).To(MatchError(down))
	g.Expect(err).To(MatchError(ContainSubstring("announcing invite")))
	g.Expect(w.log).To(Equal([]string{"decide"}))
}

func TestAnActThatFailsEndsTheReconcileWithItsVerdict(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	throttled, step := lifecycle.Wait(b2b.ReasonThrottled, "slow down", lifecycle.Later), w.step("invite")
	step.Act = func(context.Context) *lifecycle.Verdict { return &throttled }
	w.kind.steps = []lifecycle.Step{step, w.step("add")}
	result, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(And(BeNumerically(">=", lifecycle.Later), BeNumerically("<=", lifecycle.Later*6/5)))
	g.Expect(w.log).To(Equal([]string{"decide", "announce invite", "stored update", "stored status"}))
	g.Expect(w.ready(g)).To(Equal(b2b.ReasonThrottled))
}

func TestADateIsKeptWhateverElseIsGoingOn(t *testing.T) {
	const due = 90 * time.Second
	cases := map[string]func(*world){
		"nothing to do": func(w *world) { w.kind.verdict = lifecycle.IsReady(b2b.ReasonInvited, "done") },
		"a longer wait": func(w *world) { w.kind.verdict = lifecycle.Wait(b2b.ReasonThrottled, "later", time.Hour) },
		"a step while suspended": func(w *world) {
			w.kind.suspended, w.kind.steps = b2b.ReasonSuspended, []lifecycle.Step{w.step("invite")}
		},
		"a step that ends in a person's decision": func(w *world) {
			step, stalled := w.step("invite"), lifecycle.Stall(b2b.ReasonInvitationRefused, "no")
			step.Act = func(context.Context) *lifecycle.Verdict { return &stalled }
			w.kind.steps = []lifecycle.Step{step}
		},
		"a step that waits for its turn": func(w *world) {
			step, queued := w.step("invite"), lifecycle.Wait(b2b.ReasonThrottled, "in the queue", 0)
			step.Await = func(context.Context) (context.Context, func(), *lifecycle.Verdict) { return nil, nil, &queued }
			w.kind.steps = []lifecycle.Step{step}
		},
	}
	for name, arrange := range cases {
		t.Run(name, func(t *testing.T) {
			g, w := NewWithT(t), givenWorld(t, guest())
			w.kind.due = due
			arrange(w)
			result, err := w.reconcile()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(Equal(due))
		})
	}
}

func TestNothingIsDoneOutsideWhileSuspended(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	w.kind.suspended = b2b.ReasonSuspended
	bookkeeping := w.step("claims")
	bookkeeping.Act = nil
	w.kind.steps = []lifecycle.Step{bookkeeping, w.step("invite")}
	_, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.log).To(Equal([]string{"decide", "announce claims", "stored update", "decide", "stored status"}),
		"a step that only writes to Kubernetes goes on, the other is not even announced")
	g.Expect(w.kind.reported).To(Equal([]report{{lifecycle.Verdict{Outcome: lifecycle.Unchanged}, b2b.ReasonSuspended}}))
}

func TestTheStatusIsWrittenOnceAndNotWhenEqual(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	w.kind.verdict = lifecycle.Wait(b2b.ReasonWaitingForPolicy, "no policy yet", 0)
	for range 3 {
		_, err := w.reconcile()
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(w.log).To(Equal([]string{"decide", "stored status", "decide", "decide"}))
	g.Expect(w.stored(g).ResourceVersion).To(Equal("2"))

	w.log, w.kind.verdict = nil, lifecycle.IsReady(b2b.ReasonInvited, "done")
	_, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.log).To(Equal([]string{"decide", "stored status"}))
}

func TestAStatusThatSomebodyElseHasWrittenIsComputedAnew(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	w.kind.verdict = lifecycle.IsReady(b2b.ReasonInvited, "done")
	w.kind.decided = func(*b2b.Guest) {
		other := w.stored(g)
		other.Labels = map[string]string{"touched": "meanwhile"}
		g.Expect(w.plain.Update(context.Background(), other)).To(Succeed())
	}
	result, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeNumerically(">=", lifecycle.Soon))
	g.Expect(w.ready(g)).To(BeEmpty())
}

func TestTheStepThatRemovesTheLastFinalizerEndsTheObject(t *testing.T) {
	g, object := NewWithT(t), guest()
	object.Finalizers = []string{b2b.Finalizer}
	w := givenWorld(t, object)
	g.Expect(w.plain.Delete(context.Background(), object.DeepCopy())).To(Succeed())
	w.kind.steps = []lifecycle.Step{{Name: "the end", Announce: func(ctx context.Context) error {
		controllerutil.RemoveFinalizer(w.kind.object, b2b.Finalizer)
		return w.client.Update(ctx, w.kind.object)
	}}}
	result, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeZero())
	g.Expect(w.log).To(Equal([]string{"decide", "stored update"}), "nothing is decided or written about an object that is gone")
	g.Expect(w.plain.Get(context.Background(), client.ObjectKeyFromObject(object), &b2b.Guest{})).
		To(MatchError(ContainSubstring("not found")))
}

func TestADeletedObjectThatOthersHoldGoesOn(t *testing.T) {
	g, object := NewWithT(t), guest()
	object.Finalizers = []string{b2b.Finalizer, "somebody.example/else"}
	w := givenWorld(t, object)
	g.Expect(w.plain.Delete(context.Background(), object.DeepCopy())).To(Succeed())
	w.kind.steps = []lifecycle.Step{{Name: "the end", Announce: func(ctx context.Context) error {
		controllerutil.RemoveFinalizer(w.kind.object, b2b.Finalizer)
		return w.client.Update(ctx, w.kind.object)
	}}}
	w.kind.verdict = lifecycle.Wait(b2b.ReasonReleasing, "others hold it", 0)
	_, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.log).To(Equal([]string{"decide", "stored update", "decide", "stored status"}))
}

func TestDecisionsThatGoRoundInCirclesEnd(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t, guest())
	acts := 0
	for range 100 {
		w.kind.steps = append(w.kind.steps, lifecycle.Step{Name: "again", Act: func(context.Context) *lifecycle.Verdict { acts++; return nil }})
	}
	_, err := w.reconcile()
	g.Expect(err).To(MatchError(ContainSubstring("16 steps")))
	g.Expect(acts).To(Equal(16))
}

func TestAnObjectThatIsNotThereIsNotDecidedAbout(t *testing.T) {
	g, w := NewWithT(t), givenWorld(t)
	result, err := w.reconcile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeZero())
	g.Expect(w.log).To(BeEmpty())
}

func TestWhatCannotBeDecidedIsAnErrorAndNoStatus(t *testing.T) {
	failed := errors.New("no cache")
	for name, arrange := range map[string]func(*kind){
		"on suspension": func(k *kind) { k.suspensionFails = failed },
		"on a step":     func(k *kind) { k.decisionFails = failed },
	} {
		t.Run(name, func(t *testing.T) {
			g, w := NewWithT(t), givenWorld(t, guest())
			arrange(w.kind)
			_, err := w.reconcile()
			g.Expect(err).To(MatchError(failed))
			g.Expect(w.kind.reported).To(BeEmpty())
			g.Expect(w.log).NotTo(ContainElement("stored status"))
		})
	}
}

func guest() *b2b.Guest {
	return &b2b.Guest{ObjectMeta: metav1.ObjectMeta{Name: "default.ada", ResourceVersion: "1", Generation: 1}}
}
