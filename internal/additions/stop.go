package additions

import (
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/fair"
)

const (
	// expected is how long after an addition another one to the same group is expected, and the longest that one waits for company.
	expected = 2 * time.Second
	// pause is how long none comes before no more are expected. Where twenty come within expected, on average, additions at random
	// intervals hardly ever pause this long.
	pause = 500 * time.Millisecond
	// maxSenders is how many requests of one group are sent or wait for their turn at the same time.
	maxSenders = 3
)

// stop is where additions to one group wait for each other, as for a bus.
type stop struct {
	group string
	queue fair.Queue[*addition]
	// waiting counts those in queue that are still wanted.
	waiting int
	// last is when one came last, since when the first of those came for whom nobody has been sent.
	last, since time.Time
	// lane is the lane of that first one.
	lane string
	// boarding are senders that have not picked yet, and will take twenty each. senders are all of them.
	boarding, senders int
	// overdue is set where those who wait are to leave as soon as there are fewer than maxSenders.
	overdue bool
	timer   *time.Timer
}

// departure is a sender to start, in the lane of whoever it is for first.
type departure struct {
	stop *stop
	lane string
}

// left is how many of those who wait no sender will pick.
func (s *stop) left() int { return max(0, s.waiting-s.boarding*directory.MaxMembersPerAddition) }

// arrive has an addition wait, and decides when it leaves: at once where no other came lately, else with the twentieth, after a pause,
// or when it has waited long enough. The caller holds the lock, as everywhere here.
func (q *Queue) arrive(a *addition, now time.Time) {
	s := q.stops[a.group]
	lone := s == nil || now.Sub(s.last) >= expected
	if s == nil {
		s = &stop{group: a.group}
		s.timer = time.AfterFunc(expected, func() { q.tick(s) })
		q.stops[a.group] = s
	}
	s.queue.Push(a.lane, a)
	s.waiting++
	s.last = now
	switch left := s.left(); {
	case left == 0: // one who has not picked yet takes it along
	case left == 1:
		s.since, s.lane = now, a.lane
		if lone {
			q.start(s)
		}
	case left >= directory.MaxMembersPerAddition:
		q.start(s)
	}
	s.timer.Reset(s.next(now))
}

// next is when to look again: at the end of a pause or of the longest wait, or when the stop can go.
func (s *stop) next(now time.Time) time.Duration {
	if s.left() == 0 {
		return expected
	}
	return min(pause, s.since.Add(expected).Sub(now))
}

// tick is the timer's.
func (q *Queue) tick(s *stop) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.left() > 0 {
		q.start(s)
	}
	q.close(s)
}

// start sends senders for those who wait, as far as there may be more, and the others when those are back.
func (q *Queue) start(s *stop) {
	for s.left() > 0 && s.senders < maxSenders {
		s.boarding++
		s.senders++
		q.due = append(q.due, departure{s, s.lane})
	}
	s.overdue = s.left() > 0
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// pick takes the passengers of a sender, fairly over their lanes.
func (q *Queue) pick(s *stop) (picked []*addition) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s.boarding--
	for len(picked) < directory.MaxMembersPerAddition {
		a, found := s.queue.Pop()
		if !found {
			break
		}
		if len(a.keys) > 0 {
			a.left = true
			s.waiting--
			picked = append(picked, a)
		}
	}
	return picked
}

// back ends a sender.
func (q *Queue) back(s *stop) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s.senders--
	if s.overdue || s.left() >= directory.MaxMembersPerAddition {
		q.start(s)
	}
	q.close(s)
}

// close forgets a stop where nobody waits, nobody is sent, and nobody is expected.
func (q *Queue) close(s *stop) {
	if s.waiting > 0 || s.senders > 0 || q.stops[s.group] != s {
		return
	}
	if wait := s.last.Add(expected).Sub(time.Now()); wait > 0 {
		s.timer.Reset(wait)
		return
	}
	s.timer.Stop()
	delete(q.stops, s.group)
}
