package controllers

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

// Feeds wake the objects that a change in a tenant concerns, and no others.
type Feeds struct {
	cache       client.Reader
	guests      feed
	invitations feed
	memberships feed
	assignments feed
	// groups has who waits for the members of a group.
	groups *waitlist
}

// NewFeeds gives feeds that find the objects in the cache.
func NewFeeds(cache client.Reader) *Feeds { return &Feeds{cache: cache, groups: newWaitlist()} }

// Guests is the source of the Guest controller.
func (f *Feeds) Guests() source.Source { return &f.guests }

// Invitations is the source of the GuestInvitation controller.
func (f *Feeds) Invitations() source.Source { return &f.invitations }

// Memberships is the source of the GuestGroupMembership controller.
func (f *Feeds) Memberships() source.Source { return &f.memberships }

// Assignments is the source of the GuestAppRoleAssignment controller.
func (f *Feeds) Assignments() source.Source { return &f.assignments }

// Wake wakes an object that waited for its turn, or whose turn is over.
func (f *Feeds) Wake(key budget.Key) {
	request := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: key.Namespace, Name: key.Name}}
	switch key.Kind {
	case kindGuest:
		f.guests.add(urgent, request)
	case kindAssignment:
		f.assignments.add(urgent, request)
	default:
		f.memberships.add(urgent, request)
	}
}

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
		f.memberships.add(urgent, f.groups.take(change.GroupID)...)
		return nil
	case change.Everything:
		return f.wakeAll(ctx, tenantName)
	case change.GroupID != "":
		return f.wakePair(ctx, change.GroupID, change.UserID)
	}
	if shown, found := user(change.UserID); found {
		if err := f.wakeAddresses(ctx, tenantName, shown); err != nil {
			return err
		}
	}
	return f.guests.addFound(ctx, f.cache, &b2b.GuestList{}, urgent, client.MatchingFields{indexGuestByUserID: change.UserID})
}

// wakePair wakes the memberships of a user in a group. A user has few memberships, so that those in other groups are passed over here.
func (f *Feeds) wakePair(ctx context.Context, groupID, userID string) error {
	memberships := &b2b.GuestGroupMembershipList{}
	if err := f.cache.List(ctx, memberships, client.MatchingFields{indexAccessByUserID: userID}, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing memberships to wake: %w", err)
	}
	for i := range memberships.Items {
		if memberships.Items[i].Status.GroupID == groupID {
			f.memberships.add(urgent, requestFor(&memberships.Items[i]))
		}
	}
	return nil
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
	invitations, err := requestsFor(ctx, f.cache, &b2b.GuestInvitationList{}, client.MatchingFields{indexInvitationByTenant: tenantName})
	if err != nil {
		return err
	}
	f.invitations.add(routine, invitations...)
	for kind, feed := range map[b2b.ClaimKind]*feed{
		b2b.ClaimKindGuestGroupMembership: &f.memberships, b2b.ClaimKindGuestAppRoleAssignment: &f.assignments,
	} {
		found, err := accessOfTenant(ctx, f.cache, kind, tenantName, invitations)
		if err != nil {
			return err
		}
		feed.add(routine, found...)
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
