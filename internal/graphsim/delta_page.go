package graphsim

import (
	"reflect"
	"slices"
)

// answer makes the page, and the link to what follows: the next page of the round,
// or the next round.
func (d *deltaRound) answer() *answer {
	t, f := d.x.t, d.set.feed(d.x.t)
	if !d.token.Round {
		d.token.Round, d.token.Upto = true, f.end(t.now())
		replayed := min(uint64(max(0, t.behaviour.DeltaReplays)), d.token.From-f.first)
		d.token.From -= replayed
	}
	var more bool
	if d.token.Listing {
		more = d.set.list(d)
	} else {
		more = d.follow(f)
	}
	values := make([]any, 0, len(d.order))
	for _, id := range d.order {
		values = append(values, d.show(id, d.items[id]))
	}
	t.ids.shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	body := map[string]any{"@odata.context": d.x.context(d.set.resource.set), "value": values}
	f.issued, d.token.Issued = t.now(), t.now().Unix()
	if more {
		body["@odata.nextLink"] = d.x.deltaLink("$skiptoken", d.token.encode())
		return ok(body)
	}
	d.token.Round, d.token.Listing, d.token.Upto, d.token.place = false, false, 0, place{}
	body["@odata.deltaLink"] = d.x.deltaLink("$deltatoken", d.token.encode())
	return ok(body)
}

// follow takes entries of the feed until the page is full. An object may come again
// on a later page of the same round.
func (d *deltaRound) follow(f *feed) (more bool) {
	members := membersPerObject * d.size
	for ; d.token.From < d.token.Upto; d.token.From++ {
		c := f.entry(d.token.From)
		if !d.concerns(c) {
			continue
		}
		if len(d.order) == d.size && d.items[c.id] == nil || members == 0 {
			return true
		}
		item := d.item(c.id)
		switch {
		case c.member != "":
			members--
			if !slices.Contains(item.members, c.member) {
				item.members = append(item.members, c.member)
			}
		case c.whole():
			item.whole = true
		default:
			item.fields = append(item.fields, c.fields...)
		}
	}
	return false
}

func (d *deltaRound) concerns(c change) bool {
	switch {
	case d.token.IDs != nil && !slices.Contains(d.token.IDs, c.id):
		return false
	case c.member != "":
		return d.members
	case c.whole():
		return true
	}
	return slices.ContainsFunc(c.fields, func(name string) bool { return slices.Contains(d.properties, name) })
}

func (d *deltaRound) item(id string) *deltaItem {
	if d.items[id] == nil {
		d.items[id] = &deltaItem{}
		d.order = append(d.order, id)
	}
	return d.items[id]
}

// show is the object as it is now: all that is selected and set, or with
// return=minimal what has changed, where null is what was cleared. A full round shows
// what was asked for by name even where it is null, as the documented examples do.
func (d *deltaRound) show(id string, item *deltaItem) map[string]any {
	o, reason := d.set.find(d.x.t, id)
	if o == nil {
		return map[string]any{"id": id, "@removed": map[string]any{"reason": reason}}
	}
	body := map[string]any{"id": o.objectID()}
	for _, name := range d.properties {
		p, known := d.x.t.property(d.set.resource, name)
		if !known {
			continue
		}
		value, named := p.value(o), d.token.Listing && d.token.Select != ""
		if named || slices.Contains(item.fields, name) || !unset(value) && (item.whole || !d.minimal) {
			body[name] = render(value)
		}
	}
	if g, isGroup := o.(*group); isGroup && len(item.members) > 0 {
		body["members@delta"] = d.showMembers(g, item.members)
	}
	return body
}

func unset(value any) bool {
	v := reflect.ValueOf(value)
	return value == nil || v.Kind() == reflect.Slice && v.Len() == 0
}

func (d *deltaRound) showMembers(g *group, ids []string) []any {
	members := make([]any, 0, len(ids))
	for _, id := range ids {
		member := map[string]any{"@odata.type": userResource.odataType(), "id": id}
		if d.x.t.groupByID[id] != nil {
			member["@odata.type"] = groupResource.odataType()
		}
		if !g.has(id) {
			member["@removed"] = map[string]any{"reason": "deleted"}
		}
		members = append(members, member)
	}
	return members
}
