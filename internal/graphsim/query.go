package graphsim

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query is the parsed system options of one read.
type query struct {
	properties []string // of $select, or the resource's defaults
	selected   string   // the $select as asked, for the context
	expand     []expansion
	filter     predicate
	search     []searchTerm // any of which must match
	orderBy    string
	descending bool
	top        int
	count      bool
	skipToken  string
	advanced   bool // ConsistencyLevel: eventual, and $count=true
}

type expansion struct {
	link       string
	properties []string
}

const (
	defaultPage = 100
	maximumPage = 999
)

var systemOptions = []string{"$select", "$filter", "$top", "$count", "$orderby", "$search", "$expand", "$skiptoken", "$deltatoken", "$format"}

// options reads the query string: names without case, with or without the dollar sign.
func (x *exchange) options() (map[string]string, *apiError) {
	values, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("The query string is malformed.")
	}
	options := map[string]string{}
	for name, given := range values {
		key := strings.ToLower(name)
		if slices.Contains(systemOptions, "$"+key) {
			key = "$" + key
		}
		if strings.HasPrefix(key, "$") && !slices.Contains(systemOptions, key) {
			return nil, badRequest("The query parameter '%s' is not supported.", name)
		}
		if len(given) > 1 && strings.HasPrefix(key, "$") {
			return nil, badRequest("Query option '%s' was specified more than once, but it must be specified at most once.", key)
		}
		options[key] = given[0]
	}
	return options, nil
}

// itemQuery parses what a read of one object may ask for.
func (x *exchange) itemQuery(r *resource) (*query, *apiError) {
	options, err := x.options()
	if err != nil {
		return nil, err
	}
	q := &query{}
	if err := x.parseSelect(q, r, options); err != nil {
		return nil, err
	}
	return q, nil
}

// listQuery parses what a list may ask for.
func (x *exchange) listQuery(r *resource) (*query, *apiError) {
	options, err := x.options()
	if err != nil {
		return nil, err
	}
	q := &query{top: defaultPage, skipToken: options["$skiptoken"]}
	q.count = x.eventual() && strings.EqualFold(options["$count"], "true")
	q.advanced = q.count
	for _, parse := range []func(*query, *resource, map[string]string) *apiError{
		x.parseSelect, x.parseTop, x.parseFilter, x.parseSearch, x.parseOrder,
	} {
		if err := parse(q, r, options); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (x *exchange) parseSelect(q *query, r *resource, options map[string]string) *apiError {
	names, err := x.selection(r, options["$select"])
	if err != nil {
		return err
	}
	q.properties, q.selected = names, strings.ReplaceAll(options["$select"], " ", "")
	for _, part := range splitOutside(options["$expand"], ',') {
		link, nested, _ := strings.Cut(strings.TrimSpace(part), "(")
		if !r.linksTo(link) {
			return unknownProperty(r, link)
		}
		target := userResource
		if link == "memberOf" {
			target = groupResource
		}
		nested = strings.TrimSuffix(strings.TrimPrefix(nested, "$select="), ")")
		names, err := x.selection(target, nested)
		if err != nil {
			return err
		}
		q.expand = append(q.expand, expansion{link, names})
	}
	return nil
}

// splitOutside splits at a separator that is not in parentheses.
func splitOutside(s string, separator rune) []string {
	depth := 0
	return strings.FieldsFunc(s, func(c rune) bool {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		return c == separator && depth == 0
	})
}

// selection is the properties of a $select, the defaults where it is absent.
func (x *exchange) selection(r *resource, list string) ([]string, *apiError) {
	if list == "" {
		return r.defaults, nil
	}
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		_, known := x.t.property(r, name)
		switch {
		case r.elsewhere[name]:
			return nil, refuse(501, "NotImplemented", "This operation target is not yet supported.")
		case !known:
			return nil, unknownProperty(r, name)
		}
		names = append(names, name)
	}
	return names, nil
}

func unknownProperty(r *resource, name string) *apiError {
	return badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", name, r.name)
}

func (x *exchange) parseTop(q *query, _ *resource, options map[string]string) *apiError {
	value, given := options["$top"]
	if !given {
		return nil
	}
	top, err := strconv.Atoi(value)
	if err != nil || top < 1 || top > maximumPage {
		return badRequest("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", value, maximumPage)
	}
	q.top = top
	return nil
}

func (x *exchange) parseFilter(q *query, r *resource, options map[string]string) *apiError {
	source := options["$filter"]
	if source == "" {
		return nil
	}
	filter, err := parseFilter(source)
	if err != nil {
		return refuse(400, "BadRequest", "Invalid filter clause: %s", err)
	}
	q.filter = filter
	return x.t.checkFilter(r, filter, q.advanced)
}

func (x *exchange) parseOrder(q *query, r *resource, options map[string]string) *apiError {
	order := strings.Fields(options["$orderby"])
	if len(order) == 0 {
		return nil
	}
	if _, known := r.byName[order[0]]; !known || len(order) > 2 {
		return badRequest("Invalid $orderby expression '%s'.", options["$orderby"])
	}
	if q.filter != nil && !q.advanced {
		return unsupportedQuery("Sorting not supported for current query.")
	}
	q.orderBy, q.descending = order[0], len(order) == 2 && strings.EqualFold(order[1], "desc")
	return nil
}
