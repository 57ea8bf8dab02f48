package controllers

import (
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// askedFor is how long a group counts as in use after an object has asked for its members: as yet no status may name it.
const askedFor = time.Hour

// waitlist has the memberships that wait until the members of a group have been listed.
type waitlist struct {
	mu      sync.Mutex
	waiting map[string]map[reconcile.Request]struct{}
	asked   map[string]time.Time
}

func newWaitlist() *waitlist {
	return &waitlist{waiting: map[string]map[reconcile.Request]struct{}{}, asked: map[string]time.Time{}}
}

// add has a membership wait for a group.
func (w *waitlist) add(groupID string, request reconcile.Request, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting[groupID] == nil {
		w.waiting[groupID] = map[reconcile.Request]struct{}{}
	}
	w.waiting[groupID][request] = struct{}{}
	w.asked[groupID] = now
}

// take gives the memberships that wait for a group; they wait no more.
func (w *waitlist) take(groupID string) (requests []reconcile.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for request := range w.waiting[groupID] {
		requests = append(requests, request)
	}
	delete(w.waiting, groupID)
	return requests
}

// wanted reports whether the group has been asked for lately.
func (w *waitlist) wanted(groupID string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, asked := w.asked[groupID]
	if asked && now.Sub(at) > askedFor {
		delete(w.asked, groupID)
		return false
	}
	return asked
}
