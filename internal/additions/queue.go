package additions

import (
	"context"
	"sync"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/fair"
)

// State is how an addition stands.
type State int

const (
	// None: nobody has asked for it.
	None State = iota
	// Waiting: in the queue of its group.
	Waiting
	// Boarding: a request is about to leave. Announce the addition and Board.
	Boarding
	// Sent: on board; the answer will come.
	Sent
	// Over: done, or failed with an error of this addition's own.
	Over
)

// Options are what a Queue is made of.
type Options struct {
	Groups directory.Groups
	Budget *budget.Budget
	// Woken is called when a key is Boarding, when its addition is Over, and when it is not asked for any more because it did not
	// board. It must not block.
	Woken func(budget.Key)
	// Added is called when a user has become a member, before Woken.
	Added func(groupID, userID string)
}

// Queue gathers the additions to the groups of one tenant. It is safe for concurrent use.
type Queue struct {
	options Options

	mu sync.Mutex
	// ctx is that of Run, nil before it.
	ctx    context.Context //nolint:containedctx // the lifetime of the senders, which objects start and do not wait for
	groups map[string]*group
	asked  map[budget.Key]*addition
	// singly is set once the tenant has refused to add several at once and let one be added.
	singly bool
	// senders are the goroutines that Run waits for.
	senders sync.WaitGroup
}

// addition is one user for one group, as one object asks for it.
type addition struct {
	key             budget.Key
	groupID, userID string
	state           State
	err             error
	// since is when it was asked for.
	since time.Time
	// trip is the request that it boards, missed how many have left without it.
	trip   *trip
	missed int
}

// group is the queue of one group.
type group struct {
	id      string
	waiting fair.Queue[*addition]
	// late are those whom a request has left without. They have been announced, or nearly so, and go before all others.
	late []*addition
	// first is when the first of those who wait came, last when anybody did. Together says that the first one did not come alone.
	first, last time.Time
	together    bool
	serving     bool
	// stir tells the sender that somebody came.
	stir chan struct{}
}

// New makes an empty queue. Nothing leaves before Run.
func New(options Options) *Queue {
	return &Queue{options: options, groups: map[string]*group{}, asked: map[budget.Key]*addition{}}
}

// Ask asks for a user to be added to a group, on behalf of the object that key names; its namespace is the lane. Asking again while
// that is in hand changes nothing.
func (q *Queue) Ask(key budget.Key, groupID, userID string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if a := q.asked[key]; a != nil {
		if a.groupID == groupID && a.userID == userID && a.state != Over {
			return
		}
		q.forget(a)
	}
	a := &addition{key: key, groupID: groupID, userID: userID, since: time.Now()}
	q.asked[key] = a
	q.enqueue(a)
}

// Waited is how long ago the addition of a key was asked for; 0 where it was not.
func (q *Queue) Waited(key budget.Key) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if a := q.asked[key]; a != nil {
		return time.Since(a.since)
	}
	return 0
}

// State tells how the addition of a key stands. Over is told once, with why it failed, nil where the user is in the group now.
func (q *Queue) State(key budget.Key) (State, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	a := q.asked[key]
	if a == nil {
		return None, nil
	}
	if a.state == Over {
		delete(q.asked, key)
	}
	return a.state, a.err
}

// Board goes with the request that is about to leave. It reports false where there is none: it has left, and another one will come.
func (q *Queue) Board(key budget.Key) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	a := q.asked[key]
	if a == nil || a.state != Boarding {
		return false
	}
	a.state = Sent
	a.trip.arrived()
	return true
}

// Forget takes an addition back. One that is on board is carried out all the same; nobody is told.
func (q *Queue) Forget(key budget.Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if a := q.asked[key]; a != nil {
		q.forget(a)
	}
}

func (q *Queue) forget(a *addition) {
	delete(q.asked, a.key)
	if a.state == Boarding {
		a.trip.arrived() // nobody waits for it
	}
	if a.state != Sent {
		a.state = None
	}
}

// Run sends until ctx ends, and returns when nothing is under way any more.
func (q *Queue) Run(ctx context.Context) {
	q.mu.Lock()
	q.ctx = ctx
	for _, g := range q.groups {
		q.start(g)
	}
	q.mu.Unlock()
	<-ctx.Done()
	q.senders.Wait()
}

func (q *Queue) enqueue(a *addition) {
	g := q.groups[a.groupID]
	if g == nil {
		g = &group{id: a.groupID, stir: make(chan struct{}, 1)}
		q.groups[a.groupID] = g
	}
	now := time.Now()
	if g.waitingNow() == 0 {
		g.first, g.together = now, now.Sub(g.last) < maxWait
	}
	g.last = now
	a.state, a.trip = Waiting, nil
	if a.missed > 0 {
		g.late = append(g.late, a)
	} else {
		g.waiting.Push(a.key.Namespace, a)
	}
	select {
	case g.stir <- struct{}{}:
	default:
	}
	q.start(g)
}

func (g *group) waitingNow() int { return len(g.late) + g.waiting.Len() }

// next takes out whoever is to be called first; false where nobody waits.
func (g *group) next() (*addition, bool) {
	if len(g.late) == 0 {
		return g.waiting.Pop()
	}
	a := g.late[0]
	g.late[0], g.late = nil, g.late[1:]
	return a, true
}

// start has a group that somebody waits for be served.
func (q *Queue) start(g *group) {
	if q.ctx == nil || q.ctx.Err() != nil || g.serving || g.waitingNow() == 0 {
		return
	}
	g.serving = true
	ctx := q.ctx
	q.senders.Go(func() { q.serve(ctx, g) })
}

// over tells how an addition went.
func (q *Queue) over(a *addition, err error) {
	if err == nil && q.options.Added != nil {
		q.options.Added(a.groupID, a.userID)
	}
	q.mu.Lock()
	a.state, a.err = Over, err
	known := q.asked[a.key] == a
	q.mu.Unlock()
	if known {
		q.wake(a.key)
	}
}

func (q *Queue) wake(keys ...budget.Key) {
	if q.options.Woken == nil {
		return
	}
	for _, key := range keys {
		q.options.Woken(key)
	}
}
