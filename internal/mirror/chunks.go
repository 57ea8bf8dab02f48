package mirror

import (
	"context"
	"slices"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// chunk is a number of groups whose changes come by one link. A group that nobody is concerned with any more stays in it until
// the link has to be renewed anyway: its changes are passed over.
type chunk struct {
	ids  []string
	link directory.DeltaLink
	// renewed: what has happened since the link was taken has not been taken in.
	renewed bool
}

// syncGroups takes in what has changed in the groups in use, and those that were asked for.
func (m *Mirror) syncGroups(ctx context.Context) error {
	m.forgetUnused()
	m.settleMembers()
	m.chunks = slices.DeleteFunc(m.chunks, func(c *chunk) bool { return len(m.used(c)) == 0 })
	var err error
	for _, c := range slices.Clone(m.chunks) {
		if err = first(err, m.followChunk(ctx, c)); directory.Is(err, directory.Throttled) {
			return err
		}
	}
	return first(err, m.takeIn(ctx))
}

// settleMembers lets own writes settle, whether or not anything has changed.
func (m *Mirror) settleMembers() {
	m.mu.RLock()
	var ids []string
	for id, g := range m.groups {
		if len(g.members.own) > 0 {
			ids = append(ids, id)
		}
	}
	m.mu.RUnlock()
	for _, id := range ids {
		m.takeMembers(id, func(*group, *intake[struct{}]) {})
	}
}

// followChunk takes in what has changed since the link was taken. A link that is dead ends the chunk, and its groups are listed
// anew.
func (m *Mirror) followChunk(ctx context.Context, c *chunk) error {
	changes := map[string][]directory.MemberChange{}
	link, err := m.source.MemberChanges(ctx, c.link, func(page []directory.MemberChange) error {
		m.mu.RLock()
		defer m.mu.RUnlock()
		for _, change := range page {
			if _, ok := m.groups[change.GroupID]; ok {
				change.UserID = m.interned(change.UserID)
				changes[change.GroupID] = append(changes[change.GroupID], change)
			}
		}
		return nil
	})
	if directory.HasDetail(err, directory.ResyncRequired) {
		m.chunks = slices.DeleteFunc(m.chunks, func(other *chunk) bool { return other == c })
		m.listAnew(c.ids)
		return nil
	}
	if err != nil {
		return err
	}
	for id, of := range changes {
		m.takeMembers(id, func(g *group, in *intake[struct{}]) { m.report(g, in, of) })
	}
	c.link, c.renewed = link, false
	return nil
}

// report takes in changes of one group. Of one that was deleted nothing is known but that it has no members; it can be restored.
func (m *Mirror) report(g *group, in *intake[struct{}], changes []directory.MemberChange) {
	for _, change := range changes {
		if change.UserID != "" {
			in.report(change.UserID, state[struct{}]{present: !change.Removed})
			continue
		}
		if g.members.listed {
			in.replace(nil)
			g.listAt = m.options.Now().Add(missingEvery)
		}
	}
}

// listAnew makes groups due.
func (m *Mirror) listAnew(ids []string) {
	now := m.options.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if g, ok := m.groups[id]; ok {
			g.listAt = now
		}
	}
}

// cover puts groups into chunks, so that their changes are told from before they are listed. Its error is the last try's, for as
// long as groups wait for the next.
func (m *Mirror) cover(ctx context.Context, ids []string) error {
	if len(ids) > 0 || !m.anyUncovered() {
		m.uncovered = nil
	}
	for len(ids) > 0 && !directory.Is(m.uncovered, directory.Throttled) {
		c := m.chunkWithRoom()
		n := min(len(ids), directory.MaxGroupsPerDelta-len(m.used(c)))
		m.uncovered = first(m.uncovered, m.extend(ctx, c, ids[:n]))
		ids = ids[n:]
	}
	return m.uncovered
}

// extend renews the link of a chunk so that it is about these groups too.
func (m *Mirror) extend(ctx context.Context, c *chunk, ids []string) error {
	all := append(m.used(c), ids...)
	link, err := m.source.LatestMembers(ctx, all)
	if directory.Is(err, directory.Invalid) {
		return m.extendOneByOne(ctx, ids, err)
	}
	if err == nil && c.link != "" {
		err = m.followChunk(ctx, c)
	}
	if err != nil {
		m.failed(ids, err)
		return err
	}
	if !slices.Contains(m.chunks, c) {
		m.chunks = append(m.chunks, c)
	}
	c.ids, c.link, c.renewed = all, link, true
	return nil
}

// extendOneByOne finds the group that the directory does not accept, so that it keeps out no other. It is that group's failure alone.
func (m *Mirror) extendOneByOne(ctx context.Context, ids []string, refused error) (err error) {
	if len(ids) == 1 {
		m.failed(ids, refused)
		return nil
	}
	for _, id := range ids {
		if !directory.Is(err, directory.Throttled) {
			err = first(err, m.extend(ctx, m.chunkWithRoom(), []string{id}))
		}
	}
	return err
}

// replay takes in what has happened since links were renewed, while groups were listed.
func (m *Mirror) replay(ctx context.Context) (err error) {
	for _, c := range slices.Clone(m.chunks) {
		if c.renewed && !directory.Is(err, directory.Throttled) {
			err = first(err, m.followChunk(ctx, c))
		}
	}
	return err
}

// chunkWithRoom gives a chunk that is not full, a new one where all are.
func (m *Mirror) chunkWithRoom() *chunk {
	for _, c := range m.chunks {
		if len(m.used(c)) < directory.MaxGroupsPerDelta {
			return c
		}
	}
	return &chunk{}
}

// used gives the groups of a chunk that somebody is concerned with.
func (m *Mirror) used(c *chunk) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return m.groups[id] == nil })
}

func (m *Mirror) covered(id string) bool {
	return slices.ContainsFunc(m.chunks, func(c *chunk) bool { return slices.Contains(c.ids, id) })
}

func (m *Mirror) anyUncovered() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for id, g := range m.groups {
		if g.asked && !m.covered(id) {
			return true
		}
	}
	return false
}
