package graphsim

import (
	"slices"
	"time"
)

// Replication says for how long one replica of the directory lags behind: until
// Delay has passed by the tenant's clock, and until the object was asked for (or
// would have been listed) Misses times in vain. Zero is no lag.
type Replication struct {
	Delay  time.Duration
	Misses int
}

// Lag is how the directory's replicas lag behind its writes.
type Lag struct {
	// Reads: a new user is absent from GET and from lists.
	Reads Replication
	// Writes: a new user cannot be patched, deleted or referred to.
	Writes Replication
	// Deletions: a deleted user is still served, and not yet among the deleted items.
	Deletions Replication
	// Restores: a restored user is absent from GET, from lists and from the deleted
	// items, and cannot be written.
	Restores Replication
	// Members: a new member is absent from the lists of members.
	Members Replication
	// Assignments: a new assignment to an application is absent from reads.
	Assignments Replication
	// Removals: a removed member is still in the lists of members.
	Removals Replication
}

// SetLag changes the lag of what is written from now on.
func (t *Tenant) SetLag(lag Lag) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lag = lag
}

// SetUserLag hides an existing user anew from reads and from writes.
func (t *Tenant) SetUserLag(id string, reads, writes Replication) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.users.byID[id]; u != nil {
		u.reads, u.writes = t.veil(reads), t.veil(writes)
	}
}

// veil covers one object or pair until its replication is over.
type veil struct {
	until  time.Time
	misses int
}

func (t *Tenant) veil(r Replication) veil {
	v := veil{misses: r.Misses}
	if r.Delay > 0 {
		v.until = t.now().Add(r.Delay)
	}
	return v
}

// covers reports whether the veil still holds, without using up a miss.
func (v *veil) covers(now time.Time) bool { return v.misses > 0 || now.Before(v.until) }

// met is covers for a real attempt: it uses up a miss.
func (v *veil) met(now time.Time) bool {
	covered := v.covers(now)
	if v.misses > 0 {
		v.misses--
	}
	return covered
}

// canRead reports whether a read that asks for the user is served, and counts as
// one such read.
func (t *Tenant) canRead(u *user) bool {
	if u.deleted {
		return u.leaving.met(t.now())
	}
	return !u.reads.met(t.now())
}

// canWrite reports whether a write reaches the user, and counts as one such write.
func (t *Tenant) canWrite(u *user) bool { return !u.deleted && !u.writes.met(t.now()) }

func (t *Tenant) canSee(m *membership) bool {
	if m.removed {
		return m.leaving.met(t.now())
	}
	return !m.adding.met(t.now())
}

// settle lets deletions and removals that have replicated take their full effect.
func (t *Tenant) settle() {
	now := t.now()
	t.leavers = slices.DeleteFunc(t.leavers, func(u *user) bool {
		if u.leaving.covers(now) {
			return false
		}
		t.bury(u)
		return true
	})
	t.removals = slices.DeleteFunc(t.removals, func(r removal) bool {
		if r.pair.removed && r.pair.leaving.covers(now) {
			return false
		}
		if r.pair.removed {
			r.group.drop(r.pair)
		}
		return true
	})
	t.expire()
}

// removal is a pair that still shows though it was removed.
type removal struct {
	group *group
	pair  *membership
}
