package controllers

import (
	"context"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/additions"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

// TenantClient is how a tenant is reached.
type TenantClient interface {
	directory.Directory
	// Timeout bounds every request, from the call to its end.
	Timeout() time.Duration
}

// Connect makes the client of a tenant. It sends nothing.
type Connect func(graph.Config) (TenantClient, error)

func connectGraph(config graph.Config) (TenantClient, error) { return graph.New(config) }

// link is the client of a tenant for one state of its credential. It is running once the tenant has answered.
type link struct {
	// fingerprint tells whether the client is made of what is wanted now.
	fingerprint string
	client      TenantClient
	probe       probe
	// counted is when the guests were last counted.
	counted time.Time

	// What follows is there while it is running.
	connection *Connection
	interval   time.Duration
	stop       context.CancelFunc
}

// tenantLinks are the links of one EntraTenant: the one in use, and one with a new credential that has still to prove itself. A
// link is kept for as long as its credential, because the client knows until when the tenant must not be asked again.
type tenantLinks struct {
	running, fresh *link
	// breaker and budget are the tenant's and not the client's: a new credential does not unblock a tenant, nor does it let anybody send
	// before a Retry-After has passed.
	breaker *Breaker
	budget  *budget.Budget
	// end ends the budget.
	end context.CancelFunc
	// blockedBySettings says that the breaker is open because the tenant's settings forbid invitations.
	blockedBySettings bool
}

// links are the connections of this process. It is a runnable of the manager: when the manager ends, and so the leadership, the
// mirrors end.
type links struct {
	Dependencies
	ctx    context.Context //nolint:containedctx // the lifetime of the mirrors, which is not that of one reconcile
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu     sync.Mutex
	byName map[string]*tenantLinks
}

func newLinks(deps Dependencies) *links {
	ctx, cancel := context.WithCancel(context.Background())
	return &links{Dependencies: deps, ctx: ctx, cancel: cancel, byName: map[string]*tenantLinks{}}
}

// Start implements manager.Runnable.
func (l *links) Start(ctx context.Context) error {
	<-ctx.Done()
	l.cancel()
	l.wait.Wait()
	return nil
}

// of gives the links of an EntraTenant. Only the reconcile of that EntraTenant, of which there is one at a time, changes them.
func (l *links) of(name string) *tenantLinks {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.byName[name]
	if !ok {
		ctx, end := context.WithCancel(l.ctx)
		known = &tenantLinks{
			breaker: NewBreaker(l.Now, l.Feeds.Wake),
			budget:  budget.New(budget.Options{Limits: l.Limits, Now: l.Now, Granted: l.Feeds.Wake}),
			end:     end,
		}
		l.wait.Go(func() { known.budget.Run(ctx) })
		l.byName[name] = known
	}
	return known
}

// run puts a link into use: it starts the mirror and lets everybody have the connection. The one before ends.
func (l *links) run(name string, tenant *tenantLinks, next *link, interval time.Duration) {
	before := tenant.running
	ctx, stop := context.WithCancel(log.IntoContext(l.ctx, log.Log.WithName("mirror").WithValues("entraTenant", name)))
	var view *mirror.Mirror
	view = mirror.New(next.client, mirror.Options{
		Interval: interval,
		Settle:   l.ReplicationWindow,
		Notify:   l.Feeds.Of(ctx, name, func(id string) (directory.User, bool) { return view.User(id) }),
		InUse:    func(groupID string) bool { return l.inUse(ctx, groupID) },
		Now:      l.Now,
		Log:      log.FromContext(ctx),
	})
	stopBefore := func() {}
	if before != nil {
		stopBefore = before.stop
	}
	gathered := additions.New(additions.Options{
		Groups: next.client, Budget: tenant.budget, Woken: l.Feeds.Wake,
		Added: func(groupID, userID string) {
			view.SawMember(groupID, userID, true)
			log.FromContext(ctx).Info("Added guest to group", "userID", userID, "groupID", groupID)
		},
	})
	next.connection = &Connection{
		Directory: next.client, Mirror: view, Additions: gathered, Breaker: tenant.breaker, Budget: tenant.budget,
		RequestTimeout: next.client.Timeout(),
	}
	next.interval, next.stop = interval, stop
	tenant.running, tenant.fresh = next, nil
	l.Metrics.TenantsConnected(l.Tenants.Set(name, next.connection))
	stopBefore()
	l.wait.Go(func() { view.Run(ctx) })
	l.wait.Go(func() { gathered.Run(ctx) })
}

// inUse reports whether a membership is about the group.
func (l *links) inUse(ctx context.Context, groupID string) bool {
	if l.Feeds.groups.wanted(groupID, l.Now()) {
		return true
	}
	memberships := &b2b.GuestGroupMembershipList{}
	err := l.Feeds.cache.List(ctx, memberships, client.MatchingFields{indexMembershipByGroupID: groupID}, client.Limit(1), client.UnsafeDisableDeepCopy)
	return err != nil || len(memberships.Items) > 0
}

// end takes the connection of an EntraTenant away, or notes that there is none.
func (l *links) end(name string) {
	tenant := l.of(name)
	l.Metrics.TenantsConnected(l.Tenants.Set(name, nil))
	if tenant.running != nil {
		tenant.running.stop()
		tenant.running = nil
	}
}

// forget is end for an EntraTenant that does not exist any more.
func (l *links) forget(name string) {
	l.end(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byName[name].end()
	delete(l.byName, name)
}
