package lifecycle_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// world is a loop over Guests with a log of what it did, in order.
type world struct {
	kind *kind
	// client writes into the log what it has stored; plain is the same without.
	client, plain client.Client
	log           []string
}

func givenWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(b2b.AddToScheme(scheme)).To(Succeed())
	plain := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&b2b.Guest{}).WithObjects(objects...).Build()
	w := &world{plain: plain}
	w.client = interceptor.NewClient(plain, interceptor.Funcs{
		Update: func(ctx context.Context, c client.WithWatch, object client.Object, opts ...client.UpdateOption) error {
			return w.note("stored update", c.Update(ctx, object, opts...))
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, _ string, object client.Object, opts ...client.SubResourceUpdateOption) error {
			return w.note("stored status", c.Status().Update(ctx, object, opts...))
		},
	})
	w.kind = &kind{world: w}
	return w
}

func (w *world) note(what string, err error) error {
	if err == nil {
		w.log = append(w.log, what)
	}
	return err
}

func (w *world) reconcile() (reconcile.Result, error) {
	loop := &lifecycle.Loop[*b2b.Guest]{Client: w.client, Kind: w.kind}
	return loop.Reconcile(context.Background(), reconcile.Request{NamespacedName: types.NamespacedName{Name: guest().Name}})
}

// step announces itself in an annotation, and acts.
func (w *world) step(name string) lifecycle.Step {
	return lifecycle.Step{
		Name: name,
		Announce: func(ctx context.Context) error {
			w.log = append(w.log, "announce "+name)
			w.kind.object.SetAnnotations(map[string]string{"announced": name})
			return w.client.Update(ctx, w.kind.object)
		},
		Act: func(context.Context) *lifecycle.Verdict {
			w.log = append(w.log, "act "+name)
			return nil
		},
	}
}

func (w *world) stored(g Gomega) *b2b.Guest {
	object := &b2b.Guest{}
	g.Expect(w.plain.Get(context.Background(), types.NamespacedName{Name: guest().Name}, object)).To(Succeed())
	return object
}

// ready gives the reason of Ready as it is stored, "" where there is none.
func (w *world) ready(g Gomega) string {
	if ready := meta.FindStatusCondition(w.stored(g).Status.Conditions, b2b.ConditionReady); ready != nil {
		return ready.Reason
	}
	return ""
}

// kind decides for its steps, one after the other, and then for its verdict.
type kind struct {
	*world
	steps   []lifecycle.Step
	verdict lifecycle.Verdict
	// decided, where set, is called after each decision.
	decided                        func(*b2b.Guest)
	suspended                      string
	suspensionFails, decisionFails error
	due                            time.Duration

	object   *b2b.Guest
	reported []report
}

type report struct {
	verdict   lifecycle.Verdict
	suspended string
}

func (k *kind) New() *b2b.Guest { return &b2b.Guest{} }

func (k *kind) Suspended(context.Context, *b2b.Guest) (string, error) {
	return k.suspended, k.suspensionFails
}

func (k *kind) Decide(_ context.Context, object *b2b.Guest) (lifecycle.Decision, error) {
	k.log, k.object = append(k.log, "decide"), object
	if k.decided != nil {
		k.decided(object)
	}
	if len(k.steps) == 0 {
		return lifecycle.Decision{Verdict: k.verdict, Due: k.due}, k.decisionFails
	}
	next := k.steps[0]
	k.steps = k.steps[1:]
	return lifecycle.Decision{Step: &next, Due: k.due}, k.decisionFails
}

func (k *kind) Report(object *b2b.Guest, v lifecycle.Verdict, suspended string) {
	k.reported = append(k.reported, report{v, suspended})
	lifecycle.Apply(&object.Status.Conditions, v, object.Generation)
	if suspended != "" {
		lifecycle.Set(&object.Status.Conditions, object.Generation, b2b.ConditionSuspended, "True", suspended, "suspended")
	}
}

func (k *kind) Status(object *b2b.Guest) any { return object.Status }
