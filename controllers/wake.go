package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/policy"
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

// wakes is mapped for objects that one cached list finds. Find gives the list and its options, or no list where nobody is concerned.
func wakes(cache client.Reader, find func(client.Object) (client.ObjectList, []client.ListOption)) handler.EventHandler {
	return mapped(func(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
		list, options := find(object)
		if list == nil {
			return nil, nil
		}
		return requestsFor(ctx, cache, list, options...)
	})
}

// inSelectedNamespaces gives the requests of a kind in the namespaces that a policy selects.
func (d Dependencies) inSelectedNamespaces(ctx context.Context, object client.Object, list func() client.ObjectList) ([]reconcile.Request, error) {
	selecting, isPolicy := object.(*b2b.GuestPolicy)
	if !isPolicy {
		return nil, nil
	}
	namespaces := &corev1.NamespaceList{}
	if err := d.Cache.List(ctx, namespaces, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var requests []reconcile.Request
	for i := range namespaces.Items {
		if !policy.Selects(selecting, namespaces.Items[i].Labels) {
			continue
		}
		found, err := requestsFor(ctx, d.Cache, list(), client.InNamespace(namespaces.Items[i].Name))
		if err != nil {
			return nil, err
		}
		requests = append(requests, found...)
	}
	return requests, nil
}
