package lifecycle

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Step is one thing to do. Each reconcile takes as many as there are to take, one after the other, and decides anew after each.
type Step struct {
	// Name says what is done, for the log.
	Name string
	// Await asks for the turn to act outside. Where it has come, Await gives the context to announce and act in, and what to call
	// when the step is over; else the verdict with which the object waits, holding no worker, until it is woken. Nil where no turn
	// is needed.
	Await func(context.Context) (turn context.Context, end func(), wait *Verdict)
	// Announce stores in Kubernetes, with an optimistic lock, what Act is about to do and the finalizer that will undo it.
	// A conflict means that somebody else acts, and ends the reconcile. Nil where nothing needs to be stored.
	Announce func(context.Context) error
	// Act does it, once. It returns nil to have the next step decided, or the verdict that ends the reconcile. Nil for a step
	// that only writes to Kubernetes.
	Act func(context.Context) *Verdict
}

// Decision is either a step to take or, without one, a verdict.
type Decision struct {
	Step    *Step
	Verdict Verdict
	// Due is how long it is until time alone changes the decision; 0 for never. Whatever comes of the step, and however long the
	// verdict waits, the object is looked at again then, to the moment.
	Due time.Duration
}

// Do decides for a step.
func Do(step Step) Decision { return Decision{Step: &step} }

// Say decides that there is nothing to do.
func Say(v Verdict) Decision { return Decision{Verdict: v} }

// Kind is what the loop needs to know of a kind of object.
type Kind[T client.Object] interface {
	// New gives an empty object to read into.
	New() T
	// Suspended says why nothing may be written outside for the object; "" where it may.
	Suspended(ctx context.Context, object T) (string, error)
	// Decide observes what is there and decides on the next step. It writes nothing.
	Decide(ctx context.Context, object T) (Decision, error)
	// Report computes the status from the verdict and from what was observed. Suspended is as above.
	Report(object T, v Verdict, suspended string)
	// Status gives the part of the object that Report computes, to tell whether it has changed.
	Status(object T) any
}

// Loop reconciles the objects of one kind.
type Loop[T client.Object] struct {
	Client client.Client
	Kind   Kind[T]
}

// maxSteps bounds the steps of one reconcile. No life has as many; a loop among the decisions must not hold a worker for ever.
const maxSteps = 16

// Reconcile takes the steps that the object needs and writes its status once, at the end, if it differs.
func (l *Loop[T]) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	object := l.Kind.New()
	if err := l.Client.Get(ctx, request.NamespacedName, object); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	suspended, err := l.Kind.Suspended(ctx, object)
	if err != nil {
		return reconcile.Result{}, err
	}
	before := object.DeepCopyObject().(T)
	verdict, due, err := l.take(ctx, object, suspended)
	if err != nil {
		return settle(err)
	}
	if verdict == nil { // the object is gone
		return reconcile.Result{}, nil
	}
	l.Kind.Report(object, *verdict, suspended)
	if err := l.writeStatus(ctx, before, object); err != nil {
		return settle(err)
	}
	return reconcile.Result{RequeueAfter: pause(verdict.After, due)}, nil
}

// take runs the steps, and gives when time changes the last decision. A nil verdict says that the object no longer exists.
func (l *Loop[T]) take(ctx context.Context, object T, suspended string) (*Verdict, time.Duration, error) {
	for range maxSteps {
		decision, err := l.Kind.Decide(ctx, object)
		if err != nil {
			return nil, 0, err
		}
		step := decision.Step
		if step == nil {
			return &decision.Verdict, decision.Due, nil
		}
		if suspended != "" && step.Act != nil {
			return &Verdict{Outcome: Unchanged}, decision.Due, nil
		}
		if verdict, err := l.run(ctx, step); verdict != nil || err != nil {
			return verdict, decision.Due, err
		}
		if gone(object) {
			return nil, 0, nil
		}
	}
	return nil, 0, fmt.Errorf("deciding on the next step: no end after %d steps", maxSteps)
}

func (l *Loop[T]) run(ctx context.Context, step *Step) (*Verdict, error) {
	if step.Await != nil {
		turn, end, wait := step.Await(ctx)
		if wait != nil {
			return wait, nil
		}
		defer end()
		ctx = turn
	}
	if step.Announce != nil {
		if err := step.Announce(ctx); err != nil {
			return nil, fmt.Errorf("announcing %s: %w", step.Name, err)
		}
	}
	if step.Act == nil {
		return nil, nil
	}
	return step.Act(ctx), nil
}

// gone reports whether the last finalizer of a deleted object has just been removed.
func gone(object client.Object) bool {
	return object.GetDeletionTimestamp() != nil && len(object.GetFinalizers()) == 0
}

func (l *Loop[T]) writeStatus(ctx context.Context, before, object T) error {
	if equality.Semantic.DeepEqual(l.Kind.Status(before), l.Kind.Status(object)) {
		return nil
	}
	if err := l.Client.Status().Update(ctx, object); err != nil {
		return fmt.Errorf("writing status: %w", err)
	}
	return nil
}

// settle makes of a lost race another try, without noise: the winner's write has woken or will wake the object.
func settle(err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return reconcile.Result{RequeueAfter: Jitter(Soon)}, nil
	}
	return reconcile.Result{}, client.IgnoreNotFound(err)
}
