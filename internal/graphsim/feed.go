package graphsim

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// feed is the log of what has changed in one set of objects, in order, for as long as
// a delta query can ask for it. Entries are numbered from 0; a query starts at a
// number and costs what has been logged since. Nothing is logged while no token
// lives, and nothing is kept that is older than a token can be.
type feed struct {
	entries []change
	first   uint64    // number of entries[0]
	issued  time.Time // when the last token was
}

// change is one entry of a feed. What an answer shows is the object as it is by then;
// the entry tells what about it has changed.
type change struct {
	at     time.Time // when it shows
	id     string
	fields []string // by their Graph names
	member string   // of a group, that was added or removed
}

// whole reports that the object came, went or came back.
func (c change) whole() bool { return c.fields == nil && c.member == "" }

// tokenLife is how long a token of a delta query over directory objects is good.
const tokenLife = 7 * 24 * time.Hour

// live reports whether any token still lives.
func (f *feed) live(now time.Time) bool { return !f.issued.Before(now.Add(-tokenLife)) }

func (f *feed) log(now time.Time, c change) {
	oldest := now.Add(-tokenLife)
	if !f.live(now) {
		f.first, f.entries = f.next(), nil
		return
	}
	old := 0
	for old < len(f.entries) && f.entries[old].at.Before(oldest) {
		old++
	}
	f.first, f.entries = f.first+uint64(old), append(f.entries[old:], c)
}

// next is the number of the entry to come.
func (f *feed) next() uint64 { return f.first + uint64(len(f.entries)) }

// end is the number after the last entry that shows by now.
func (f *feed) end(now time.Time) uint64 {
	end := len(f.entries)
	for end > 0 && f.entries[end-1].at.After(now) {
		end--
	}
	return f.first + uint64(end)
}

func (f *feed) entry(number uint64) change { return f.entries[number-f.first] }

// logUser logs a change of a user: of the fields, or of all about it.
func (t *Tenant) logUser(id string, fields ...string) {
	t.userFeed.log(t.now(), change{at: t.now().Add(t.behaviour.DeltaDelay), id: id, fields: fields})
}

func (t *Tenant) logGroup(id string, fields ...string) {
	t.groupFeed.log(t.now(), change{at: t.now().Add(t.behaviour.DeltaDelay), id: id, fields: fields})
}

func (t *Tenant) logMembership(groupID, memberID string) {
	t.groupFeed.log(t.now(), change{at: t.now().Add(t.behaviour.DeltaDelay), id: groupID, member: memberID})
}

// changeUser edits a user and logs what became different.
func (t *Tenant) changeUser(u *user, edit func(*User)) {
	if !t.userFeed.live(t.now()) {
		t.users.change(u, edit)
		return
	}
	was := &user{User: u.snapshot()}
	t.users.change(u, edit)
	if fields := differences(userResource, userFields, was, u); fields != nil {
		t.logUser(u.ID, fields...)
	}
}

// changeGroup edits a group and logs what became different.
func (t *Tenant) changeGroup(g *group, edit func(*Group)) {
	was := &group{Group: g.snapshot()}
	edit(&g.Group)
	if fields := differences(groupResource, groupFields, was, g); fields != nil {
		t.logGroup(g.ID, fields...)
	}
}

// All properties by name, in order.
var (
	userFields  = slices.Sorted(maps.Keys(userResource.byName))
	groupFields = slices.Sorted(maps.Keys(groupResource.byName))
)

// differences are those of the names whose properties are not the same.
func differences(r *resource, names []string, a, b object) []string {
	var different []string
	for _, name := range names {
		if value := r.byName[name].value; !same(value(a), value(b)) {
			different = append(different, name)
		}
	}
	return different
}

func same(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case string, bool:
		return a == b
	}
	return reflect.DeepEqual(a, b)
}
