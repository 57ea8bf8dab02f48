package graphsim

import (
	"net/http"
	"strings"
	"time"
)

// Handler serves Graph, the token endpoint, the web page and the controls.
func (t *Tenant) Handler() http.Handler {
	graph, tokens := graphRoutes(), tokenRoutes()
	mux := http.NewServeMux()
	for _, pattern := range tokens.routes {
		mux.HandleFunc(pattern.template, func(w http.ResponseWriter, r *http.Request) {
			t.serve(tokens, pathSegments(r), w, r)
		})
	}
	t.handlePages(mux)
	t.handleControls(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch version, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); version {
		case "v1.0": // not by the mux, which would redirect what it finds unclean
			t.serve(graph, pathSegments(r)[1:], w, r)
		case "beta":
			t.serve(&router{}, pathSegments(r), w, r)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// serve is the chain that every Graph and token call passes: count, outage,
// latency, faults before, the operation, write hooks, faults after, the answer.
func (t *Tenant) serve(table *router, segments []string, w http.ResponseWriter, r *http.Request) {
	x := t.newExchange(table, segments, w, r)
	latency, outage := x.arrive()
	if outage {
		x.reset()
		return
	}
	time.Sleep(latency)
	if err := x.readBody(); err != nil {
		x.fail(err)
		return
	}
	if effect := t.faults.take(x, before); effect != nil {
		effect(x, nil)
		return
	}
	result := x.perform()
	t.hooks.call(&t.hooks.on, x.writes)
	defer t.hooks.call(&t.hooks.done, x.writes) // also when a reset unwinds the handler
	if effect := t.faultAfter(x, result); effect != nil {
		effect(x, result)
	} else {
		x.send(result)
	}
}

func (t *Tenant) faultAfter(x *exchange, result *answer) func(*exchange, *answer) {
	if result.status >= http.StatusBadRequest {
		return nil // nothing was carried out that could get lost
	}
	return t.faults.take(x, after)
}

// perform carries the call out under the tenant's lock, or refuses it.
func (x *exchange) perform() *answer {
	result, refusal := x.handle()
	if refusal != nil {
		return x.refusal(refusal)
	}
	return result
}

func (x *exchange) handle() (*answer, *apiError) {
	if x.route == nil {
		return nil, x.unknown()
	}
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	if err := x.authorize(); err != nil {
		return nil, err
	}
	x.t.settle()
	return x.route.handle(x)
}

func (x *exchange) unknown() *apiError {
	if x.known {
		return refuse(http.StatusMethodNotAllowed, "Request_BadRequest",
			"Specified HTTP method is not allowed for the request target.")
	}
	return refuse(http.StatusNotFound, "ResourceNotFound", "Resource not found for the segment '%s'.", x.lastSegment)
}
