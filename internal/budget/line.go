package budget

import (
	"context"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/fair"
)

// waiter is a key, or a goroutine where done is not nil, that waits for a turn.
type waiter struct {
	key   Key
	lane  string
	price price
	class Class
	// present is whether the key is here to take its turn, and need not be called; gone whether nobody wants it any more.
	present, gone bool
	// done is closed when the goroutine has its turn.
	done chan struct{}
	turn *Turn
}

// line is where those of one class wait whom the same bucket holds up first, lane by lane.
type line struct {
	fair.Queue[*waiter]
	// gone is how many in the line do not wait any more.
	gone int
}

// lines are those of a class. Goroutines have lines of their own, by the second index: keys that cannot be called, because all
// workers are busy, must not hold up a worker.
type lines struct {
	all    [buckets][2]line
	next   int
	called int
}

// call is a turn that a key was called for.
type call struct {
	waiter  *waiter
	expires time.Time
}

// first is the first one that still waits, or nil.
func (l *line) first() *waiter {
	for {
		w, found := l.Peek()
		if !found || !w.gone {
			return w
		}
		l.Pop()
		l.gone--
	}
}

// compactAfter is how many of those who have gone a line carries before it is cleared of them.
const compactAfter = 1000

func (l *line) drop(w *waiter) {
	w.gone = true
	if l.gone++; l.gone < compactAfter || l.gone < l.Len()/2 {
		return
	}
	var present fair.Queue[*waiter]
	for {
		w, found := l.Pop()
		if !found {
			break
		}
		if !w.gone {
			present.Push(w.lane, w)
		}
	}
	l.Queue, l.gone = present, 0
}

func (b *Budget) lineOf(w *waiter) *line {
	who := 0
	if w.done != nil {
		who = 1
	}
	return &b.lines[w.class].all[w.price.scarcest()][who]
}

func (b *Budget) push(w *waiter) { b.lineOf(w).Push(w.lane, w) }

func (b *Budget) drop(w *waiter) { b.lineOf(w).drop(w) }

// await has a goroutine wait until it is granted its turn, ctx ends, or one of two gates shuts; a nil one does not.
func (b *Budget) await(ctx context.Context, w *waiter, shut, shutToo <-chan struct{}) error {
	b.mu.Lock()
	b.push(w)
	for {
		wait := b.sleep(b.now())
		granted := w.turn != nil
		b.unlock()
		if granted {
			return nil
		}
		timer := time.NewTimer(wait)
		var err error
		select {
		case <-w.done:
			timer.Stop()
			return nil
		case <-timer.C:
		case <-shut:
			err = errAskedToWait
		case <-shutToo:
			err = errAskedToWait
		case <-ctx.Done():
			err = ctx.Err()
		}
		timer.Stop()
		b.mu.Lock()
		if err != nil {
			defer b.unlock()
			return b.giveUp(w, err)
		}
	}
}

// giveUp takes a goroutine out of its line; a turn that came at the last moment goes back.
func (b *Budget) giveUp(w *waiter, err error) error {
	if w.turn != nil {
		w.turn.end()
	} else {
		b.drop(w)
	}
	b.serve(b.now())
	return err
}
