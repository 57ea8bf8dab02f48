package policy

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// catalog is what a policy lists of one kind, groups or applications, by id or by name, and what its status knows of them: the one that
// a name is pinned to, or the name that the one with an id was found under.
//
// What is listed by id has an entry of its own among the known, with its name. That entry pins nothing: where the same name is
// listed as well, it is pinned by a second entry.
type catalog struct {
	// one and many are what they are called, id what their ids are called, and waitingFor the reason while one is not found.
	one, many, id, waitingFor string
	listed, known             []entry
	// asked says that whatever is not known has been looked for.
	asked bool
}

// entry has the id or the name of what is listed, and both of what is known.
type entry struct{ id, name string }

// asked reports whether everything that the policy lists has been looked for in the tenant.
func asked(policy *b2b.GuestPolicy) bool {
	return policy.Status.ObservedGeneration == policy.Generation && meta.IsStatusConditionTrue(policy.Status.Conditions, b2b.ConditionReady)
}

// find gives what is known of an entry that is listed, as its place among the known; -1 where nothing is.
func (c catalog) find(listed entry) int {
	return slices.IndexFunc(c.known, func(known entry) bool {
		return listed.id != "" && known.id == listed.id || listed.id == "" && known.name == listed.name && c.pins(known.id)
	})
}

// pins reports whether a known entry with the id stands for a name that is listed.
func (c catalog) pins(id string) bool {
	entries := 0
	for _, known := range c.known {
		if known.id == id {
			entries++
		}
	}
	return entries > 1 || !c.lists(entry{id: id})
}

func (c catalog) lists(e entry) bool { return slices.Contains(c.listed, e) }

// lookingUp reports whether one is listed that concerns the request and has not been looked for in the tenant yet.
func (c catalog) lookingUp(concerns func(entry) bool) bool {
	return !c.asked && slices.ContainsFunc(c.listed, func(listed entry) bool { return c.find(listed) < 0 && concerns(listed) })
}

// resolve gives the id of what is asked for, where the policy lists it. What is named is looked up among what the policy lists.
func (c catalog) resolve(wanted entry) (id string, said verdict) {
	if wanted.id != "" {
		return c.byID(wanted.id)
	}
	return c.byName(wanted.name)
}

// byID is granted by its id, or by a name that is pinned to it.
func (c catalog) byID(id string) (string, verdict) {
	means := func(listed entry) bool { at := c.find(listed); return at >= 0 && c.known[at].id == id }
	switch {
	case slices.ContainsFunc(c.listed, means), c.lists(entry{id: id}):
		return id, verdict{}
	case c.lookingUp(func(listed entry) bool { return listed.name != "" }):
		return "", c.pending("its %s are being looked up, so that it is not known yet whether %s is one of them", c.many, id)
	}
	return "", verdict{objections: []string{fmt.Sprintf("the %s with %s %s", c.one, c.id, id)}}
}

// byName is granted by that name, or by the id of the only one listed that was found under it.
func (c catalog) byName(name string) (string, verdict) {
	if listed := (entry{name: name}); c.lists(listed) {
		if at := c.find(listed); at >= 0 {
			return c.known[at].id, verdict{}
		}
		return "", c.pending("no %s called %q has been found in the tenant, or several", c.one, name)
	}
	switch named := c.idsCalled(name); {
	case len(named) == 1:
		return named[0], verdict{}
	case len(named) > 1:
		return "", c.pending("several of its %s are called %q: the policy has to list the one that is meant by name", c.many, name)
	case c.lookingUp(func(listed entry) bool { return listed.id != "" }):
		return "", c.pending("its %s are being looked up, so that it is not known yet whether one is called %q", c.many, name)
	}
	return "", verdict{objections: []string{fmt.Sprintf("the %s %q", c.one, name)}}
}

func (c catalog) pending(format string, args ...any) verdict {
	return verdict{pending: fmt.Sprintf(format, args...), waitingFor: c.waitingFor}
}

// idsCalled gives those listed by id that were found under the name.
func (c catalog) idsCalled(name string) (ids []string) {
	for _, known := range c.known {
		if known.name == name && c.lists(entry{id: known.id}) && !slices.Contains(ids, known.id) {
			ids = append(ids, known.id)
		}
	}
	return ids
}
