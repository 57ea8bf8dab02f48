package budget

import "time"

// serve grants what can be granted now, and finds out when it is worth trying again.
func (b *Budget) serve(now time.Time) {
	b.refill(now)
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

func (b *Budget) refill(now time.Time) {
	for i := range b.buckets {
		b.buckets[i].refill(now)
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
			b.wakeAt(now.Add(b.until(w.price, 1)))
			continue
		}
		l.Pop()
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

// until estimates when p can be reserved a number of times.
func (b *Budget) until(p price, times int) (wait time.Duration) {
	for i, n := range p {
		if n > 0 {
			wait = max(wait, b.buckets[i].until(float64(n)*float64(times)))
		}
	}
	return wait
}

// estimate is how long w has to wait, if everybody who waits before it, or beside it, asks for as much.
func (b *Budget) estimate(w *waiter, now time.Time) time.Duration {
	before := 0
	for class := range w.class + 1 {
		for _, l := range b.lines[class].all[w.price.scarcest()] {
			before += l.Len() - l.gone
		}
	}
	wait := b.until(w.price, max(before, 1))
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
