package graphsim

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// directoryObject is what a list of several types can be asked for.
var directoryObject = newDirectoryObject()

func newDirectoryObject() *resource {
	r := newResource("directoryObject", "directoryObjects", userResource.defaults)
	maps.Copy(r.byName, groupResource.byName)
	maps.Copy(r.byName, userResource.byName)
	for name, p := range r.byName {
		plain := []string(nil)
		if name == "id" {
			plain = p.plain
		}
		r.byName[name] = &property{name: name, value: p.value, plain: plain, advanced: append(slices.Clone(p.plain), p.advanced...)}
	}
	return r
}

// cast is the type that the path asks for, if it names one.
func (x *exchange) cast() *resource {
	switch {
	case strings.HasSuffix(x.route.template, "/microsoft.graph.user"):
		return userResource
	case strings.HasSuffix(x.route.template, "/microsoft.graph.group"):
		return groupResource
	}
	return directoryObject
}

// checkCast refuses a cast outside an advanced query.
func (x *exchange) checkCast() *apiError {
	options, err := x.options()
	if err != nil {
		return err
	}
	if x.cast() != directoryObject && (!x.eventual() || options["$count"] != "true") {
		return unsupportedQuery("Unsupported Query.")
	}
	return nil
}

func listRelated(relation string) handler {
	return func(x *exchange) (*answer, *apiError) {
		s, err := x.related(relation)
		if err != nil {
			return nil, err
		}
		return x.list(s)
	}
}

func countRelated(relation string) handler {
	return func(x *exchange) (*answer, *apiError) {
		s, err := x.related(relation)
		if err != nil {
			return nil, err
		}
		return x.countOnly(s)
	}
}

// related draws the members, transitive members or owners of the path's group.
func (x *exchange) related(relation string) (source, *apiError) {
	g, err := x.pathGroup()
	if err != nil {
		return source{}, err
	}
	if err := x.checkCast(); err != nil {
		return source{}, err
	}
	s := x.objectSource(nil)
	switch relation {
	case "members":
		s.after = x.members(g)
	case "transitiveMembers":
		s = x.objectSource(x.t.transitiveMembers(g))
	case "owners":
		s = x.objectSource(g.owners)
	}
	return s, nil
}

// members yields the group's direct members that are of the cast's type and not
// deleted. A filter for one id does not walk the group.
func (x *exchange) members(g *group) func(uint64, predicate) iter.Seq[entry] {
	return func(seq uint64, filter predicate) iter.Seq[entry] {
		return func(yield func(entry) bool) {
			for _, pair := range g.pairs(seq, filter) {
				o := x.t.object(pair.id)
				if o == nil || x.cast() != directoryObject && o.resource() != x.cast() {
					continue
				}
				if !yield(entry{o, pair.seq, func() bool { return x.t.canSee(pair) }}) {
					return
				}
			}
		}
	}
}

// pairs are the pairs after seq, or the one that the filter asks for.
func (g *group) pairs(seq uint64, filter predicate) []*membership {
	c, isComparison := filter.(comparison)
	if !isComparison || c.op != "eq" || len(c.path) != 1 || c.path[0] != "id" {
		return g.members.after(seq)
	}
	id, _ := c.values[0].(string)
	if pair := g.byMember[strings.ToLower(id)]; pair != nil && pair.seq > seq {
		return []*membership{pair}
	}
	return nil
}

// objectSource draws the live objects of the ids that are of the cast's type.
func (x *exchange) objectSource(ids []string) source {
	cast := x.cast()
	s := source{resource: cast, context: cast.set, typed: cast == directoryObject}
	objects := slices.DeleteFunc(x.t.objects(ids), func(o object) bool { return cast != directoryObject && o.resource() != cast })
	s.after = func(seq uint64, _ predicate) iter.Seq[entry] {
		return func(yield func(entry) bool) {
			for i, o := range objects {
				place := uint64(i + 1)
				if place > seq && !yield(entry{o, place, func() bool { return true }}) {
					return
				}
			}
		}
	}
	return s
}

func listMemberOf(relation string) handler {
	return func(x *exchange) (*answer, *apiError) {
		u, err := x.pathUser()
		if err != nil {
			return nil, err
		}
		if err := x.checkCast(); err != nil {
			return nil, err
		}
		if relation == "memberOf" {
			return x.list(x.objectSource(x.t.groupsOf(u.ID)))
		}
		return x.list(x.objectSource(x.t.transitiveGroups(u.ID)))
	}
}
