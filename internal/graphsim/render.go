package graphsim

// render shows the selected properties of an object and nothing else, as the
// service does: what is not selected is absent, not null.
func (x *exchange) render(o object, q *query, typed bool) map[string]any {
	r := o.resource()
	body := make(map[string]any, len(q.properties)+1)
	if typed {
		body["@odata.type"] = r.odataType()
	}
	names := q.properties
	if q.selected == "" {
		names = r.defaults // of the object's own type, in a list of several
	}
	for _, name := range names {
		if p, known := x.t.property(r, name); known {
			body[name] = render(p.value(o))
		}
	}
	for _, e := range q.expand {
		body[e.link] = x.expanded(o, e)
	}
	return body
}

// maxExpanded is how many related objects $expand shows.
const maxExpanded = 20

func (x *exchange) expanded(o object, e expansion) any {
	t := x.t
	var ids []string
	switch o := o.(type) {
	case *user:
		switch e.link {
		case "manager":
			if manager := t.users.byID[o.Manager]; manager != nil && !manager.deleted {
				return x.render(manager, &query{properties: e.properties, selected: "*"}, true)
			}
			return nil
		case "sponsors":
			ids = o.Sponsors
		case "memberOf":
			ids = t.groupsOf(o.ID)
		}
	case *group:
		ids = o.owners
		if e.link == "members" {
			ids = o.memberIDs()
		}
	}
	related := []any{}
	for _, other := range t.objects(ids) {
		if len(related) < maxExpanded {
			related = append(related, x.render(other, &query{properties: e.properties, selected: "*"}, true))
		}
	}
	return related
}

// item answers one object.
func (x *exchange) item(o object, q *query, set string, typed bool) *answer {
	body := x.render(o, q, typed)
	body["@odata.context"] = x.context(contextOf(set, q.selected) + "/$entity")
	return ok(body)
}

// objects are the live users and groups of the ids, in their order.
func (t *Tenant) objects(ids []string) []object {
	var found []object
	for _, id := range ids {
		if o := t.object(id); o != nil {
			found = append(found, o)
		}
	}
	return found
}

// object is the live user or group of the id, nil if there is none.
func (t *Tenant) object(id string) object {
	if u := t.users.byID[id]; u != nil && !u.deleted {
		return u
	}
	if g := t.groupByID[id]; g != nil {
		return g
	}
	return nil
}
