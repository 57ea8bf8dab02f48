package graphsim

import (
	"cmp"
	"slices"
)

var userDelta = &deltaSet{
	resource: userResource,
	feed:     func(t *Tenant) *feed { return &t.userFeed },
	list:     listUserDelta,
	find:     findUser,
}

var groupDelta = &deltaSet{
	resource: groupResource,
	feed:     func(t *Tenant) *feed { return &t.groupFeed },
	list:     listGroupDelta,
	find:     findGroup,
}

// Reasons of @removed.
const (
	restorable = "changed"
	gone       = "deleted"
)

func findUser(t *Tenant, id string) (object, string) {
	u := t.users.byID[id]
	switch {
	case u != nil && !u.deleted:
		return u, ""
	case u != nil, t.deleted.byID[id] != nil:
		return nil, restorable
	}
	return nil, gone
}

func findGroup(t *Tenant, id string) (object, string) {
	if g := t.groupByID[id]; g != nil {
		return g, ""
	}
	if slices.ContainsFunc(t.deadGroups.items, func(g *group) bool { return g.ID == id }) {
		return nil, restorable
	}
	return nil, gone
}

// chosen are the objects after a place: all, or those that the filter names.
func chosen[T object](all *ordered[T], byID map[string]T, ids []string, after uint64) []T {
	if ids == nil {
		return all.after(after)
	}
	var found []T
	for _, id := range ids {
		if o, known := byID[id]; known && o.sequence() > after && !slices.ContainsFunc(found, func(f T) bool { return f.objectID() == id }) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b T) int { return cmp.Compare(a.sequence(), b.sequence()) })
	return found
}

func listUserDelta(d *deltaRound) (more bool) {
	t := d.x.t
	for _, u := range chosen(&t.users.ordered, t.users.byID, d.token.IDs, d.token.After) {
		if u.deleted {
			continue
		}
		if len(d.order) == d.size {
			return true
		}
		d.item(u.ID).whole = true
		d.token.After = u.seq
	}
	deleted := chosen(&t.deleted.ordered, t.deleted.byID, d.token.IDs, 0)
	for _, u := range deleted[:min(len(deleted), max(0, t.behaviour.DeltaReplays))] {
		d.item(u.ID)
	}
	return false
}

// listGroupDelta shows a group that has more members than the page holds in parts.
// Deleted users are members until they are purged.
func listGroupDelta(d *deltaRound) (more bool) {
	t, room := d.x.t, membersPerObject*d.size
	for _, g := range chosen(&t.groups, t.groupByID, d.token.IDs, d.token.After) {
		if len(d.order) == d.size || room == 0 {
			return true
		}
		item := d.item(g.ID)
		item.whole = true
		if d.members {
			if d.token.Part != g.seq {
				d.token.Part, d.token.Member = g.seq, 0
			}
			for _, pair := range g.members.after(d.token.Member) {
				if pair.removed {
					continue
				}
				if room == 0 {
					return true
				}
				item.members = append(item.members, pair.id)
				d.token.Member = pair.seq
				room--
			}
		}
		d.token.place = place{After: g.seq}
	}
	return false
}
