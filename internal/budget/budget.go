// Package budget shares one tenant's quotas between everybody in the process who asks the directory for something: in the order
// of their urgency, fairly between lanes, and without a request that the directory would have to refuse.
//
// Whoever has work to do takes a turn first, with what it will cost. Without one it goes away and is told when its turn has come,
// so that nobody holds a worker to wait. What requests cost is paid when they enter; what the directory answers is learned.
package budget

import (
	"context"
	"sync"
	"time"
)

// Class is how urgent something is. A class is served only while no earlier one waits for the same quota.
type Class int

// The classes, the most urgent first.
const (
	// TakeAway is taking access away: removing members, disabling and deleting guests.
	TakeAway Class = iota
	// Grant is what someone waits for: an invitation, access, and the lookups before them.
	Grant
	// Retry is what has failed before.
	Retry
	// Routine is reading that nobody waits for: lists, changes, observation.
	Routine
	classes
)

// Key names an object that waits for a turn.
type Key struct{ Kind, Namespace, Name string }

// DefaultAhead is how many turns are called ahead where Options does not say.
const DefaultAhead = 32

// turnExpires is how long a turn that was called waits to be taken.
const turnExpires = 30 * time.Second

// Options are what a Budget is made of.
type Options struct {
	// Limits are the tenant's quotas; the zero value is Unlimited.
	Limits Limits
	// Now is the clock; nil for time.Now. Waiting is timed by package time.
	Now func() time.Time
	// Granted is called when the turn of a key that waits has come; nil for nobody who waits that way. It is called without a lock,
	// from whatever goroutine made room, and must not block.
	Granted func(Key)
	// Ahead bounds, for each class, the turns that were called and that nobody has taken yet; 0 for DefaultAhead. It should be
	// a little more than there are workers: who is called waits for a worker in the order of the work queue, not in ours.
	Ahead int
}

// Budget is what one tenant allows. It belongs to the tenant and not to a client, so that it outlives a change of credentials. It
// is safe for concurrent use.
type Budget struct {
	now     func() time.Time
	granted func(Key)
	ahead   int
	// kick wakes Run before its time.
	kick chan struct{}

	mu      sync.Mutex
	buckets [buckets]bucket
	// everything and writing are the gates: reads pass the first, writes both.
	everything, writing gate
	lines               [classes]lines
	// waiting has the keys that wait or were called.
	waiting map[Key]*waiter
	called  []call
	// news are the keys to call as soon as the lock is free.
	news []Key
	// wake is the next moment at which something can be granted without anybody's doing, alarm the one that Run sleeps until.
	wake, alarm time.Time
	// learned are the resource units that an operation really costs.
	learned map[string]int32
}

// New makes the budget of a tenant, full. What others, or a process before this one, have used shows in the answers.
func New(options Options) *Budget {
	b := &Budget{
		now:        options.Now,
		granted:    options.Granted,
		ahead:      options.Ahead,
		kick:       make(chan struct{}, 1),
		everything: newGate(),
		writing:    newGate(),
		waiting:    map[Key]*waiter{},
		learned:    map[string]int32{},
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.granted == nil {
		b.granted = func(Key) {}
	}
	if b.ahead <= 0 {
		b.ahead = DefaultAhead
	}
	now := b.now()
	b.buckets = [buckets]bucket{
		writes:      newBucket(options.Limits.Writes, now),
		units:       newBucket(options.Limits.Units, now),
		invitations: newBucket(options.Limits.Invitations, now),
	}
	return b
}

// unlock frees the budget and then calls those whose turn has come.
func (b *Budget) unlock() {
	news := b.news
	b.news = nil
	b.mu.Unlock()
	for _, key := range news {
		b.granted(key)
	}
}

// Run hands out turns as time passes, until ctx ends. Without it, turns of keys are handed out only when somebody else uses the
// budget.
func (b *Budget) Run(ctx context.Context) {
	for ctx.Err() == nil {
		timer := time.NewTimer(b.nextAlarm())
		select {
		case <-ctx.Done():
		case <-b.kick:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Take gives the turn of a key, with cost reserved, or nil: then the key waits in its class and lane. Granted is called with it when its
// turn has come, and the next Take gets it; a turn that is not taken within 30 seconds is over and the key is forgotten, so
// the caller should also come back by itself some time after wait, which is a rough estimate.
//
// Taking again while waiting changes nothing, except that a more urgent class moves the key up. The turn has to be ended.
func (b *Budget) Take(key Key, lane string, class Class, cost Cost) (turn *Turn, wait time.Duration) {
	b.mu.Lock()
	defer b.unlock()
	now := b.now()
	b.expire(now)
	w := b.waiting[key]
	if w != nil && w.turn != nil {
		b.answerCall(w)
		b.serve(now)
		return w.turn, 0
	}
	if w == nil || class < w.class {
		if w != nil {
			b.drop(w)
		}
		w = &waiter{key: key, lane: lane, class: class.known(), price: b.payable(priceOf(cost))}
		b.waiting[key] = w
		b.push(w)
	}
	w.present = true
	b.serve(now)
	w.present = false
	if w.turn != nil {
		delete(b.waiting, key)
		return w.turn, 0
	}
	return nil, b.estimate(w, now)
}

// Waits reports whether a key waits for a turn that has not come yet, and roughly for how long.
func (b *Budget) Waits(key Key) (wait time.Duration, waits bool) {
	b.mu.Lock()
	defer b.unlock()
	now := b.now()
	b.expire(now)
	w := b.waiting[key]
	if w == nil || w.turn != nil {
		return 0, false
	}
	return b.estimate(w, now), true
}

// Acquire waits for a turn until ctx ends: for goroutines that may wait, not for workers. The error is that of ctx.
func (b *Budget) Acquire(ctx context.Context, lane string, class Class, cost Cost) (*Turn, error) {
	w := &waiter{lane: lane, class: class.known(), price: b.payable(priceOf(cost)), done: make(chan struct{})}
	if err := b.await(ctx, w, nil, nil); err != nil {
		return nil, err
	}
	return w.turn, nil
}

// Forget has a key not wait any more. A turn that it was called for goes back.
func (b *Budget) Forget(key Key) {
	b.mu.Lock()
	defer b.unlock()
	w := b.waiting[key]
	switch {
	case w == nil:
		return
	case w.turn != nil:
		b.answerCall(w)
		w.turn.end()
	default:
		delete(b.waiting, key)
		b.drop(w)
	}
	b.serve(b.now())
}

// known keeps a class that is none from reaching past the lines.
func (c Class) known() Class { return min(max(c, TakeAway), Routine) }
