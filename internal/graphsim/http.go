package graphsim

import (
	"maps"
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

// serve is the chain that every request to Graph and to the token endpoint passes:
// count, outage, latency, and then run.
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
	x.run()
}

// run is the rest of the chain, which the items of a $batch pass too: faults before,
// the operation, write hooks, faults after, the answer.
func (x *exchange) run() {
	t := x.t
	if effect := t.faults.take(x, before); effect != nil {
		x.suffer(effect, nil)
		return
	}
	result := x.perform()
	t.hooks.call(&t.hooks.on, x.writes)
	defer x.done() // also when a reset unwinds the handler
	if effect := x.faultAfter(result); effect != nil {
		x.suffer(effect, result)
	} else {
		x.send(result)
	}
}

// faultAfter is what happens in place of the answer: to a batch also what was aimed
// at one of its items.
func (x *exchange) faultAfter(result *answer) *Effect {
	switch {
	case x.items != nil && x.items.spoil != nil:
		return x.items.spoil
	case result.status >= http.StatusBadRequest:
		return nil // nothing was carried out that could get lost
	}
	return x.t.faults.take(x, after)
}

// suffer lets an effect happen. One that breaks or holds the connection, aimed at an
// item of a batch, happens to the batch's answer; the item has its own all the same.
func (x *exchange) suffer(effect *Effect, result *answer) {
	switch {
	case x.batch == nil || !effect.connection:
		effect.act(x, result)
		return
	case x.batch.spoil == nil:
		x.batch.spoil = effect
	}
	if result != nil {
		x.send(result)
	} else {
		x.depart(0, "")
	}
}

// done tells the hooks that the answer is out, an item's with its batch's.
func (x *exchange) done() {
	switch {
	case x.batch != nil:
		x.batch.writes = append(x.batch.writes, x.writes...)
	case x.items != nil:
		x.t.hooks.call(&x.t.hooks.done, x.items.writes)
	default:
		x.t.hooks.call(&x.t.hooks.done, x.writes)
	}
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
	if x.route.batch {
		if err := x.admitBatch(); err != nil {
			return nil, err
		}
		return x.carryOutBatch()
	}
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	if err := x.authenticate(); err != nil {
		return nil, err
	}
	if throttled := x.meter(); throttled != nil {
		return throttled, nil
	}
	if err := x.authorize(); err != nil {
		return nil, err
	}
	x.t.settle()
	return x.route.handle(x)
}

// admitBatch authenticates a batch, whose items each take the lock for themselves.
func (x *exchange) admitBatch() *apiError {
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	x.items = &batch{throttle: maps.Clone(x.t.throttle)}
	return x.authenticate()
}

func (x *exchange) unknown() *apiError {
	if x.known {
		return refuse(http.StatusMethodNotAllowed, "Request_BadRequest",
			"Specified HTTP method is not allowed for the request target.")
	}
	return refuse(http.StatusNotFound, "ResourceNotFound", "Resource not found for the segment '%s'.", x.lastSegment)
}
