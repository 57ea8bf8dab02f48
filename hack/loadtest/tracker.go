package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// Resources that are watched.
const (
	invitations = "guestinvitations"
	memberships = "guestgroupmemberships"
)

// tracker watches the objects of the application teams and remembers when each was first seen Ready, accepted or gone. It decodes no
// more than that, for it shares the machine with what it measures; the API server encodes an event once for all who watch.
type tracker struct {
	requests *requests

	mu      sync.Mutex
	objects map[string]map[types.NamespacedName]*seen // by resource
	state   counts
}

// seen is when something of an object was first seen.
type seen struct{ ready, accepted, gone time.Time }

// counts are numbers of objects that have been seen, those that have gone included, and how many of them were Ready and gone.
type counts struct {
	invitations, readyInvitations, accepted, goneInvitations int
	memberships, readyMemberships, goneMemberships           int
	// last is when something was last counted as Ready, accepted or gone.
	last time.Time
}

func (c counts) String() string {
	return fmt.Sprintf("%d of %d invitations and %d of %d memberships Ready, %d accepted, %d gone",
		c.readyInvitations, c.invitations, c.readyMemberships, c.memberships, c.accepted, c.goneInvitations+c.goneMemberships)
}

// allReady tells whether so many of each have been Ready.
func (c counts) allReady(invitations, memberships int) bool {
	return c.readyInvitations >= invitations && c.readyMemberships >= memberships
}

func newTracker(r *requests) *tracker {
	return &tracker{requests: r, objects: map[string]map[types.NamespacedName]*seen{invitations: {}, memberships: {}}}
}

// start watches until the result is called.
func (t *tracker) start(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for resource := range t.objects {
		all.Go(func() { t.follow(ctx, resource) })
	}
	return func() error {
		cancel()
		all.Wait()
		return nil
	}
}

// follow lists and watches, again and again: a watch ends now and then.
func (t *tracker) follow(ctx context.Context, resource string) {
	for ctx.Err() == nil {
		if err := t.followOnce(ctx, resource); err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second): // a server that fails is not asked at once again
		}
	}
}

// object is what is read of one.
type object struct {
	Metadata struct{ Name, Namespace string }
	Status   struct {
		ExternalUserState b2b.ExternalUserState
		Conditions        []struct{ Type, Status string }
	}
}

func (t *tracker) followOnce(ctx context.Context, resource string) error {
	path := "/apis/" + b2b.GroupVersion.String() + "/" + resource
	body, err := t.requests.get(ctx, path)
	if err != nil {
		return err
	}
	var list struct {
		Metadata struct{ ResourceVersion string }
		Items    []object
	}
	err = json.NewDecoder(body).Decode(&list)
	_ = body.Close()
	if err != nil {
		return fmt.Errorf("listing %s: %w", resource, err)
	}
	for i := range list.Items {
		t.see(resource, &list.Items[i], time.Now())
	}
	query := url.Values{"watch": {"true"}, "resourceVersion": {list.Metadata.ResourceVersion}}
	stream, err := t.requests.get(ctx, path+"?"+query.Encode())
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	decoder := json.NewDecoder(stream)
	for {
		var event struct {
			Type   string
			Object object
		}
		if err := decoder.Decode(&event); err != nil {
			return nil // the watch has ended
		}
		switch event.Type {
		case "ERROR":
			return errors.New("the server ended the watch of " + resource)
		case "DELETED":
			t.miss(resource, &event.Object, time.Now())
		default:
			t.see(resource, &event.Object, time.Now())
		}
	}
}

func (t *tracker) see(resource string, o *object, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.entry(resource, o)
	ready := slices.ContainsFunc(o.Status.Conditions, func(c struct{ Type, Status string }) bool {
		return c.Type == b2b.ConditionReady && c.Status == "True"
	})
	if ready && s.ready.IsZero() {
		s.ready = now
		t.count(resource, now, &t.state.readyInvitations, &t.state.readyMemberships)
	}
	if o.Status.ExternalUserState == b2b.ExternalUserStateAccepted && s.accepted.IsZero() {
		s.accepted = now
		t.state.accepted, t.state.last = t.state.accepted+1, now
	}
}

func (t *tracker) miss(resource string, o *object, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entry(resource, o).gone = now
	t.count(resource, now, &t.state.goneInvitations, &t.state.goneMemberships)
}

func (t *tracker) entry(resource string, o *object) *seen {
	key := types.NamespacedName{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name}
	s := t.objects[resource][key]
	if s == nil {
		s = &seen{}
		t.objects[resource][key] = s
		if resource == invitations {
			t.state.invitations++
		} else {
			t.state.memberships++
		}
	}
	return s
}

func (t *tracker) count(resource string, now time.Time, ofInvitations, ofMemberships *int) {
	t.state.last = now
	if resource == invitations {
		*ofInvitations++
	} else {
		*ofMemberships++
	}
}

// counts are the numbers at this moment.
func (t *tracker) counts() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}

// invitation is what has been seen of one of the load; nothing, if it has not been seen.
func (t *tracker) invitation(name string) seen {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.objects[invitations][types.NamespacedName{Namespace: loadNamespace, Name: name}]; s != nil {
		return *s
	}
	return seen{}
}
