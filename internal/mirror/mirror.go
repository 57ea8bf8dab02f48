package mirror

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// Change says what a listing showed to be different from before. With GroupID set, UserID has become or ceased to be a
// member of that group; without it, the user itself has changed, appeared or disappeared. Everything stands for a first
// listing, after which whoever waited for the mirror may go on.
type Change struct {
	UserID     string
	GroupID    string
	Everything bool
}

// Options say how a Mirror behaves.
type Options struct {
	// Interval is the time between two rounds of listings.
	Interval time.Duration
	// Settle is for how long an own write is believed over a listing that does not show it yet.
	Settle time.Duration
	// Notify receives the changes of each listing. It must not block.
	Notify func([]Change)
	// InUse reports whether any object still concerns the group; listings of other groups end. Nil keeps all.
	InUse func(groupID string) bool
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	Log logr.Logger
}

// Mirror is the view of one tenant. Its methods may be called from several goroutines.
type Mirror struct {
	lister  directory.Lister
	options Options

	mu     sync.RWMutex
	users  *replica[directory.User]
	groups map[string]*group
	err    error
	round  time.Time
}

// group is the members of one group in use.
type group struct {
	listing sync.Mutex // held while the group is listed, so that its first readers share one listing
	members *replica[struct{}]
}

// New gives an empty mirror. Run fills it.
func New(lister directory.Lister, options Options) *Mirror {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Notify == nil {
		options.Notify = func([]Change) {}
	}
	return &Mirror{
		lister:  lister,
		options: options,
		users:   newReplica(options.Settle, func(a, b directory.User) bool { return reflect.DeepEqual(a, b) }),
		groups:  map[string]*group{},
	}
}

// Run lists again and again until ctx ends. A listing that fails leaves the view as it was.
func (m *Mirror) Run(ctx context.Context) {
	for {
		err := m.Sync(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			m.options.Log.Info("Listing the directory failed", "class", directory.ClassOf(err).String(),
				"requestID", directory.RequestID(err))
		}
		timer := time.NewTimer(m.pause(err))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// pause is the time until the next round: the interval, or as long as the directory asked for; a first listing that failed
// is tried again sooner, because reconcilers wait for it.
func (m *Mirror) pause(err error) time.Duration {
	const firstRetry = 5 * time.Second
	pause := m.options.Interval
	if err != nil && !m.Listed() {
		pause = min(pause, firstRetry+rand.N(firstRetry/5)) //nolint:gosec // jitter, not a secret
	}
	return max(pause, directory.RetryAfter(err))
}

// Sync makes one round: the guests, then the members of each group in use.
func (m *Mirror) Sync(ctx context.Context) error {
	err := m.syncUsers(ctx)
	for _, id := range m.groupsInUse() {
		if err != nil {
			break
		}
		err = directory.IgnoreNotFound(m.syncGroup(ctx, id))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
	if err == nil {
		m.round = m.options.Now()
	}
	return err
}

func (m *Mirror) syncUsers(ctx context.Context) error {
	listing := map[string]directory.User{}
	err := m.lister.ListGuests(ctx, func(page []directory.User) error {
		for _, user := range page {
			listing[user.ID] = user
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.mu.Lock()
	first := !m.users.listed
	changed := m.users.replace(listing, m.options.Now())
	m.mu.Unlock()

	changes := []Change{{Everything: true}}
	if !first {
		changes = asChanges(changed, "")
	}
	if len(changes) > 0 {
		m.options.Notify(changes)
	}
	return nil
}

// syncGroup lists a group in use again. A group that is gone has no members left; that too is only a suspicion.
func (m *Mirror) syncGroup(ctx context.Context, id string) error {
	g := m.group(id)
	g.listing.Lock()
	defer g.listing.Unlock()
	err := m.listMembers(ctx, id, g)
	if directory.IsNotFound(err) && m.groupListed(g) {
		m.takeMembers(id, g, nil)
	}
	return err
}

// listMembers lists one group. The caller holds g.listing.
func (m *Mirror) listMembers(ctx context.Context, id string, g *group) error {
	listing := map[string]struct{}{}
	err := m.lister.ListMembers(ctx, id, func(page []string) error {
		for _, userID := range page {
			listing[userID] = struct{}{}
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.takeMembers(id, g, listing)
	return nil
}

func (m *Mirror) takeMembers(id string, g *group, listing map[string]struct{}) {
	m.mu.Lock()
	first := !g.members.listed
	changed := g.members.replace(listing, m.options.Now())
	m.mu.Unlock()
	if !first && len(changed) > 0 {
		m.options.Notify(asChanges(changed, id))
	}
}

// groupsInUse gives the groups to list, and forgets those that nobody is concerned with any more.
func (m *Mirror) groupsInUse() (ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.groups {
		if m.options.InUse != nil && !m.options.InUse(id) {
			delete(m.groups, id)
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (m *Mirror) group(id string) *group {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.groups[id]
	if !ok {
		g = &group{members: newReplica(m.options.Settle, func(struct{}, struct{}) bool { return true })}
		m.groups[id] = g
	}
	return g
}

func asChanges(keys []string, groupID string) []Change {
	changes := make([]Change, 0, len(keys))
	for _, key := range keys {
		changes = append(changes, Change{UserID: key, GroupID: groupID})
	}
	return changes
}
