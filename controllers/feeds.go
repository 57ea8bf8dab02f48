package controllers

import (
	"context"
	"sync"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

// Feeds wake the objects that a change in a tenant concerns, and no others.
type Feeds struct {
	cache       client.Reader
	guests      feed
	memberships feed
}

// NewFeeds gives feeds that find the objects in the cache.
func NewFeeds(cache client.Reader) *Feeds { return &Feeds{cache: cache} }

// Guests is the source of the Guest controller.
func (f *Feeds) Guests() source.Source { return &f.guests }

// Memberships is the source of the GuestGroupMembership controller.
func (f *Feeds) Memberships() source.Source { return &f.memberships }

// Of gives what the mirror of an EntraTenant calls with its changes; user shows what the mirror knows of a user. It does not block,
// and loses nothing: what it cannot deliver before the controllers have started, their start covers.
func (f *Feeds) Of(ctx context.Context, tenantName string, user func(id string) (directory.User, bool)) func([]mirror.Change) {
	return func(changes []mirror.Change) {
		for _, change := range changes {
			if err := f.wake(ctx, tenantName, user, change); err != nil && ctx.Err() == nil {
				log.FromContext(ctx).Error(err, "Failed to wake objects after a change in the tenant")
			}
		}
	}
}

func (f *Feeds) wake(ctx context.Context, tenantName string, user func(id string) (directory.User, bool), change mirror.Change) error {
	switch {
	case change.Everything && change.GroupID != "":
		return f.memberships.addFound(ctx, f.cache, &b2b.GuestGroupMembershipList{}, routine,
			client.MatchingFields{indexMembershipByGroupID: change.GroupID})
	case change.Everything:
		return f.wakeAll(ctx, tenantName)
	case change.GroupID != "":
		return f.memberships.addFound(ctx, f.cache, &b2b.GuestGroupMembershipList{}, urgent,
			client.MatchingFields{indexMembershipByPair: pairKey(change.GroupID, change.UserID)})
	}
	if shown, found := user(change.UserID); found {
		if err := f.wakeAddresses(ctx, tenantName, shown); err != nil {
			return err
		}
	}
	return f.guests.addFound(ctx, f.cache, &b2b.GuestList{}, urgent, client.MatchingFields{indexGuestByUserID: change.UserID})
}

// wakeAddresses wakes whoever waits for a person with an address of the user: until somebody comes, the id is not known.
func (f *Feeds) wakeAddresses(ctx context.Context, tenantName string, user directory.User) error {
	for _, address := range append([]string{user.Mail}, user.OtherMails...) {
		err := f.guests.addFound(ctx, f.cache, &b2b.GuestList{}, urgent,
			client.MatchingFields{indexGuestByAddress: addressKey(tenantName, address)})
		if err != nil {
			return err
		}
	}
	return nil
}

// wakeAll lets whoever waited for the tenant go on, after everything that is urgent.
func (f *Feeds) wakeAll(ctx context.Context, tenantName string) error {
	err := f.guests.addFound(ctx, f.cache, &b2b.GuestList{}, routine, client.MatchingFields{indexGuestByTenant: tenantName})
	if err != nil {
		return err
	}
	err = f.memberships.addFound(ctx, f.cache, &b2b.GuestGroupMembershipList{}, routine,
		client.MatchingFields{indexMembershipByTenant: tenantName})
	if err != nil {
		return err
	}
	invitations := &b2b.GuestInvitationList{}
	err = f.cache.List(ctx, invitations, client.MatchingFields{indexInvitationByTenant: tenantName}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return err
	}
	for i := range invitations.Items {
		err := f.memberships.addFound(ctx, f.cache, &b2b.GuestGroupMembershipList{}, routine,
			client.InNamespace(invitations.Items[i].Namespace),
			client.MatchingFields{indexMembershipByInvitation: invitations.Items[i].Name})
		if err != nil {
			return err
		}
	}
	return nil
}

// Priorities of the work queues.
const (
	urgent  = 0
	routine = handler.LowPriority
)

// feed is a source that puts requests into the work queue of its controller directly.
type feed struct {
	mu    sync.Mutex
	queue workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// Start implements source.Source.
func (f *feed) Start(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = queue
	return nil
}

// addFound wakes the objects that a cached list finds.
func (f *feed) addFound(ctx context.Context, cache client.Reader, list client.ObjectList, priority int, options ...client.ListOption) error {
	requests, err := requestsFor(ctx, cache, list, options...)
	if err != nil {
		return err
	}
	f.add(priority, requests...)
	return nil
}

func (f *feed) add(priority int, requests ...reconcile.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.queue == nil {
		return // the controller starts with all objects
	}
	if queue, ok := f.queue.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		queue.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, requests...)
		return
	}
	for _, request := range requests {
		f.queue.Add(request)
	}
}
