package mirror

import (
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// Listed reports whether the guests have been listed at least once. Before that, User knows own writes only.
func (m *Mirror) Listed() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.users.listed
}

// User gives a user as last reported or written, without DisplayName, with no other Identities than tell that the user is
// external, and with the addresses that only repeat Mail left out of the others. A user that is not found here is only suspected
// to be gone.
func (m *Mirror) User(id string) (directory.User, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	known, present := m.users.get(id)
	if !present {
		return directory.User{}, false
	}
	return known.user(), true
}

// Member reports whether the user is a direct member of the group, as last reported or written; a false answer is only a
// suspicion. It neither waits nor asks the directory: where known is false, the group has not been listed, and now will be. A
// Change with Everything tells when it was, and GroupErr why it could not be. A group that does not exist has no members.
func (m *Mirror) Member(groupID, userID string) (member, known bool) {
	member, known, asked := m.memberOf(groupID, userID)
	if !asked {
		m.ask(groupID)
	}
	return member, known
}

func (m *Mirror) memberOf(groupID, userID string) (member, known, asked bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g, ok := m.groups[groupID]
	if !ok {
		return false, false, false
	}
	_, member = g.members.get(userID)
	return member, g.members.listed || g.members.unsettled(userID), g.asked
}

// ask has Run list a group that nobody has asked for yet.
func (m *Mirror) ask(groupID string) {
	m.mu.Lock()
	m.group(groupID).asked = true
	m.mu.Unlock()
	m.wake()
}

// GroupErr is why the group could not be listed when that was last tried; nil where it was, or was not tried yet.
func (m *Mirror) GroupErr(groupID string) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if g, ok := m.groups[groupID]; ok {
		return g.err
	}
	return nil
}

// Saw takes in a user that this process has just created, changed or read live. Of one who is not among the listed guests no list
// will tell, so what was read counts until a change says otherwise. A user without a name, of whom only the id is known, changes nothing
// about one who is known better: an invitation can be answered with somebody who was there before, and of them no change will tell.
func (m *Mirror) Saw(user directory.User) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.users.get(user.ID); known && user.UserPrincipalName == "" {
		return
	}
	if user.UserPrincipalName != "" && !invited(user) {
		m.users.settleOn(user.ID, guestOf(user))
		return
	}
	m.users.put(user.ID, guestOf(user), m.options.Now())
}

// SawGone takes in that a user has just been deleted by this process.
func (m *Mirror) SawGone(userID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users.remove(userID, m.options.Now())
}

// SawMember takes in whether the user has just been made or found a member of the group, or removed from it.
func (m *Mirror) SawMember(groupID, userID string, member bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	members := m.group(groupID).members
	if member {
		members.put(m.interned(userID), struct{}{}, m.options.Now())
	} else {
		members.remove(m.interned(userID), m.options.Now())
	}
}

// Stats is what the mirror knows in figures.
type Stats struct {
	// Guests and Pending count the guests of the tenant, and those among them that have not redeemed yet.
	Guests, Pending int
	// Round is when the last complete round ended, and Full when the guests were last listed in full; zero before the first.
	Round, Full time.Time
	// Err is why the last round failed; nil where it did not.
	Err error
}

// Stats counts what the mirror holds.
func (m *Mirror) Stats() Stats {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return Stats{
		Guests:  m.users.count(func(guest) bool { return true }),
		Pending: m.users.count(guest.pending),
		Round:   m.round,
		Full:    m.full,
		Err:     m.err,
	}
}
