package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/config"
)

// bareLoop makes the writes to Kubernetes that the operator was seen to make, and nothing else: no watch, no queue, no decision.
type bareLoop struct {
	world   *world
	n       int // invitations
	kinds   []*loopKind
	written atomic.Int64
}

// loopKind are the writes to one kind.
type loopKind struct {
	resource string
	kind     schema.GroupVersionKind
	workers  int
	// template is an object as the operator left it, so that the writes are as large as its own.
	template *unstructured.Unstructured
	objects  int
	steps    []step
	work     chan client.Object
}

// step is a kind of write and how many of them all objects together get.
type step struct {
	write
	total int
}

// times is how many of the total fall on an object, so that every object gets about the same, and all together the total.
func (s step) times(object, objects int) int {
	return s.total*(object+1)/objects - s.total*object/objects
}

const (
	guests   = "guests"
	tenants  = "entratenants"
	policies = "guestpolicies"
)

func newBareLoop(ctx context.Context, w *world, n int, seen writes) (*bareLoop, error) {
	loop := &bareLoop{world: w, n: n}
	for _, k := range []*loopKind{
		{resource: guests, kind: b2b.GroupVersion.WithKind("Guest"), objects: n},
		{resource: invitations, kind: b2b.GroupVersion.WithKind("GuestInvitation"), objects: n},
		{resource: memberships, kind: b2b.GroupVersion.WithKind("GuestGroupMembership"), objects: n * groups},
		{resource: events, kind: eventsv1.SchemeGroupVersion.WithKind("Event"), objects: seen[write{http.MethodPost, events, ""}]},
	} {
		if k.objects == 0 {
			continue
		}
		k.workers, k.steps = workersOf(k.kind), stepsOf(seen, k.resource)
		k.work = make(chan client.Object, k.objects)
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(k.kind.GroupVersion().WithKind(k.kind.Kind + "List"))
		if err := w.client.List(ctx, list, client.Limit(1)); err != nil || len(list.Items) == 0 {
			return nil, fmt.Errorf("reading one of the %s: %w", k.resource, err)
		}
		k.template = &list.Items[0]
		loop.kinds = append(loop.kinds, k)
	}
	return loop, loop.repeatable(seen)
}

// repeatable refuses writes that the loop does not know how to repeat: it would be faster than it should.
func (l *bareLoop) repeatable(seen writes) error {
	for kind, n := range seen {
		switch {
		case kind.resource == tenants, kind.resource == policies: // a few, whatever the load
		case l.kind(kind.resource) == nil, !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, kind.verb):
			return fmt.Errorf("the bare loop cannot repeat %v, which the operator did %d times", kind, n)
		}
	}
	return nil
}

// stepsOf are the writes to a resource: creates first, then the objects themselves, then their status.
func stepsOf(seen writes, resource string) []step {
	var steps []step
	for kind, n := range seen {
		if kind.resource == resource {
			steps = append(steps, step{kind, n})
		}
	}
	slices.SortFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.verb, b.verb), cmp.Compare(a.subresource, b.subresource)) // POST, PUT, PUT of status
	})
	return steps
}

// workersOf is how many objects of a kind the manager works on at a time. Events, which no controller works on, it sends without a
// limit of its own.
func workersOf(kind schema.GroupVersionKind) int {
	settings := config.Bind(flag.NewFlagSet("", flag.ContinueOnError)).Manager(runtime.NewScheme())
	return cmp.Or(settings.Controller.GroupKindConcurrency[kind.GroupKind().String()], creators)
}

// run creates the users' objects and has workers follow that make the operator's writes, and returns how long that took and how many
// writes it was, creates included.
func (l *bareLoop) run(ctx context.Context) (time.Duration, int, error) {
	began := time.Now()
	all, ctx := errgroup.WithContext(ctx)
	for _, k := range l.kinds {
		var number atomic.Int64
		for range k.workers {
			all.Go(func() error {
				for object := range k.work {
					if err := l.follow(ctx, k, object, int(number.Add(1)-1)); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	all.Go(func() error { return l.create(ctx) })
	err := all.Wait()
	return time.Since(began), int(l.written.Load()), err
}

// create creates what users create, in another namespace than the operator's run did, and hands it to the workers.
func (l *bareLoop) create(ctx context.Context) error {
	defer func() {
		for _, k := range l.kinds {
			close(k.work)
		}
	}()
	return each(ctx, creators, 0, l.n, func(ctx context.Context, i int) error {
		objects := map[string][]client.Object{invitations: {invitation(otherNamespace, i)}}
		for group, id := range l.world.groups {
			objects[memberships] = append(objects[memberships], membership(otherNamespace, i, group, id))
		}
		for resource, some := range objects {
			for _, object := range some {
				if err := l.world.client.Create(ctx, object); err != nil {
					return fmt.Errorf("creating %s: %w", object.GetName(), err)
				}
				l.written.Add(1)
				l.kind(resource).work <- object
			}
		}
		for _, k := range l.kinds {
			if !k.ofOperator() {
				continue
			}
			for j := range (step{total: k.objects}).times(i, l.n) {
				object := k.template.DeepCopy()
				object.SetName(fmt.Sprintf("loop-%d-%d", i, j))
				k.work <- object
			}
		}
		return nil
	})
}

// kind is the one of a resource; nil if there is none.
func (l *bareLoop) kind(resource string) *loopKind {
	for _, k := range l.kinds {
		if k.resource == resource {
			return k
		}
	}
	return nil
}

// ofOperator tells whether the operator creates the objects, and not a user.
func (k *loopKind) ofOperator() bool { return k.resource == guests || k.resource == events }
