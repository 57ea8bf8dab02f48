package graphsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (p andPredicate) each(bound map[string]string, negated bool, f func(comparison, bool)) {
	p.left.each(bound, negated, f)
	p.right.each(bound, negated, f)
}

func (p orPredicate) each(bound map[string]string, negated bool, f func(comparison, bool)) {
	p.left.each(bound, negated, f)
	p.right.each(bound, negated, f)
}

func (p notPredicate) each(bound map[string]string, _ bool, f func(comparison, bool)) {
	p.inner.each(bound, true, f)
}

func (p anyPredicate) each(bound map[string]string, negated bool, f func(comparison, bool)) {
	if p.inner == nil {
		f(comparison{path: p.path, op: "eq", values: []any{""}}, negated)
		return
	}
	inner := maps.Clone(bound)
	if inner == nil {
		inner = map[string]string{}
	}
	inner[p.variable] = p.path[0]
	p.inner.each(inner, negated, f)
}

func (c comparison) each(bound map[string]string, negated bool, f func(comparison, bool)) {
	if property, isBound := bound[c.path[0]]; isBound {
		c.path = append([]string{property}, c.path[1:]...)
	}
	f(c, negated)
}

// checkFilter holds a filter against the resource's table of supported filters.
// Operators of the advanced kind need the ConsistencyLevel header and $count=true.
func (t *Tenant) checkFilter(r *resource, filter predicate, advanced bool) (refusal *apiError) {
	filter.each(nil, false, func(c comparison, negated bool) {
		if refusal == nil {
			refusal = t.checkComparison(r, c, negated, advanced)
		}
	})
	return refusal
}

func (t *Tenant) checkComparison(r *resource, c comparison, negated, advanced bool) *apiError {
	p, known := t.property(r, c.path[0])
	if !known {
		return badRequest("Invalid filter clause: Could not find a property named '%s' on type 'microsoft.graph.%s'.", c.path[0], r.name)
	}
	if p.guid && c.quoted {
		return refuse(http.StatusBadRequest, "BadRequest", "Invalid filter clause: A binary operator with incompatible types was detected. "+
			"Found operand types 'Edm.Guid' and 'Edm.String' for operator kind 'Equal'.")
	}
	needs := []string{c.op}
	if negated {
		needs = append(needs, "not")
	}
	if c.op != "in" && slices.Contains(c.values, nil) {
		needs = append(needs, "null")
	}
	for _, op := range needs {
		if slices.Contains(p.plain, op) {
			continue
		}
		if !slices.Contains(p.advanced, op) {
			return unsupportedQuery("Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.",
				c.path[0], strings.ToUpper(r.name[:1])+r.name[1:])
		}
		if !advanced {
			return unsupportedQuery("Unsupported Query.")
		}
	}
	return nil
}

// candidates narrows a filter on users to those that an index names, if it can.
// The filter is still to be tested on each.
func (s *userSet) candidates(filter predicate) (found []*user, narrowed bool) {
	switch p := filter.(type) {
	case comparison:
		return s.lookup(p.path, p.op, p.values)
	case orPredicate:
		left, leftOK := s.candidates(p.left)
		right, rightOK := s.candidates(p.right)
		return slices.Concat(left, right), leftOK && rightOK
	case andPredicate:
		if found, ok := s.candidates(p.left); ok {
			return found, true
		}
		return s.candidates(p.right)
	case anyPredicate:
		return s.candidatesOfAny(p, p.inner)
	}
	return nil, false
}

func (s *userSet) candidatesOfAny(p anyPredicate, inner predicate) (found []*user, narrowed bool) {
	switch c := inner.(type) {
	case comparison:
		if len(c.path) == 1 && c.path[0] == p.variable {
			return s.lookup(p.path, c.op, c.values)
		}
	case orPredicate:
		left, leftOK := s.candidatesOfAny(p, c.left)
		right, rightOK := s.candidatesOfAny(p, c.right)
		return slices.Concat(left, right), leftOK && rightOK
	}
	return nil, false
}

func (s *userSet) lookup(path []string, op string, values []any) (found []*user, narrowed bool) {
	if len(path) != 1 || op != "eq" && op != "in" {
		return nil, false
	}
	for _, value := range values {
		key, isText := value.(string)
		if !isText {
			return nil, false
		}
		switch path[0] {
		case "id":
			if u := s.byID[strings.ToLower(key)]; u != nil {
				found = append(found, u)
			}
		case "mail":
			found = append(found, s.byMail.find(key)...)
		case "userPrincipalName":
			found = append(found, s.byUPN.find(key)...)
		case "otherMails":
			found = append(found, s.byOther.find(key)...)
		case "proxyAddresses":
			found = append(found, s.byProxy.find(key)...)
		default:
			return nil, false
		}
	}
	return found, true
}
