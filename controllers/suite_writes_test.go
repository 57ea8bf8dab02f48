package controllers

import (
	"maps"
	"net/http"
	"strings"
	"sync"
)

// writeCount counts what the operator has written to the API server, as "verb resource" or "verb resource/subresource". Events and
// Leases do not count.
type writeCount struct {
	mu     sync.Mutex
	counts map[string]int
}

// wrap counts the writes of a client that have succeeded.
func (c *writeCount) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && response.StatusCode < 300 && request.Method != http.MethodGet {
			c.count(request)
		}
		return response, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// count reads /apis/GROUP/VERSION/[namespaces/NAMESPACE/]RESOURCE[/NAME[/SUBRESOURCE]].
func (c *writeCount) count(request *http.Request) {
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	if len(parts) < 4 || parts[0] != "apis" || parts[1] == "events.k8s.io" || parts[1] == "coordination.k8s.io" {
		return
	}
	parts = parts[3:]
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	what := request.Method + " " + parts[0]
	if len(parts) > 2 {
		what += "/" + parts[2]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what]++
}

// since gives what has been written after an earlier count.
func (c *writeCount) since(before map[string]int) map[string]int {
	return since(before, c.now())
}

func (c *writeCount) now() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}
