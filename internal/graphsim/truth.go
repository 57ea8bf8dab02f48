package graphsim

import (
	"slices"
	"strings"
	"time"
)

// The methods of this file tell the truth, whatever a lagging replica shows.

// User returns a live user by id.
func (t *Tenant) User(id string) (User, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, err := t.liveUser(id)
	if err != nil {
		return User{}, false
	}
	return u.snapshot(), true
}

// DeletedUser returns a soft-deleted user by id.
func (t *Tenant) DeletedUser(id string) (User, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = strings.ToLower(id)
	if u := t.deleted.byID[id]; u != nil {
		return u.snapshot(), true
	}
	if u := t.users.byID[id]; u != nil && u.deleted {
		return u.snapshot(), true
	}
	return User{}, false
}

// UserByAddress returns the live user who has the address as mail, other mail,
// proxy address or alias.
func (t *Tenant) UserByAddress(address string) (User, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.holder(strings.ToLower(address)); u != nil {
		return u.snapshot(), true
	}
	return User{}, false
}

// Users returns all live users in the order of their creation.
func (t *Tenant) Users() []User {
	t.mu.Lock()
	defer t.mu.Unlock()
	var users []User
	for _, u := range t.users.ordered.items {
		if !u.deleted {
			users = append(users, u.snapshot())
		}
	}
	return users
}

// Group returns a group by id.
func (t *Tenant) Group(id string) (Group, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.groupByID[strings.ToLower(id)]; g != nil {
		return g.snapshot(), true
	}
	return Group{}, false
}

// GroupByName returns the id of the first group of that display name, or "".
func (t *Tenant) GroupByName(displayName string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range t.groups.items {
		if g.DisplayName == displayName {
			return g.ID
		}
	}
	return ""
}

// Members returns the ids of a group's live direct members in the order in which
// they joined.
func (t *Tenant) Members(groupID string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.groupByID[strings.ToLower(groupID)]
	if g == nil {
		return nil
	}
	return slices.DeleteFunc(g.memberIDs(), func(id string) bool { return t.object(id) == nil })
}

// Now is the tenant's time.
func (t *Tenant) Now() time.Time { return t.now() }
