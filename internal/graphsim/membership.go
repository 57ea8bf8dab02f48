package graphsim

import (
	"maps"
	"slices"
)

func (g *group) has(id string) bool {
	pair := g.byMember[id]
	return pair != nil && !pair.removed
}

func (g *group) memberIDs() []string {
	var ids []string
	for _, pair := range g.members.items {
		if !pair.removed {
			ids = append(ids, pair.id)
		}
	}
	return ids
}

func (g *group) drop(pair *membership) {
	g.members.remove(pair)
	if g.byMember[pair.id] == pair {
		delete(g.byMember, pair.id)
	}
}

func (t *Tenant) noteMember(g *group, id string) {
	if t.memberOf[id] == nil {
		t.memberOf[id] = map[string]*group{}
	}
	t.memberOf[id][g.ID] = g
}

// join adds a member that is not one yet.
func (t *Tenant) join(g *group, id, by string) {
	if old := g.byMember[id]; old != nil {
		g.drop(old)
	}
	pair := &membership{seq: t.nextSeq(), id: id, since: t.now(), adding: t.veil(t.lag.Members)}
	g.members.insert(pair)
	g.byMember[id] = pair
	t.noteMember(g, id)
	t.logMembership(g.ID, id)
	t.ledger.MembersAdded = append(t.ledger.MembersAdded, MemberChange{g.ID, id, by, t.now()})
}

// part removes a member.
func (t *Tenant) part(g *group, id, by string) {
	pair := g.byMember[id]
	pair.removed, pair.leaving = true, t.veil(t.lag.Removals)
	delete(t.memberOf[id], g.ID)
	t.logMembership(g.ID, id)
	t.ledger.MembersRemoved = append(t.ledger.MembersRemoved, MemberChange{g.ID, id, by, t.now()})
	t.removals = append(t.removals, removal{g, pair})
	t.settle()
}

// leaveAll ends the memberships of an object that is gone for good.
func (t *Tenant) leaveAll(id string) {
	for _, g := range t.memberOf[id] {
		g.drop(g.byMember[id])
		t.logMembership(g.ID, id)
	}
	delete(t.memberOf, id)
}

// transitiveMembers are the ids of everything in the group and the groups in it.
func (t *Tenant) transitiveMembers(g *group) []string {
	seen := map[string]bool{g.ID: true}
	var ids []string
	queue := []*group{g}
	for len(queue) > 0 {
		for _, id := range queue[0].memberIDs() {
			if seen[id] {
				continue
			}
			seen[id] = true
			ids = append(ids, id)
			if nested := t.groupByID[id]; nested != nil {
				queue = append(queue, nested)
			}
		}
		queue = queue[1:]
	}
	return ids
}

// transitiveGroups are the ids of the groups that an object is in, directly or not.
func (t *Tenant) transitiveGroups(id string) []string {
	seen := map[string]bool{}
	queue := t.groupsOf(id)
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if !seen[next] {
			seen[next] = true
			queue = append(queue, t.groupsOf(next)...)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
