package mirror

import (
	"context"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// Listed reports whether the guests have been listed at least once. Before that, User knows own writes only.
func (m *Mirror) Listed() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.users.listed
}

// User gives a user as last listed or written. A user that is not found here is only suspected to be gone.
func (m *Mirror) User(id string) (directory.User, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.users.get(id)
}

// Member reports whether the user is a direct member of the group, as last listed or written. The first question about a
// group lists it, and from then on it is listed in every round. A false answer is only a suspicion.
func (m *Mirror) Member(ctx context.Context, groupID, userID string) (bool, error) {
	g := m.group(groupID)
	if err := m.listOnce(ctx, groupID, g); err != nil {
		return false, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, present := g.members.get(userID)
	return present, nil
}

func (m *Mirror) listOnce(ctx context.Context, id string, g *group) error {
	if m.groupListed(g) {
		return nil
	}
	g.listing.Lock()
	defer g.listing.Unlock()
	if m.groupListed(g) {
		return nil
	}
	return m.listMembers(ctx, id, g)
}

func (m *Mirror) groupListed(g *group) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return g.members.listed
}

// Saw takes in a user that this process has just created, changed or read live.
func (m *Mirror) Saw(user directory.User) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users.put(user.ID, user, m.options.Now())
}

// SawGone takes in that a user has just been deleted by this process.
func (m *Mirror) SawGone(userID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users.remove(userID, m.options.Now())
}

// SawMember takes in whether the user has just been made or found a member of the group, or removed from it.
func (m *Mirror) SawMember(groupID, userID string, member bool) {
	g := m.group(groupID)
	m.mu.Lock()
	defer m.mu.Unlock()
	if member {
		g.members.put(userID, struct{}{}, m.options.Now())
	} else {
		g.members.remove(userID, m.options.Now())
	}
}

// Stats is what the mirror knows in figures.
type Stats struct {
	// Guests and Pending count the guests of the tenant, and those among them that have not redeemed yet.
	Guests, Pending int
	// Round is when the last complete round ended; zero before the first.
	Round time.Time
	// Err is why the last round failed; nil where it did not.
	Err error
}

// Stats counts what the mirror holds.
func (m *Mirror) Stats() Stats {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return Stats{
		Guests: m.users.count(func(directory.User) bool { return true }),
		Pending: m.users.count(func(user directory.User) bool {
			return user.ExternalUserState == directory.PendingAcceptance
		}),
		Round: m.round,
		Err:   m.err,
	}
}
