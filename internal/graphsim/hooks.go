package graphsim

import (
	"maps"
	"slices"
	"sync"
)

// hooks are the listeners to writes, called outside the tenant's lock so that they
// may call its methods.
type hooks struct {
	mu   sync.Mutex
	next int
	on   map[int]func(WriteEvent)
	done map[int]func(WriteEvent)
}

// OnWrite calls f for every committed write of the API, after the commit and
// before the answer is sent: the answer waits for f. The result unregisters f.
func (t *Tenant) OnWrite(f func(WriteEvent)) (remove func()) { return t.hooks.add(&t.hooks.on, f) }

// OnWriteDone calls f for every committed write once its answer has been sent, or
// what a fault put in its place has happened.
func (t *Tenant) OnWriteDone(f func(WriteEvent)) (remove func()) {
	return t.hooks.add(&t.hooks.done, f)
}

func (h *hooks) add(set *map[int]func(WriteEvent), f func(WriteEvent)) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if *set == nil {
		*set = map[int]func(WriteEvent){}
	}
	h.next++
	key := h.next
	(*set)[key] = f
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(*set, key)
	}
}

func (h *hooks) call(set *map[int]func(WriteEvent), writes []WriteEvent) {
	if len(writes) == 0 {
		return
	}
	h.mu.Lock()
	listeners := make([]func(WriteEvent), 0, len(*set))
	for _, key := range slices.Sorted(maps.Keys(*set)) {
		listeners = append(listeners, (*set)[key])
	}
	h.mu.Unlock()
	for _, write := range writes {
		for _, f := range listeners {
			f(write)
		}
	}
}
