package controllers

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// requestsFor gives a request for every object that a cached list finds.
func requestsFor(ctx context.Context, cache client.Reader, list client.ObjectList, options ...client.ListOption) ([]reconcile.Request, error) {
	if err := cache.List(ctx, list, append(options, client.UnsafeDisableDeepCopy)...); err != nil {
		return nil, fmt.Errorf("listing %T to wake: %w", list, err)
	}
	var requests []reconcile.Request
	err := meta.EachListItem(list, func(item runtime.Object) error {
		object, ok := item.(client.Object)
		if !ok {
			return fmt.Errorf("%T is no object", item)
		}
		requests = append(requests, requestFor(object))
		return nil
	})
	return requests, err
}

func requestFor(object client.Object) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}}
}

// wakes is the handler that wakes the objects that a cached list finds for an object that has changed. Find gives the list and
// its options, or no list where nobody is concerned.
func wakes(cache client.Reader, find func(client.Object) (client.ObjectList, []client.ListOption)) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, object client.Object) []reconcile.Request {
		list, options := find(object)
		if list == nil {
			return nil
		}
		requests, err := requestsFor(ctx, cache, list, options...)
		if err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "Failed to wake objects after a change of another")
		}
		return requests
	})
}

// tenantChanged lets through what the objects of an EntraTenant depend on: its spec, its end, and what it says of the connection,
// of the permissions and of invitations, so that whoever waits for one of them goes on at once. Its counters wake nobody.
func tenantChanged() predicate.Predicate {
	return updated(func(before, after *b2b.EntraTenant) bool {
		for _, condition := range []string{b2b.ConditionReady, b2b.ConditionPermissionsGranted, b2b.ConditionInvitationsAllowed} {
			if whatSays(before.Status.Conditions, condition) != whatSays(after.Status.Conditions, condition) {
				return true
			}
		}
		return before.Generation != after.Generation
	})
}

// policyChanged lets through what requests depend on: the spec, the end, the groups that were found and whether they were
// looked up. Its counters wake nobody.
func policyChanged() predicate.Predicate {
	return updated(func(before, after *b2b.GuestPolicy) bool {
		return before.Generation != after.Generation ||
			before.Status.ObservedGeneration != after.Status.ObservedGeneration ||
			readiness(before.Status.Conditions) != readiness(after.Status.Conditions) ||
			!slices.Equal(before.Status.Groups, after.Status.Groups)
	})
}

// updated lets creations and deletions through, and those updates that differ.
func updated[T client.Object](differ func(before, after T) bool) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(T)
		after, okToo := e.ObjectNew.(T)
		return ok && okToo && differ(before, after)
	}}
}

// readiness is what the Ready condition says, without the time.
func readiness(conditions []metav1.Condition) said { return whatSays(conditions, b2b.ConditionReady) }

// said is what a condition says, without the time.
type said struct {
	status          metav1.ConditionStatus
	reason, message string
}

func whatSays(conditions []metav1.Condition, conditionType string) said {
	if condition := meta.FindStatusCondition(conditions, conditionType); condition != nil {
		return said{status: condition.Status, reason: condition.Reason, message: condition.Message}
	}
	return said{}
}
