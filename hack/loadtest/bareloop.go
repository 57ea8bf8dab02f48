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
	for resource, kind := range map[string]string{guests: "Guest", invitations: "GuestInvitation", memberships: "GuestGroupMembership"} {
		k := &loopKind{resource: resource, workers: workersOf(kind), objects: n}
		if resource == memberships {
			k.objects = n * groups
		}
		k.steps = stepsOf(seen, resource)
		k.work = make(chan client.Object, k.objects)
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(b2b.GroupVersion.WithKind(kind + "List"))
		if err := w.client.List(ctx, list, client.Limit(1)); err != nil {
			return nil, fmt.Errorf("reading a %s: %w", kind, err)
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
		case !slices.Contains([]string{guests, invitations, memberships}, kind.resource),
			!slices.Contains([]string{http.MethodPost, http.MethodPut}, kind.verb):
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

// workersOf is how many objects of a kind the manager works on at a time.
func workersOf(kind string) int {
	settings := config.Bind(flag.NewFlagSet("", flag.ContinueOnError)).Manager(runtime.NewScheme())
	return settings.Controller.GroupKindConcurrency[schema.GroupKind{Group: b2b.GroupVersion.Group, Kind: kind}.String()]
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
		guest := l.kind(guests).template.DeepCopy()
		guest.SetName(fmt.Sprintf("%s.loop-%d", tenantName, i))
		l.kind(guests).work <- guest
		return nil
	})
}

func (l *bareLoop) kind(resource string) *loopKind {
	i := slices.IndexFunc(l.kinds, func(k *loopKind) bool { return k.resource == resource })
	return l.kinds[i]
}

// follow makes the writes to one object.
func (l *bareLoop) follow(ctx context.Context, k *loopKind, created client.Object, number int) error {
	object := k.template.DeepCopy()
	object.SetNamespace(created.GetNamespace())
	object.SetName(created.GetName())
	object.SetUID(created.GetUID())
	object.SetResourceVersion(created.GetResourceVersion())
	object.SetManagedFields(nil)
	if k.resource != guests {
		spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(created)
		if err != nil {
			return fmt.Errorf("reading %s: %w", created.GetName(), err)
		}
		object.Object["spec"] = spec["spec"] // most of it is immutable
	}
	turn := 0
	for _, s := range k.steps {
		for range s.times(number, k.objects) {
			turn++
			if err := l.write(ctx, s.write, object, k.template, turn); err != nil {
				return fmt.Errorf("writing %v of %s: %w", s.write, object.GetName(), err)
			}
			l.written.Add(1)
		}
	}
	return nil
}

// turnAnnotation and the time of a condition differ from write to write, for the API server does not store what has not changed.
const turnAnnotation = "turn"

// write makes one write, as large as the operator's. The answer, which has no status where none was stored yet, replaces the object.
func (l *bareLoop) write(ctx context.Context, w write, object, template *unstructured.Unstructured, turn int) error {
	object.Object["status"] = template.DeepCopy().Object["status"]
	switch {
	case w.verb == http.MethodPost:
		object.SetResourceVersion("")
		object.SetUID("")
		return l.world.client.Create(ctx, object)
	case w.subresource == "status":
		at := time.Unix(int64(turn), 0).UTC().Format(time.RFC3339)
		conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
		if err != nil || len(conditions) == 0 {
			return fmt.Errorf("there are no conditions: %w", err)
		}
		conditions[0].(map[string]any)["lastTransitionTime"] = at
		if err := unstructured.SetNestedSlice(object.Object, conditions, "status", "conditions"); err != nil {
			return err
		}
		return l.world.client.Status().Update(ctx, object)
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[turnAnnotation] = fmt.Sprint(turn)
	object.SetAnnotations(annotations)
	return l.world.client.Update(ctx, object)
}
