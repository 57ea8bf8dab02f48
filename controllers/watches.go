package controllers

import (
	"context"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// The predicates say which changes of one kind matter to the others.

// specChanged lets through what changes what is wanted: not what this operator reports.
func specChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() ||
			e.ObjectOld.GetUID() != e.ObjectNew.GetUID() ||
			!reflect.DeepEqual(e.ObjectOld.GetDeletionTimestamp(), e.ObjectNew.GetDeletionTimestamp()) ||
			!reflect.DeepEqual(e.ObjectOld.GetFinalizers(), e.ObjectNew.GetFinalizers())
	}}
}

// ownChanged is specChanged for an object's own controller, which also computes a status anew that somebody has wiped, as restoring
// a backup does.
func ownChanged() predicate.Predicate {
	return predicate.Or(specChanged(), predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, isConditioned := e.ObjectOld.(conditioned)
			after, isConditionedToo := e.ObjectNew.(conditioned)
			return isConditioned && isConditionedToo && len(before.GetConditions()) > 0 && len(after.GetConditions()) == 0
		},
	})
}

// recordChanged lets through changes of a Guest's record.
func recordChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetAnnotations()[b2b.RecordAnnotation] != e.ObjectNew.GetAnnotations()[b2b.RecordAnnotation]
		},
	}
}

// guestReported lets through what a Guest says about itself, and its end.
func guestReported() predicate.Predicate {
	return updated(func(before, after *b2b.Guest) bool {
		return before.Generation != after.Generation || !reflect.DeepEqual(before.Status, after.Status) ||
			before.Annotations[b2b.RecordAnnotation] != after.Annotations[b2b.RecordAnnotation]
	})
}

// labelsChanged lets through what decides which policies select a namespace.
func labelsChanged() predicate.Predicate {
	return predicate.Funcs{
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !reflect.DeepEqual(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels())
		},
	}
}

// mapped makes a handler of a function that finds the objects which an event concerns.
func mapped(find func(ctx context.Context, object client.Object) ([]reconcile.Request, error)) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, object client.Object) []reconcile.Request {
		requests, err := find(ctx, object)
		if err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "Failed to wake objects after a change of another")
		}
		return requests
	})
}

// inSelectedNamespaces gives the requests of a kind in the namespaces that a policy selects.
func (d Dependencies) inSelectedNamespaces(ctx context.Context, object client.Object, list func() client.ObjectList) ([]reconcile.Request, error) {
	selecting, isPolicy := object.(*b2b.GuestPolicy)
	if !isPolicy {
		return nil, nil
	}
	namespaces := &corev1.NamespaceList{}
	if err := d.Client.List(ctx, namespaces, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var requests []reconcile.Request
	for i := range namespaces.Items {
		if !policy.Selects(selecting, namespaces.Items[i].Labels) {
			continue
		}
		found, err := requestsFor(ctx, d.Client, list(), client.InNamespace(namespaces.Items[i].Name))
		if err != nil {
			return nil, err
		}
		requests = append(requests, found...)
	}
	return requests, nil
}
