package graphsim

import (
	"slices"
	"strconv"
)

// cursors hold the rest of sorted lists, so that a list is sorted once and not
// once per page. The oldest is forgotten when there are too many.
type cursors struct {
	next int
	rest map[string][]object
	keys []string
}

const (
	cursorPrefix = "sorted-"
	maxCursors   = 64
)

func (c *cursors) put(rest []object) string {
	if c.rest == nil {
		c.rest = map[string][]object{}
	}
	c.next++
	key := cursorPrefix + strconv.Itoa(c.next)
	c.rest[key], c.keys = rest, append(c.keys, key)
	if len(c.keys) > maxCursors {
		delete(c.rest, c.keys[0])
		c.keys = c.keys[1:]
	}
	return key
}

func (x *exchange) sortedPage(s source, q *query) (page []object, next string, err *apiError) {
	rest, known := x.t.cursors.rest[q.skipToken]
	switch {
	case q.skipToken == "":
		rest = x.sorted(s, q)
	case !known:
		return nil, "", badRequest("Skip token is malformed.")
	}
	if len(rest) <= q.top {
		return rest, "", nil
	}
	return rest[:q.top], x.t.cursors.put(rest[q.top:]), nil
}

func (x *exchange) sorted(s source, q *query) []object {
	var all []object
	for e := range s.after(0, q.filter) {
		if x.matches(e.object, q) && e.visible() {
			all = append(all, e.object)
		}
	}
	slices.SortStableFunc(all, func(a, b object) int {
		order := compareValues(x.valueOf(a, q.orderBy), x.valueOf(b, q.orderBy))
		if q.descending {
			return -order
		}
		return order
	})
	return all
}

func (x *exchange) valueOf(o object, name string) any {
	if p, known := x.t.property(o.resource(), name); known {
		return p.value(o)
	}
	return nil
}

// compareValues sorts null first.
func compareValues(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	order, _ := compare(a, b)
	return order
}
