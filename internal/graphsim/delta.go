package graphsim

import (
	"slices"
	"strings"
)

// deltaSet is a set of objects that can be followed.
type deltaSet struct {
	resource *resource
	feed     func(*Tenant) *feed
	// list adds the objects of one page of a full round, and reports whether there
	// are more.
	list func(*deltaRound) (more bool)
	// find is the live object, or the reason why it is removed.
	find func(t *Tenant, id string) (o object, reason string)
}

// deltaRound is one page of a delta query.
type deltaRound struct {
	x          *exchange
	set        *deltaSet
	token      deltaToken
	properties []string // that are shown, and whose changes count
	members    bool     // of groups, likewise
	minimal    bool
	size       int // objects per page

	order []string
	items map[string]*deltaItem
}

// deltaItem is what is to be said about one object.
type deltaItem struct {
	whole   bool // all of it
	fields  []string
	members []string
}

const (
	defaultDeltaPage = 200
	// membersPerObject is how many members a page may show for each object that it may.
	membersPerObject = 5
	maxDeltaIDs      = 50
)

func deltaOf(set *deltaSet) handler {
	return func(x *exchange) (*answer, *apiError) {
		d, err := x.deltaRound(set)
		if err != nil {
			return nil, err
		}
		return d.answer(), nil
	}
}

// deltaRound reads the request: a link of an earlier answer, which carries all
// there is to know, or the first of a query.
func (x *exchange) deltaRound(set *deltaSet) (*deltaRound, *apiError) {
	options, err := x.options()
	if err != nil {
		return nil, err
	}
	d := &deltaRound{x: x, set: set, items: map[string]*deltaItem{}, size: x.t.behaviour.DeltaPage}
	if d.size <= 0 {
		d.size = defaultDeltaPage
	}
	if text := orElse(options["$skiptoken"], options["$deltatoken"]); text != "" && text != "latest" {
		d.token, err = x.deltaToken(set, text)
	} else {
		err = d.begin(options)
	}
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(x.r.Header.Get("Prefer"), "return=minimal") {
		d.minimal = true
		x.extra.Set("Preference-Applied", "return=minimal")
	}
	return d, d.selectProperties()
}

// begin starts a query: with all objects, or from now on.
func (d *deltaRound) begin(options map[string]string) *apiError {
	for _, name := range []string{"$expand", "$top", "$orderby", "$search"} {
		if _, given := options[name]; given {
			return badRequest("The query option '%s' is not supported in a delta query.", name)
		}
	}
	ids, err := deltaIDs(options["$filter"])
	if err != nil {
		return err
	}
	t := d.x.t
	if t.deltaGeneration == "" {
		t.deltaGeneration = t.ids.guid()
	}
	d.token = deltaToken{
		Generation: t.deltaGeneration, Set: d.set.resource.set, Select: options["$select"], IDs: ids,
		Round: true, Listing: options["$deltatoken"] != "latest", From: d.set.feed(t).end(t.now()),
	}
	d.token.Upto = d.token.From
	return nil
}

// deltaIDs reads the one form of $filter that a delta query takes.
func deltaIDs(filter string) ([]string, *apiError) {
	if filter == "" {
		return nil, nil
	}
	parsed, err := parseFilter(filter)
	if err != nil {
		return nil, refuse(400, "BadRequest", "Invalid filter clause: %s", err)
	}
	ids, only := idsOf(parsed)
	if !only || len(ids) > maxDeltaIDs {
		return nil, unsupportedQuery("A delta query can be filtered by up to %d ids and by nothing else.", maxDeltaIDs)
	}
	return ids, nil
}

// idsOf are the ids of id eq 'a' or id eq 'b'; only is false for any other filter.
func idsOf(p predicate) (ids []string, only bool) {
	switch p := p.(type) {
	case orPredicate:
		left, l := idsOf(p.left)
		right, r := idsOf(p.right)
		return append(left, right...), l && r
	case comparison:
		id, isText := p.values[0].(string)
		return []string{strings.ToLower(id)}, isText && p.op == "eq" && len(p.path) == 1 && p.path[0] == "id"
	}
	return nil, false
}

// selectProperties works out what counts. The members of a group are selected like
// a property.
func (d *deltaRound) selectProperties() *apiError {
	var names []string
	for name := range strings.SplitSeq(d.token.Select, ",") {
		if name = strings.TrimSpace(name); name == "members" && d.set == groupDelta {
			d.members = true
		} else if name != "" {
			names = append(names, name)
		}
	}
	if d.token.Select == "" {
		d.members = d.set == groupDelta
	}
	if len(names) > 0 || d.token.Select == "" {
		selected, err := d.x.selection(d.set.resource, strings.Join(names, ","))
		if err != nil {
			return err
		}
		d.properties = slices.Clone(selected)
	}
	if d.x.t.behaviour.SilentDelta {
		d.properties = slices.DeleteFunc(d.properties, func(name string) bool { return strings.HasPrefix(name, "externalUserState") })
	}
	return nil
}
