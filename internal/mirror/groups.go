package mirror

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

const (
	// unusedFor is how long a group is kept that nothing is concerned with: what has just asked for it may not have been stored yet.
	unusedFor = time.Minute
	// missingEvery is how often a group that does not exist is asked about again.
	missingEvery = 15 * time.Minute
	// groupRetry is the pause after a group could not be listed. It doubles with each failure, up to groupRetryMax.
	groupRetry    = 5 * time.Second
	groupRetryMax = 15 * time.Minute
)

// group is the members of one group in use.
type group struct {
	members *replica[struct{}]
	since   time.Time
	// asked: somebody wants to know the members.
	asked bool
	// listAt is when the members have to be listed, for the first time or again.
	listAt   time.Time
	failures int
	err      error
}

// failed notes that the group could not be listed, and when it is tried again.
func (g *group) failed(err error, now time.Time) {
	g.err = err
	g.listAt = now.Add(max(min(groupRetry<<min(g.failures, 16), groupRetryMax), directory.RetryAfter(err)))
	g.failures++
}

// takeIn lists the groups that are due, all together, and tells who asked for one of them that it can be read.
func (m *Mirror) takeIn(ctx context.Context) error {
	err := m.cover(ctx, m.due(false))
	if directory.Is(err, directory.Throttled) {
		return err
	}
	var readable []Change
	for _, id := range m.due(true) {
		newly, failed := m.listGroup(ctx, id)
		if newly {
			readable = append(readable, Change{GroupID: id, Everything: true})
		}
		if directory.Is(failed, directory.Throttled) {
			err = failed
			break
		}
	}
	if !directory.Is(err, directory.Throttled) {
		err = first(err, m.replay(ctx))
	}
	if len(readable) > 0 {
		m.options.Notify(readable)
	}
	return err
}

// due gives the groups to list now, those that are in a chunk or those that are in none.
func (m *Mirror) due(covered bool) (ids []string) {
	now := m.options.Now()
	m.mu.RLock()
	defer m.mu.RUnlock()
	for id, g := range m.groups {
		if g.asked && !g.listAt.After(now) && m.covered(id) == covered {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// listGroup lists one group; newly is true where its members can be read from now on. One that does not exist has none, as far as
// is known.
func (m *Mirror) listGroup(ctx context.Context, id string) (newly bool, err error) {
	listing := map[string]struct{}{}
	err = m.source.ListMembers(ctx, id, func(page []string) error {
		m.mu.RLock()
		defer m.mu.RUnlock()
		for _, userID := range page {
			listing[m.interned(userID)] = struct{}{}
		}
		return nil
	})
	now := m.options.Now()
	if err != nil && !directory.IsNotFound(err) {
		m.failed([]string{id}, err)
		return false, err
	}
	again := untilFull(now)
	if err != nil {
		again = now.Add(missingEvery)
	}
	return m.takeMembers(id, func(g *group, in *intake[struct{}]) {
		g.err, g.failures, g.listAt = nil, 0, again
		in.replace(listing)
	}), nil
}

// takeMembers takes reports in and notifies of what they change; newly is true, and nobody is notified, where nobody could read
// the group before.
func (m *Mirror) takeMembers(id string, reports func(*group, *intake[struct{}])) (newly bool) {
	m.mu.Lock()
	g, ok := m.groups[id]
	if !ok { // forgotten meanwhile
		m.mu.Unlock()
		return false
	}
	before := g.members.listed
	in := g.members.intake()
	reports(g, in)
	changed := in.end(m.options.Now())
	listed := g.members.listed
	m.mu.Unlock()
	if before {
		m.tell(changed, id)
	}
	return listed && !before
}

func (m *Mirror) failed(ids []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if g, ok := m.groups[id]; ok {
			g.failed(err, m.options.Now())
		}
	}
}

// interned gives the id as the guests have it, where they do, so that it is in memory once. The caller holds mu.
func (m *Mirror) interned(userID string) string {
	if known, ok := m.users.items[userID]; ok {
		return known.id
	}
	return userID
}

// forgetUnused forgets the groups that nobody is concerned with any more.
func (m *Mirror) forgetUnused() {
	if m.options.InUse == nil {
		return
	}
	m.mu.RLock()
	ids := slices.Collect(maps.Keys(m.groups))
	m.mu.RUnlock()
	unused := slices.DeleteFunc(ids, m.options.InUse)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range unused {
		if m.options.Now().Sub(m.groups[id].since) >= unusedFor {
			delete(m.groups, id)
		}
	}
}

// group gives a group, as a new one where it is not known. The caller holds mu.
func (m *Mirror) group(id string) *group {
	g, ok := m.groups[id]
	if !ok {
		g = &group{
			members: newReplica(m.options.Settle, func(struct{}, struct{}) bool { return true }),
			since:   m.options.Now(),
		}
		m.groups[id] = g
	}
	return g
}
