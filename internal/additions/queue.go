// Package additions adds users to groups: it gathers what many ask for, sends up to twenty of them by one request, and has each learn
// how their own went. Whoever asks goes away and is told, so that nobody holds a worker to wait.
//
// Everything is in memory, and may be. To add somebody who is in the group already changes nothing, so after a kill, or when an
// answer was lost, whoever finds that a user is not in the group adds the user again: no addition is in doubt for good.
package additions

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// Groups is what the queue asks of the directory.
type Groups interface {
	AddMembers(ctx context.Context, groupID string, userIDs []string) error
	IsMember(ctx context.Context, groupID, userID string) (bool, error)
}

var _ Groups = directory.Groups(nil)

// Options are what a Queue is made of.
type Options struct {
	// Groups is the directory.
	Groups Groups
	// Budget is the tenant's. Every request is sent under a turn of its own.
	Budget *budget.Budget
	// Over is called for each key when State has its outcome; nil for nobody. It is called without a lock and must not block.
	Over func(budget.Key)
	// Added is called before Over for a user who is in the group now, with the ids in lower case; nil for nobody. It is called
	// without a lock and must not block.
	Added func(groupID, userID string)
}

// Queue holds additions until they are sent. It belongs to one tenant and is safe for concurrent use.
type Queue struct {
	groups Groups
	budget *budget.Budget
	over   func(budget.Key)
	added  func(groupID, userID string)
	// wake has Run look at due.
	wake chan struct{}

	mu sync.Mutex
	// hands are the objects whose addition has not been told of yet, pairs the additions in hand.
	hands map[budget.Key]*addition
	pairs map[pair]*addition
	stops map[string]*stop
	due   []departure
}

// pair is who is to be in which group, in lower case.
type pair struct{ group, user string }

// addition is one pair on its way, for one object or several.
type addition struct {
	pair
	lane string
	// keys are the objects to tell. Without any the addition is not sent.
	keys map[budget.Key]bool
	// left is set when it has been picked to be sent.
	left bool
	over bool
	err  error
}

// New makes an empty queue. Nothing is sent before Run.
func New(options Options) *Queue {
	q := &Queue{
		groups: options.Groups,
		budget: options.Budget,
		over:   options.Over,
		added:  options.Added,
		wake:   make(chan struct{}, 1),
		hands:  map[budget.Key]*addition{},
		pairs:  map[pair]*addition{},
		stops:  map[string]*stop{},
	}
	if q.over == nil {
		q.over = func(budget.Key) {}
	}
	if q.added == nil {
		q.added = func(string, string) {}
	}
	return q
}

// Add has the user added to the group for the object key, in the lane of its namespace, and returns at once. Asking again while it is
// in hand changes nothing. An object that now asks for another pair gives up the one before; an outcome that was not taken is lost.
func (q *Queue) Add(key budget.Key, groupID, userID string) {
	wanted := pair{strings.ToLower(groupID), strings.ToLower(userID)}
	q.mu.Lock()
	defer q.mu.Unlock()
	if a := q.hands[key]; a != nil {
		if a.pair == wanted && !a.over {
			return
		}
		q.forget(key)
	}
	a := q.pairs[wanted]
	if a == nil {
		a = &addition{pair: wanted, lane: key.Namespace, keys: map[budget.Key]bool{}}
		q.pairs[wanted] = a
		q.arrive(a, time.Now())
	}
	a.keys[key] = true
	q.hands[key] = a
}

// State tells whether the object's addition is in hand: asked for and not over. Where it is over, err is how it went, nil for a user
// who is in the group now; that is told once and then forgotten.
func (q *Queue) State(key budget.Key) (inHand, over bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	a := q.hands[key]
	switch {
	case a == nil:
		return false, false, nil
	case !a.over:
		return true, false, nil
	}
	delete(q.hands, key)
	return false, true, a.err
}

// Forget is for an object that is gone. Its addition is not sent if it has not left yet and nobody else wants it.
func (q *Queue) Forget(key budget.Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forget(key)
}

func (q *Queue) forget(key budget.Key) {
	a := q.hands[key]
	if a == nil {
		return
	}
	delete(q.hands, key)
	delete(a.keys, key)
	if len(a.keys) == 0 && !a.left && !a.over {
		delete(q.pairs, a.pair)
		q.stops[a.group].waiting--
	}
}

// Run sends what is due until ctx ends, and returns when the last request is over. What is in hand then is not sent.
func (q *Queue) Run(ctx context.Context) {
	var senders sync.WaitGroup
	defer senders.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		}
		q.mu.Lock()
		due := q.due
		q.due = nil
		q.mu.Unlock()
		for _, d := range due {
			senders.Go(func() { q.send(ctx, d) })
		}
	}
}

// settle ends additions with the same outcome, and tells.
func (q *Queue) settle(some []*addition, err error) {
	if err == nil {
		for _, a := range some {
			q.added(a.group, a.user)
		}
	}
	var keys []budget.Key
	q.mu.Lock()
	for _, a := range some {
		a.over, a.err = true, err
		delete(q.pairs, a.pair)
		for key := range a.keys {
			keys = append(keys, key)
		}
	}
	q.mu.Unlock()
	for _, key := range keys {
		q.over(key)
	}
}
