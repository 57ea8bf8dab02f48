package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"

	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/client-go/rest"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// write is a kind of write to the API server: POST, PUT, PATCH, APPLY or DELETE, of a resource or of its status.
type write struct{ verb, resource, subresource string }

// writes are numbers of them.
type writes map[write]int

func (w writes) String() string { return list(w) }

func (w write) String() string {
	if w.subresource == "" {
		return w.verb + " " + w.resource
	}
	return w.verb + " " + w.resource + "/" + w.subresource
}

func (w writes) total() int {
	sum := 0
	for _, n := range w {
		sum += n
	}
	return sum
}

func (w writes) of(resource string) int {
	sum := 0
	for kind, n := range w {
		if kind.resource == resource {
			sum += n
		}
	}
	return sum
}

// minus leaves out what has not changed.
func (w writes) minus(other writes) writes {
	left := writes{}
	for kind, n := range w {
		if n -= other[kind]; n != 0 {
			left[kind] = n
		}
	}
	return left
}

// requests knows how often the API server was written to, by its own metrics, and how much of that this program did itself. The rest
// is the operator's. Counted are the kinds of this project, Secrets, and Events of events.k8s.io: the API server itself writes others
// now and then, and what is left out of the operator's writes is its Lease and the core Event that announces a new holder of it.
type requests struct {
	config *rest.Config
	client *http.Client

	mu  sync.Mutex
	own writes
}

const (
	secrets          = "secrets"
	events           = "events"
	deleteCollection = "DELETECOLLECTION"
)

// newRequests makes whoever uses the configuration from now on count.
func newRequests(config *rest.Config) (*requests, error) {
	r := &requests{config: config, own: writes{}}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return countingTransport{r, next} })
	var err error
	if r.client, err = rest.HTTPClientFor(config); err != nil {
		return nil, fmt.Errorf("building the client: %w", err)
	}
	return r, nil
}

type countingTransport struct {
	requests *requests
	next     http.RoundTripper
}

func (c countingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(request)
	if kind, ok := writeOf(request); ok && err == nil {
		c.requests.mu.Lock()
		c.requests.own[kind]++
		c.requests.mu.Unlock()
	}
	return response, err
}

// writeOf reads a request to the API server as its metrics name it: /apis/GROUP/VERSION[/namespaces/NAMESPACE]/RESOURCE[/NAME[/SUB]].
func writeOf(request *http.Request) (write, bool) {
	if request.Method == http.MethodGet {
		return write{}, false
	}
	path := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	group := ""
	switch {
	case len(path) > 3 && path[0] == "apis":
		group, path = path[1], path[3:]
	case len(path) > 2 && path[0] == "api":
		path = path[2:]
	default:
		return write{}, false
	}
	if len(path) > 2 && path[0] == "namespaces" {
		path = path[2:]
	}
	kind := write{verb: request.Method, resource: path[0]}
	switch {
	case len(path) > 2:
		kind.subresource = path[2]
	case len(path) == 1 && request.Method == http.MethodDelete:
		kind.verb = deleteCollection
	}
	if strings.HasPrefix(request.Header.Get("Content-Type"), "application/apply-patch") {
		kind.verb = "APPLY"
	}
	return kind, counted(group, kind.resource)
}

func counted(group, resource string) bool {
	switch resource {
	case events:
		return group == eventsv1.GroupName
	case secrets:
		return group == ""
	}
	return group == b2b.GroupVersion.Group
}

// byOperator is what the operator has written since the API server started.
func (r *requests) byOperator(ctx context.Context) (writes, error) {
	body, err := r.get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	all := writes{}
	err = scanMetrics(body, func(s sample) {
		kind := write{s.labels["verb"], s.labels["resource"], s.labels["subresource"]}
		if s.name == "apiserver_request_total" && isWrite(kind.verb) && counted(s.labels["group"], kind.resource) {
			all[kind] += int(s.value)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("reading the API server's metrics: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return all.minus(maps.Clone(r.own)), nil
}

func isWrite(verb string) bool {
	switch verb {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, "APPLY", deleteCollection:
		return true
	}
	return false
}

// get reads a path of the API server. The caller closes the body.
func (r *requests) get(ctx context.Context, path string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(r.config.Host, "/")+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("reading %s: %s", path, response.Status)
	}
	return response.Body, nil
}
