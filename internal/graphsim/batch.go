package graphsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// maxBatch is how many requests one $batch may hold.
const maxBatch = 20

// batch is one $batch while its items are carried out, one after the other.
type batch struct {
	// spoil is what a fault aimed at an item does to the answer of all: the first of
	// those that break or hold the connection.
	spoil *Effect
	// throttle is what the client could know when it sent the batch.
	throttle map[string]window
	// writes of the items, for the hooks that wait until the answer is out.
	writes []WriteEvent
}

// batchItem is one request of a $batch, and what came of it.
type batchItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`

	key    string // the id without case
	result *itemWriter
}

// carryOutBatch answers POST /$batch. Nothing of a malformed one is carried out.
func (x *exchange) carryOutBatch() (*answer, *apiError) {
	items, err := x.readBatch()
	if err != nil {
		return nil, err
	}
	done := make(map[string]*itemWriter, len(items))
	for waiting := items; len(waiting) > 0; {
		var left []*batchItem
		for _, item := range waiting {
			if !item.ready(done) {
				left = append(left, item)
				continue
			}
			x.carryOut(item, done)
			done[item.key] = item.result
		}
		if len(left) == len(waiting) {
			return nil, malformedBatch("The requests depend on each other in a circle.")
		}
		waiting = left
	}
	responses := make([]any, 0, len(items))
	for _, item := range items {
		responses = append(responses, item.result.envelope(item.ID))
	}
	x.t.ids.shuffle(len(responses), func(i, j int) { responses[i], responses[j] = responses[j], responses[i] })
	return ok(map[string]any{"responses": responses}), nil
}

func (i *batchItem) ready(done map[string]*itemWriter) bool {
	return !slices.ContainsFunc(i.DependsOn, func(id string) bool { return done[strings.ToLower(id)] == nil })
}

// carryOut passes an item through the chain of every call, unless one that it
// depends on has failed.
func (x *exchange) carryOut(item *batchItem, done map[string]*itemWriter) {
	item.result = newItemWriter()
	inner := x.t.newItem(x, item)
	if slices.ContainsFunc(item.DependsOn, func(id string) bool { return done[strings.ToLower(id)].failed() }) {
		inner.skip()
		inner.fail(refuse(http.StatusFailedDependency, "FailedDependency", "A request on which this one depends has failed."))
		return
	}
	inner.arrive()
	if inner.malformed != nil {
		inner.fail(inner.malformed)
		return
	}
	inner.run()
}

func malformedBatch(format string, args ...any) *apiError {
	return refuse(http.StatusBadRequest, "BadRequest", "Invalid batch payload format. "+format, args...)
}

// readBatch reads the items, in the order of the request.
func (x *exchange) readBatch() ([]*batchItem, *apiError) {
	var body struct {
		Requests []*batchItem `json:"requests"`
	}
	if !strings.Contains(x.r.Header.Get("Content-Type"), "json") || json.Unmarshal(x.body, &body) != nil {
		return nil, malformedBatch("The body must be a JSON object with the requests.")
	}
	if n := len(body.Requests); n == 0 || n > maxBatch {
		return nil, malformedBatch("The number of requests must be between 1 and %d, and is %d.", maxBatch, n)
	}
	known := map[string]bool{}
	for _, item := range body.Requests {
		if err := item.check(known); err != nil {
			return nil, err
		}
	}
	for _, item := range body.Requests {
		for _, id := range item.DependsOn {
			if !known[strings.ToLower(id)] {
				return nil, malformedBatch("Request %s depends on a request that is not in the batch.", item.ID)
			}
		}
	}
	return body.Requests, nil
}

// batchMethods, with whether they carry a body.
var batchMethods = map[string]bool{
	http.MethodGet: false, http.MethodDelete: false, http.MethodPost: true, http.MethodPatch: true, http.MethodPut: true,
}

func (i *batchItem) check(known map[string]bool) *apiError {
	if i == nil || i.ID == "" || i.URL == "" {
		return malformedBatch("Every request needs an id, a method and a url.")
	}
	if string(i.Body) == "null" {
		i.Body = nil
	}
	i.key, i.Method = strings.ToLower(i.ID), strings.ToUpper(i.Method)
	writes, supported := batchMethods[i.Method]
	switch {
	case known[i.key]:
		return malformedBatch("The request id %s is not unique.", i.ID)
	case !supported:
		return malformedBatch("The method of request %s is not supported.", i.ID)
	case writes && (i.contentType() == "" || len(i.Body) == 0):
		return malformedBatch("Write request id : %s does not contain Content-Type header or body.", i.ID)
	}
	known[i.key] = true
	return nil
}

func (i *batchItem) contentType() string {
	for name, value := range i.Headers {
		if strings.EqualFold(name, "Content-Type") {
			return value
		}
	}
	return ""
}
