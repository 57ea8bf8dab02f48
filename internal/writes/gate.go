package writes

import (
	"context"
	"sync"

	"github.com/entraguests/entra-guest-operator/internal/fair"
)

// gate lets so many through at a time. Whoever waits goes lane by lane, and within a lane in the order of arrival.
type gate struct {
	mu      sync.Mutex
	free    int
	waiting fair.Queue[*waiter]
}

type waiter struct {
	in   chan struct{} // closed when it is let in
	gone bool
}

func newGate(atOnce int) *gate { return &gate{free: atOnce} }

// enter waits to be let in, until ctx ends. Whoever is in has to leave.
func (g *gate) enter(ctx context.Context, lane string) error {
	w, in := g.join(lane)
	if in {
		return nil
	}
	select {
	case <-w.in:
		return nil
	case <-ctx.Done():
	}
	if g.giveUp(w) {
		return ctx.Err()
	}
	return nil // let in at the same moment; the write itself will see that ctx has ended
}

// join lets in whoever finds room, and puts others into their lane.
func (g *gate) join(lane string) (w *waiter, in bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.free > 0 {
		g.free--
		return nil, true
	}
	w = &waiter{in: make(chan struct{})}
	g.waiting.Push(lane, w)
	return w, false
}

// giveUp ends the waiting, unless it is over.
func (g *gate) giveUp(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.in:
		return false
	default:
		w.gone = true
		return true
	}
}

// leave makes room, which goes to the next who still waits.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		w, found := g.waiting.Pop()
		switch {
		case !found:
			g.free++
			return
		case w.gone:
			continue
		}
		close(w.in)
		return
	}
}
