package graphsim

import (
	"encoding/base64"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// source is what a list draws from.
type source struct {
	// resource is what the options of the request refer to.
	resource *resource
	// context names the collection in @odata.context.
	context string
	// typed adds @odata.type to each item, as collections of directory objects do.
	typed bool
	// after yields the objects that follow a sequence number, in order; it may use
	// the filter to leave out what cannot match, and nil yields them all.
	after func(seq uint64, filter predicate) iter.Seq[entry]
}

// entry is one object of a list. Its place is the sequence that paging goes by;
// visible tells whether the replica that answers can see it, and counts as a read.
type entry struct {
	object  object
	place   uint64
	visible func() bool
}

// list answers one page.
func (x *exchange) list(s source) (*answer, *apiError) {
	q, err := x.listQuery(s.resource)
	if err != nil {
		return nil, err
	}
	page, next, err := x.page(s, q)
	if err != nil {
		return nil, err
	}
	values := make([]any, 0, len(page))
	for _, o := range page {
		values = append(values, x.render(o, q, s.typed))
	}
	body := map[string]any{"@odata.context": x.context(contextOf(s.context, q.selected)), "value": values}
	if q.count && q.skipToken == "" {
		body["@odata.count"] = x.countMatches(s, q)
	}
	if next != "" {
		body["@odata.nextLink"] = x.nextLink(next)
	}
	return ok(body), nil
}

func contextOf(set, selected string) string {
	if selected == "" {
		return set
	}
	return set + "(" + selected + ")"
}

// page returns the objects of the page and the token of the next one, if any.
func (x *exchange) page(s source, q *query) (page []object, next string, err *apiError) {
	if q.orderBy != "" || strings.HasPrefix(q.skipToken, cursorPrefix) {
		return x.sortedPage(s, q)
	}
	start, err := decodeToken(q.skipToken)
	if err != nil {
		return nil, "", err
	}
	last := start
	for e := range s.after(start, q.filter) {
		if !x.matches(e.object, q) || !e.visible() {
			continue
		}
		if len(page) == q.top {
			return page, encodeToken(last), nil
		}
		page, last = append(page, e.object), e.place
	}
	return page, "", nil
}

func (x *exchange) matches(o object, q *query) bool {
	value := func(name string) any {
		if p, known := x.t.property(o.resource(), name); known {
			return p.value(o)
		}
		return nil
	}
	if q.filter != nil && !q.filter.test(scope{property: value}) {
		return false
	}
	return len(q.search) == 0 || slices.ContainsFunc(q.search, func(term searchTerm) bool { return term.found(value(term.property)) })
}

func (x *exchange) countMatches(s source, q *query) int {
	count := 0
	for e := range s.after(0, q.filter) {
		if x.matches(e.object, q) {
			count++
		}
	}
	return count
}

// countOnly answers a /$count segment.
func (x *exchange) countOnly(s source) (*answer, *apiError) {
	if !x.eventual() {
		return nil, badRequest("$count is not currently supported.")
	}
	options, err := x.options()
	if err != nil {
		return nil, err
	}
	q := &query{advanced: true}
	if err := x.parseFilter(q, s.resource, options); err != nil {
		return nil, err
	}
	if err := x.parseSearch(q, s.resource, options); err != nil {
		return nil, err
	}
	return &answer{status: 200, text: strconv.Itoa(x.countMatches(s, q))}, nil
}

// nextLink repeats the request with a token: absolute, with the client's host.
func (x *exchange) nextLink(token string) string {
	values, _ := url.ParseQuery(x.r.URL.RawQuery)
	for name := range values {
		if strings.EqualFold(strings.TrimPrefix(name, "$"), "skiptoken") {
			delete(values, name)
		}
	}
	values.Set("$skiptoken", token)
	return x.origin() + x.r.URL.EscapedPath() + "?" + strings.ReplaceAll(values.Encode(), "%24", "$")
}

func encodeToken(seq uint64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("after:" + strconv.FormatUint(seq, 10)))
}

func decodeToken(token string) (uint64, *apiError) {
	if token == "" {
		return 0, nil
	}
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	text, valid := strings.CutPrefix(string(raw), "after:")
	seq, err := strconv.ParseUint(text, 10, 64)
	if !valid || err != nil {
		return 0, badRequest("Skip token is malformed.")
	}
	return seq, nil
}
