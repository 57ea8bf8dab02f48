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
	// head is the first one, taken out of the queue already.
	head *waiter
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

func (l *line) first() *waiter {
	for l.head == nil || l.head.gone {
		if l.head != nil {
			l.gone--
		}
		var found bool
		if l.head, found = l.Pop(); !found {
			return nil
		}
	}
	return l.head
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
	if l.head != nil && l.head.gone {
		l.gone = 1
	}
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

// serve grants what can be granted now, and finds out when it is worth trying again.
func (b *Budget) serve(now time.Time) {
	for i := range b.buckets {
		b.buckets[i].refill(now)
	}
	b.wake = time.Time{}
	blocked := b.closed(now)
	for class := range b.lines {
		for b.serveNext(&b.lines[class], &blocked, now) {
		}
	}
	if len(b.called) > 0 {
		b.wakeAt(b.called[0].expires)
	}
	if !b.wake.IsZero() && b.wake.Before(b.alarm) {
		select {
		case b.kick <- struct{}{}:
		default:
		}
	}
}

// serveNext grants one turn of a class, line by line. What the first of a line lacks is blocked for everybody after it, so that
// whoever needs much is not starved by those who need little.
func (b *Budget) serveNext(class *lines, blocked *scope, now time.Time) bool {
	const all = buckets * 2
	for i := range all {
		index := (class.next + i) % all
		l := &class.all[index/2][index%2]
		w := l.first()
		switch {
		case w == nil, w.price.needs()&*blocked != 0:
			continue
		case w.done == nil && !w.present && class.called >= b.ahead:
			continue // it waits for a worker and not for a quota
		}
		if lacking := b.lacking(w.price); lacking != 0 {
			*blocked |= lacking
			b.wakeAt(now.Add(b.until(w.price, 0)))
			continue
		}
		l.head = nil
		class.next = index + 1
		b.grant(w, now)
		return true
	}
	return false
}

func (b *Budget) grant(w *waiter, now time.Time) {
	for i, n := range w.price {
		b.buckets[i].reserved += float64(n)
	}
	w.turn = &Turn{budget: b, class: w.class, lane: w.lane, left: w.price}
	switch {
	case w.done != nil:
		close(w.done)
	case !w.present:
		b.lines[w.class].called++
		b.called = append(b.called, call{w, now.Add(turnExpires)})
		b.news = append(b.news, w.key)
	}
}

// closed is what the gates do not let through at present.
func (b *Budget) closed(now time.Time) (blocked scope) {
	if b.everything.refuses(now) != nil {
		blocked |= asking
		b.wakeAt(b.everything.until)
	}
	if b.writing.refuses(now) != nil {
		blocked |= writing
		b.wakeAt(b.writing.until)
	}
	return blocked
}

func (b *Budget) lacking(p price) (lacking scope) {
	for i, n := range p {
		if !b.buckets[i].holds(n) {
			lacking |= 1 << i
		}
	}
	return lacking
}

// until estimates when p can be reserved, after others of the same price.
func (b *Budget) until(p price, others int) (wait time.Duration) {
	for i, n := range p {
		if n > 0 {
			wait = max(wait, b.buckets[i].until(float64(n)*float64(others+1)))
		}
	}
	return wait
}

// estimate is how long w has to wait, if everybody before it asks for as much.
func (b *Budget) estimate(w *waiter, now time.Time) time.Duration {
	before := 0
	for class := range w.class + 1 {
		for _, l := range b.lines[class].all[w.price.scarcest()] {
			before += l.Len() - l.gone
		}
	}
	wait := b.until(w.price, max(before, 0))
	wait = max(wait, b.everything.until.Sub(now))
	if w.price.needs()&writing != 0 {
		wait = max(wait, b.writing.until.Sub(now))
	}
	return max(wait, shortestWait)
}

// release frees what was reserved and not used.
func (b *Budget) release(p price) {
	for i, n := range p {
		b.buckets[i].reserved -= float64(n)
	}
}

// answerCall takes a key that was called off the list of those.
func (b *Budget) answerCall(w *waiter) {
	delete(b.waiting, w.key)
	b.lines[w.class].called--
	w.gone = true
}

// expire ends the turns that nobody came for.
func (b *Budget) expire(now time.Time) {
	for len(b.called) > 0 && (b.called[0].waiter.gone || !now.Before(b.called[0].expires)) {
		w := b.called[0].waiter
		b.called[0] = call{} // for the garbage collector
		b.called = b.called[1:]
		if !w.gone {
			b.answerCall(w)
			w.turn.end()
		}
	}
}

const (
	// shortestWait is the least that an estimate says.
	shortestWait = 10 * time.Millisecond
	// longestSleep bounds an alarm: rates recover meanwhile.
	longestSleep = 5 * time.Second
	// idle is the alarm where nothing is waited for.
	idle = time.Hour
)

func (b *Budget) wakeAt(t time.Time) {
	if b.wake.IsZero() || t.Before(b.wake) {
		b.wake = t
	}
}

// sleep serves and tells how long nothing will change by itself.
func (b *Budget) sleep(now time.Time) time.Duration {
	b.expire(now)
	b.serve(now)
	if b.wake.IsZero() {
		return idle
	}
	return min(max(b.wake.Sub(now), time.Millisecond), longestSleep)
}

func (b *Budget) nextAlarm() time.Duration {
	b.mu.Lock()
	defer b.unlock()
	now := b.now()
	wait := b.sleep(now)
	b.alarm = now.Add(wait)
	return wait
}

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
