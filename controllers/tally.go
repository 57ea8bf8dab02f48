package controllers

import (
	"context"
	"slices"
	"sync"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// tally counts Guests as they come, change and go, so that nobody lists them all to count them.
type tally struct {
	mu     sync.RWMutex
	guests map[string]tallied
}

// tallied is what is counted of a Guest.
type tallied struct {
	tenant  string
	managed bool
	// namespaces are those of the invitations that claim it.
	namespaces []string
}

func newTally() *tally { return &tally{guests: map[string]tallied{}} }

// handler keeps the tally. It wakes nobody. Each controller that reads the tally has one, for it begins only when its own handlers have seen
// all objects; what two of them count twice is the same.
func (t *tally) handler() handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, _ queue) { t.count(e.Object) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, _ queue) { t.count(e.ObjectNew) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, _ queue) { t.drop(e.Object.GetName()) },
	}
}

func (t *tally) count(object client.Object) {
	guest, isGuest := object.(*b2b.Guest)
	if !isGuest {
		return
	}
	counted := tallied{tenant: guest.Spec.TenantRef.Name, managed: guest.Status.State != b2b.GuestStateReleased}
	for _, claim := range guest.Spec.Claims {
		if claim.Kind == b2b.ClaimKindGuestInvitation && !slices.Contains(counted.namespaces, claim.Namespace) {
			counted.namespaces = append(counted.namespaces, claim.Namespace)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.guests[guest.Name] = counted
}

func (t *tally) drop(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.guests, name)
}

// managed is how many Guests of an EntraTenant have not been released.
func (t *tally) managed(tenant string) int {
	return t.sum(func(g tallied) bool { return g.tenant == tenant && g.managed })
}

// invitedFrom is how many Guests of an EntraTenant invitations of these namespaces claim.
func (t *tally) invitedFrom(tenant string, namespaces map[string]bool) int {
	return t.sum(func(g tallied) bool {
		return g.tenant == tenant && slices.ContainsFunc(g.namespaces, func(namespace string) bool { return namespaces[namespace] })
	})
}

func (t *tally) sum(counts func(tallied) bool) (n int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, guest := range t.guests {
		if counts(guest) {
			n++
		}
	}
	return n
}
