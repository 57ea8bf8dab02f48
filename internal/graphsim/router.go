package graphsim

import (
	"net/http"
	"net/url"
	"strings"
)

// handler carries out one call under the tenant's lock.
type handler func(x *exchange) (*answer, *apiError)

// route serves one method of one path template.
type route struct {
	method   string
	template string
	segments []string
	handle   handler
	// anyOf are the application permissions of which one suffices; none means
	// that the operation needs no token (the token endpoint).
	anyOf []string
	// also are application permissions of which one is needed beside.
	also []string
	// open routes need no bearer token.
	open bool
	// batch is the route of $batch, whose items are calls of their own.
	batch bool
	// units is what a call costs without options, writes whether it changes anything.
	units  int
	writes bool
}

// reads marks a call that changes nothing, with what it costs in resource units.
func (r *route) reads(units int) { r.units, r.writes = units, false }

// and demands a further permission, one of several.
func (r *route) and(anyOf ...string) { r.also = anyOf }

func (r *route) class() string { return r.method + " " + r.template }

type router struct{ routes []*route }

func (t *router) add(method, template string, handle handler, anyOf ...string) *route {
	r := &route{method: method, template: template, segments: split(template), handle: handle, anyOf: anyOf}
	r.units, r.writes = 1, method != http.MethodGet
	t.routes = append(t.routes, r)
	return r
}

// match returns the most literal route for the path, its parameters, and whether
// the path is known at all, if only for other methods.
func (t *router) match(method string, segments []string) (found *route, params map[string]string, known bool) {
	best := -1
	for _, r := range t.routes {
		values, literals, ok := r.bind(segments)
		if !ok {
			continue
		}
		known = true
		if r.method == method && literals > best {
			found, params, best = r, values, literals
		}
	}
	return found, params, known
}

// bind matches without case, as the service does, and counts literal segments.
func (r *route) bind(segments []string) (params map[string]string, literals int, ok bool) {
	if len(segments) != len(r.segments) {
		return nil, 0, false
	}
	for i, want := range r.segments {
		switch {
		case strings.HasPrefix(want, "{"):
			if params == nil {
				params = map[string]string{}
			}
			params[want[1:len(want)-1]] = segments[i]
		case strings.EqualFold(want, segments[i]):
			literals++
		default:
			return nil, 0, false
		}
	}
	return params, literals, true
}

func split(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

// unquote takes the quotes from a key: 'x' is x, and appId='x' is appId=x.
func unquote(key string) string {
	name, value, alternate := strings.Cut(key, "='")
	if !alternate {
		return strings.ReplaceAll(strings.Trim(key, "'"), "''", "'")
	}
	return name + "=" + strings.ReplaceAll(strings.TrimSuffix(value, "'"), "''", "'")
}

// pathSegments decodes a request path and brings OData spellings to one form:
// graph.user is microsoft.graph.user, delta() is delta, users('x') is users/x and
// servicePrincipals(appId='x') is servicePrincipals/appId=x.
func pathSegments(r *http.Request) []string {
	var segments []string
	for _, raw := range split(r.URL.EscapedPath()) {
		segment, err := url.PathUnescape(raw)
		if err != nil {
			segment = raw
		}
		if rest, ok := strings.CutPrefix(segment, "graph."); ok {
			segment = "microsoft.graph." + rest
		}
		name, key, keyed := strings.Cut(segment, "(")
		if key, closed := strings.CutSuffix(key, ")"); keyed && closed {
			segment = name
			if key != "" {
				segments = append(segments, segment)
				segment = unquote(key)
			}
		}
		segments = append(segments, segment)
	}
	return segments
}
