package additions_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/additions"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

const group = "partners"

var (
	alreadyMember = &directory.Error{Class: directory.Invalid, Detail: directory.AlreadyMember}
	notReady      = &directory.Error{Class: directory.NotFound, Detail: directory.ReferenceNotReady}
	unknown       = &directory.Error{Class: directory.OutcomeUnknown}
)

// groups is a directory with groups, all or nothing as Graph is.
type groups struct {
	mu      sync.Mutex
	members map[string]bool
	// bad are the users with whom a request is refused.
	bad map[string]error
	// fail is the error of whole requests, one after the other; nil goes through.
	fail []error
	// readErr is what every question is answered by.
	readErr error
	// meter is whom each request is paid to, as the real directory's client does; nil for nobody.
	meter *budget.Budget
	// takes is how long a request takes.
	takes time.Duration
	// sent are the users of each request, reads the questions, most how many requests were under way at the same time.
	sent           [][]string
	at             []time.Time
	reads          int
	underWay, most int
}

func newGroups() *groups { return &groups{members: map[string]bool{}, bad: map[string]error{}} }

func (d *groups) AddMembers(ctx context.Context, groupID string, userIDs []string) error {
	d.mu.Lock()
	d.sent, d.at = append(d.sent, slices.Clone(userIDs)), append(d.at, time.Now())
	d.underWay++
	d.most = max(d.most, d.underWay)
	d.mu.Unlock()
	defer func() { d.mu.Lock(); d.underWay--; d.mu.Unlock() }()
	if d.meter != nil {
		pass, err := d.meter.Enter(ctx, budget.Request{Operation: "AddMembers", Cost: budget.Cost{Writes: 1, Units: 1}})
		if err != nil {
			return err
		}
		defer pass.Answered(budget.Answer{})
	}
	select {
	case <-time.After(d.takes):
	case <-ctx.Done():
		return &directory.Error{Class: directory.OutcomeUnknown, Err: ctx.Err()}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.fail) > 0 {
		err := d.fail[0]
		d.fail = d.fail[1:]
		if err != nil {
			return err
		}
	}
	for _, id := range userIDs {
		if err := d.bad[id]; err != nil {
			return err
		}
		if d.members[groupID+" "+id] {
			return alreadyMember
		}
	}
	for _, id := range userIDs {
		d.members[groupID+" "+id] = true
	}
	return nil
}

func (d *groups) IsMember(_ context.Context, groupID, userID string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	return d.members[groupID+" "+userID], d.readErr
}

func (d *groups) requests() [][]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.sent)
}

// sizes are how many users each request had.
func (d *groups) sizes() (sizes []int) {
	for _, sent := range d.requests() {
		sizes = append(sizes, len(sent))
	}
	return sizes
}

// asker asks for additions and keeps what it is told.
type asker struct {
	*additions.Queue
	budget *budget.Budget

	mu    sync.Mutex
	told  map[budget.Key]error
	added []string
}

// inQueue runs a test with a queue that runs, in time that passes only while everybody waits.
func inQueue(t *testing.T, d *groups, limits budget.Limits, test func(g *WithT, a *asker)) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(d, limits)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { a.Run(ctx) })
		test(NewWithT(t), a)
		cancel()
		running.Wait()
	})
}

func newAsker(d *groups, limits budget.Limits) *asker {
	a := &asker{budget: budget.New(budget.Options{Limits: limits}), told: map[budget.Key]error{}}
	a.Queue = additions.New(additions.Options{
		Groups: d, Budget: a.budget,
		Over: func(key budget.Key) {
			_, over, err := a.State(key)
			a.mu.Lock()
			defer a.mu.Unlock()
			if _, twice := a.told[key]; twice || !over {
				panic(fmt.Sprintf("%v is told twice, or of nothing", key))
			}
			a.told[key] = err
		},
		Added: func(groupID, userID string) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.added = append(a.added, groupID+" "+userID)
		},
	})
	return a
}

func key(namespace, name string) budget.Key {
	return budget.Key{Kind: "GuestGroupMembership", Namespace: namespace, Name: name}
}

// ask asks for users, each for an object of its own name.
func (a *asker) ask(namespace string, users ...string) {
	for _, user := range users {
		a.Add(key(namespace, user), group, user)
	}
}

// outcomes are what has been told so far, by the object's name.
func (a *asker) outcomes() map[string]error {
	a.mu.Lock()
	defer a.mu.Unlock()
	outcomes := map[string]error{}
	for key, err := range a.told {
		outcomes[key.Name] = err
	}
	return outcomes
}

// succeeded are the names of those who were told that the user is in the group, in order.
func (a *asker) succeeded() []string {
	outcomes := a.outcomes()
	maps.DeleteFunc(outcomes, func(_ string, err error) bool { return err != nil })
	return slices.Sorted(maps.Keys(outcomes))
}

func users(n int) (names []string) { return usersFrom(0, n) }

func usersFrom(first, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("user-%02d", first+i))
	}
	return names
}

func without(names []string, out ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(out, name) })
}

// pass lets time pass, and then everything that it brings about happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
