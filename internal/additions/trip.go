package additions

import (
	"context"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

const (
	// seats is how many can go with one request.
	seats = directory.MaxMembersPerAddition
	// maxWait is how long an addition waits for company at most, and how long after another one it is thought that more will come.
	maxWait = 2 * time.Second
	// pause is how long nobody has come when nobody is expected any more. Under the published limits some 17 come in a second, at random: a
	// shorter pause would send requests that are half empty.
	pause = 500 * time.Millisecond
	// boarding is how long a request waits for those whom it has called. They have two writes to Kubernetes to make.
	boarding = 2 * time.Second
	// maxMissed is how often an addition may be called in vain before nobody is thought to want it any more.
	maxMissed = 5
	// maxTrips is how many requests of one group are under way at a time.
	maxTrips = 3
)

// costOfTrip is one write, and the look at the group before it.
var costOfTrip = budget.Cost{Writes: 1, Units: 2}

// trip is one request with those who go with it.
type trip struct {
	passengers []*addition
	// missing counts those who have been called and have neither boarded nor been forgotten; full is closed when there are none.
	missing int
	full    chan struct{}
}

// arrived is called under the queue's lock.
func (t *trip) arrived() {
	if t.missing--; t.missing == 0 {
		close(t.full)
	}
}

// serve sends requests for a group as long as anybody waits.
func (q *Queue) serve(ctx context.Context, g *group) {
	underWay := make(chan struct{}, maxTrips)
	for q.awaitCompany(ctx, g) {
		select {
		case underWay <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		turn, err := q.options.Budget.Acquire(ctx, g.id, budget.Grant, costOfTrip)
		if err != nil {
			continue // ctx has ended
		}
		t := q.call(g)
		q.senders.Go(func() {
			defer func() { <-underWay }()
			defer turn.End()
			q.travel(ctx, turn, g, t)
		})
	}
}

// awaitCompany waits until a request is worth sending. It reports false when nobody waits any more, or ctx has ended.
func (q *Queue) awaitCompany(ctx context.Context, g *group) bool {
	for {
		wait, some := q.patience(ctx, g)
		if !some || wait <= 0 {
			return some
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-g.stir:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// patience is how long to wait for more. Nobody who comes alone waits: more are expected only where others came within two seconds
// before.
func (q *Queue) patience(ctx context.Context, g *group) (wait time.Duration, some bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if g.waitingNow() == 0 || ctx.Err() != nil {
		g.serving = false
		return 0, false
	}
	if !g.together || g.waitingNow() >= seats {
		return 0, true
	}
	now := time.Now()
	return min(g.first.Add(maxWait).Sub(now), g.last.Add(pause).Sub(now)), true
}

// call calls up to 20 of those who wait to board.
func (q *Queue) call(g *group) *trip {
	t := &trip{full: make(chan struct{})}
	var called []budget.Key
	q.mu.Lock()
	for len(t.passengers) < seats {
		a, found := g.next()
		if !found {
			break
		}
		if a.state == Waiting { // else it was forgotten
			a.state, a.trip = Boarding, t
			t.passengers = append(t.passengers, a)
			called = append(called, a.key)
		}
	}
	if g.first = time.Now(); len(called) == 0 {
		close(t.full)
	}
	t.missing, g.together = len(called), true
	q.mu.Unlock()
	q.wake(called...)
	return t
}

// travel waits until all have boarded, and sends the request with those who have.
func (q *Queue) travel(ctx context.Context, turn *budget.Turn, g *group, t *trip) {
	timer := time.NewTimer(boarding)
	defer timer.Stop()
	select {
	case <-t.full:
	case <-timer.C:
	case <-ctx.Done():
	}
	if boarded := q.depart(t); len(boarded) > 0 && ctx.Err() == nil {
		q.send(turn.In(ctx), g.id, boarded)
	}
}

// depart gives those who have boarded. The others go first with the next request, or are given up.
func (q *Queue) depart(t *trip) (boarded []*addition) {
	var dropped []budget.Key
	q.mu.Lock()
	for _, a := range t.passengers {
		switch {
		case a.state == Sent:
			boarded = append(boarded, a)
		case a.state != Boarding: // forgotten
		case a.missed+1 < maxMissed:
			a.missed++
			q.enqueue(a)
		default:
			delete(q.asked, a.key)
			dropped = append(dropped, a.key)
		}
	}
	q.mu.Unlock()
	q.wake(dropped...)
	return boarded
}
