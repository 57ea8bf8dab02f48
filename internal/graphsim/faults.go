package graphsim

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Fault is something that goes wrong with the calls it matches: requests, and the
// items of a $batch as the calls they are. Path "/$batch" aims at a batch itself.
type Fault struct {
	// Method and Path select calls; empty selects all. Path is a template of the
	// API ("/users/{id}"), a concrete path, or a prefix of one ending in *, all
	// without "/v1.0".
	Method, Path string
	// Match further selects calls. It must not call methods of the tenant.
	Match func(Call) bool
	// Times it happens; 0 is until removed.
	Times int
	// Effect is what happens.
	Effect Effect
}

// Call is what a Fault's Match sees of a call.
type Call struct {
	Class  string
	Path   string
	Header http.Header
	Body   []byte
	// InBatch tells an item of a $batch from a request of its own.
	InBatch bool
}

// Inject arms a fault. Of several that match a call the oldest happens. The
// result removes it.
func (t *Tenant) Inject(fault Fault) (remove func()) {
	armed := &armedFault{Fault: fault, left: fault.Times}
	t.faults.mu.Lock()
	defer t.faults.mu.Unlock()
	t.faults.armed = append(t.faults.armed, armed)
	return func() { t.faults.disarm(armed) }
}

type faultSet struct {
	mu    sync.Mutex
	armed []*armedFault
}

type armedFault struct {
	Fault
	left int
}

func (s *faultSet) disarm(fault *armedFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = slices.DeleteFunc(s.armed, func(other *armedFault) bool { return other == fault })
}

// take returns what is to happen to the call at this point, if anything, and
// counts it.
func (s *faultSet) take(x *exchange, at point) *Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, fault := range s.armed {
		if fault.Effect.at != at || !fault.matches(x) {
			continue
		}
		if fault.left--; fault.left == 0 {
			s.armed = slices.Delete(s.armed, i, i+1)
		}
		return &fault.Effect
	}
	return nil
}

func (f *armedFault) matches(x *exchange) bool {
	if f.Method != "" && f.Method != x.r.Method {
		return false
	}
	path := strings.TrimPrefix(x.r.URL.Path, "/v1.0")
	if !f.matchesPath(path, x) {
		return false
	}
	return f.Match == nil || f.Match(Call{Class: x.class(), Path: path, Header: x.r.Header, Body: x.body, InBatch: x.batch != nil})
}

func (f *armedFault) matchesPath(path string, x *exchange) bool {
	if prefix, isPrefix := strings.CutSuffix(f.Path, "*"); isPrefix {
		return strings.HasPrefix(path, prefix)
	}
	return f.Path == "" || f.Path == path || x.route != nil && f.Path == x.route.template
}
