package additions_test

import (
	"context"
	"errors"
	"fmt"
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

// tenant has groups that answer after a while.
type tenant struct {
	directory.Groups
	mu      sync.Mutex
	members map[string]bool
	bad     map[string]error // by user: why they cannot be added
	fails   error            // of every addition
	several error            // of those of more than one
	group   directory.Group
	sent    [][]string // the users of each request, in order
}

func (d *tenant) GetGroup(context.Context, string) (directory.Group, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.group, nil
}

func (d *tenant) IsMember(_ context.Context, _, userID string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.members[userID], nil
}

// AddMembers is all or nothing, as Graph is.
func (d *tenant) AddMembers(_ context.Context, _ string, users []string) error {
	time.Sleep(100 * time.Millisecond) // of the bubble's clock
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent = append(d.sent, slices.Clone(users))
	if d.fails != nil {
		return d.fails
	}
	if d.several != nil && len(users) > 1 {
		return d.several
	}
	for _, user := range users {
		if d.members[user] {
			return &directory.Error{Class: directory.Invalid, Detail: directory.AlreadyMember}
		}
		if err := d.bad[user]; err != nil {
			return err
		}
	}
	for _, user := range users {
		d.members[user] = true
	}
	return nil
}

// world is a queue whose objects board as soon as they are called, as the controllers do.
type world struct {
	*additions.Queue
	tenant *tenant
	begin  time.Time
	stop   func()

	mu       sync.Mutex
	absent   map[string]bool // by name: who does not board
	outcomes map[string]error
	at       map[string]time.Duration // when the outcome was there
	calls    map[string]int
}

// inBubble runs a test with a queue on a clock of its own.
func inBubble(t *testing.T, test func(g Gomega, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			tenant: &tenant{members: map[string]bool{}, bad: map[string]error{}}, begin: time.Now(),
			absent: map[string]bool{}, outcomes: map[string]error{}, at: map[string]time.Duration{}, calls: map[string]int{},
		}
		w.Queue = additions.New(additions.Options{Groups: w.tenant, Budget: budget.New(budget.Options{}), Woken: func(key budget.Key) { go w.reconcile(key) }})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		w.stop = func() {
			cancel()
			running.Wait()
		}
		defer w.stop()
		test(NewWithT(t), w)
	})
}

func (w *world) reconcile(key budget.Key) {
	state, err := w.State(key)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch state {
	case additions.Boarding:
		w.calls[key.Name]++
		if !w.absent[key.Name] {
			w.Board(key)
		}
	case additions.Over:
		w.outcomes[key.Name], w.at[key.Name] = err, time.Since(w.begin)
	}
}

func key(namespace, name string) budget.Key {
	return budget.Key{Kind: "GuestGroupMembership", Namespace: namespace, Name: name}
}

// ask asks for users, as objects of the same names.
func (w *world) ask(namespace string, users ...string) {
	for _, user := range users {
		w.Ask(key(namespace, user), "group", user)
	}
}

func users(prefix string, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("%s%d", prefix, i))
	}
	return names
}

// settle lets everything come to its end.
func (w *world) settle() {
	time.Sleep(time.Minute)
	synctest.Wait()
}

// sizes are those of the requests, the largest first: several are under way at a time.
func (w *world) sizes() (sizes []int) {
	for _, request := range w.tenant.sent {
		sizes = append(sizes, len(request))
	}
	slices.SortFunc(sizes, func(a, b int) int { return b - a })
	return sizes
}

func TestOneWhoComesAloneLeavesAtOnce(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.ask("team", "ada")
		w.settle()
		g.Expect(w.at).To(HaveKeyWithValue("ada", 100*time.Millisecond))
		g.Expect(w.outcomes).To(Equal(map[string]error{"ada": nil}))
		g.Expect(w.sizes()).To(Equal([]int{1}))

		w.ask("team", "grace") // long after
		w.settle()
		g.Expect(w.sizes()).To(Equal([]int{1, 1}))
	})
}

func TestThoseWhoComeTogetherTravelTwentyToARequest(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.ask("team", "first")
		synctest.Wait()
		w.ask("team", users("guest", 45)...)
		w.settle()
		g.Expect(w.sizes()).To(Equal([]int{20, 20, 5, 1}))
		g.Expect(w.outcomes).To(HaveLen(46))
		g.Expect(w.at["guest44"]).To(BeNumerically("<=", 800*time.Millisecond), "nobody more is expected after a pause")
	})
}

func TestNobodyWaitsForCompanyForMoreThanTwoSeconds(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		for _, user := range users("guest", 30) { // a flow that never pauses
			w.ask("team", user)
			time.Sleep(150 * time.Millisecond)
		}
		w.settle()
		for i, user := range users("guest", 30) {
			asked := time.Duration(i) * 150 * time.Millisecond
			g.Expect(w.at[user]-asked).To(BeNumerically("<=", 2*time.Second+200*time.Millisecond), user)
		}
		g.Expect(len(w.sizes())).To(BeNumerically("<=", 5))
	})
}

func TestABusyNamespaceDoesNotHoldUpAnother(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.ask("busy", users("guest", 1000)...)
		w.ask("quiet", "ada")
		w.settle()
		g.Expect(w.outcomes).To(HaveLen(1001))
		g.Expect(w.at["ada"]).To(BeNumerically("<=", 200*time.Millisecond), "it goes with the next request after those under way")
	})
}

func TestTwoObjectsThatAskForOnePairShareIt(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.ask("team", "first")
		synctest.Wait()
		w.Ask(key("red", "a"), "group", "ada")
		w.Ask(key("blue", "b"), "group", "ada")
		w.settle()
		g.Expect(w.outcomes).To(Equal(map[string]error{"first": nil, "a": nil, "b": nil}))
		g.Expect(w.tenant.sent).To(Equal([][]string{{"first"}, {"ada"}}))
	})
}

func TestAskingAgainWhileInHandChangesNothing(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.ask("team", "ada", "ada")
		synctest.Wait()
		w.ask("team", "ada") // on its way
		w.settle()
		g.Expect(w.sizes()).To(Equal([]int{1}))
		state, err := w.State(key("team", "ada"))
		g.Expect(state).To(Equal(additions.None), "an outcome is told once")
		g.Expect(err).NotTo(HaveOccurred())
	})
}

func TestWhoeverIsForgottenIsNotAdded(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.absent["ada"] = true
		w.ask("team", "first")
		synctest.Wait()
		w.ask("team", "ada", "grace", "alan")
		w.Forget(key("team", "grace")) // waits
		time.Sleep(600 * time.Millisecond)
		synctest.Wait()
		w.Forget(key("team", "ada")) // was called
		w.settle()
		g.Expect(w.tenant.members).To(Equal(map[string]bool{"first": true, "alan": true}))
		g.Expect(w.outcomes).NotTo(HaveKey("ada"))
		g.Expect(w.outcomes).NotTo(HaveKey("grace"))
		g.Expect(w.at["alan"]).To(BeNumerically("<", time.Second), "nobody waits for those who were forgotten")
	})
}

func TestWhoeverDoesNotBoardGoesLaterAndIsGivenUpInTheEnd(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.absent["late"], w.absent["never"] = true, true
		w.ask("team", "first")
		synctest.Wait()
		w.ask("team", "late", "never", "alan")
		time.Sleep(3 * time.Second)
		w.mu.Lock()
		delete(w.absent, "late")
		w.mu.Unlock()
		w.settle()
		g.Expect(w.tenant.members).To(Equal(map[string]bool{"first": true, "alan": true, "late": true}))
		g.Expect(w.calls["never"]).To(Equal(5))
		state, _ := w.State(key("team", "never"))
		g.Expect(state).To(Equal(additions.None))
		g.Expect(w.Board(key("team", "never"))).To(BeFalse())
	})
}

func TestWhoeverARequestLeavesWithoutGoesFirstWithTheNext(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.absent["late"] = true
		w.ask("team", append([]string{"late"}, users("crowd", 3000)...)...)
		time.Sleep(time.Second) // the first request waits for it still
		w.mu.Lock()
		w.absent["late"] = false
		w.mu.Unlock()
		w.settle()
		last := time.Duration(0)
		for _, at := range w.at {
			last = max(last, at)
		}
		g.Expect(w.at).To(HaveLen(3001))
		g.Expect(w.at["late"]).To(BeNumerically("<", last/2), "it does not queue anew")
	})
}

func TestOneWhoIsAMemberAlreadyCostsTheOthersOneMoreWrite(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.tenant.members["guest7"] = true
		w.ask("team", "first")
		synctest.Wait()
		w.ask("team", users("guest", 20)...)
		w.settle()
		g.Expect(w.sizes()).To(Equal([]int{20, 19, 1}))
		for user, err := range w.outcomes {
			g.Expect(err).NotTo(HaveOccurred(), user)
		}
		g.Expect(w.outcomes).To(HaveLen(21))
	})
}

func TestTheOneBadMemberIsFoundWithoutFailingTheOthers(t *testing.T) {
	notReady := &directory.Error{Class: directory.NotFound, Detail: directory.ReferenceNotReady}
	for i := range 20 {
		inBubble(t, func(g Gomega, w *world) {
			bad := fmt.Sprintf("guest%d", i)
			w.tenant.bad[bad] = notReady
			w.ask("team", "first")
			synctest.Wait()
			w.ask("team", users("guest", 20)...)
			w.settle()
			g.Expect(w.outcomes).To(HaveLen(21))
			for user, err := range w.outcomes {
				if user == bad {
					g.Expect(err).To(MatchError(notReady))
				} else {
					g.Expect(err).NotTo(HaveOccurred(), user)
				}
			}
			g.Expect(len(w.tenant.sent)-1).To(BeNumerically("<=", 11), "the bad one is found by halves")
		})
	}
}

func TestAFailureOfTheRequestIsEverybodysAndNotRepeated(t *testing.T) {
	for _, class := range []directory.Class{
		directory.Denied, directory.Throttled, directory.Unauthenticated, directory.Unavailable, directory.Conflict, directory.OutcomeUnknown,
	} {
		t.Run(class.String(), func(t *testing.T) {
			inBubble(t, func(g Gomega, w *world) {
				w.tenant.fails = &directory.Error{Class: class}
				w.ask("team", users("guest", 3)...)
				w.settle()
				g.Expect(w.outcomes).To(HaveLen(3))
				for _, err := range w.outcomes {
					g.Expect(directory.Is(err, class)).To(BeTrue())
				}
				g.Expect(len(w.sizes())).To(BeNumerically("<=", 3), "whoever is denied alone is not asked for again")
			})
		})
	}
}

func TestATenantThatRefusesSeveralAtOnceIsAskedForOneAfterTheOther(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.tenant.several = &directory.Error{Class: directory.Denied}
		w.ask("team", users("guest", 5)...)
		w.settle()
		g.Expect(w.outcomes).To(HaveLen(5))
		for user, err := range w.outcomes {
			g.Expect(err).NotTo(HaveOccurred(), user)
		}
		w.tenant.sent = nil
		w.ask("team", users("late", 5)...)
		w.settle()
		g.Expect(w.sizes()).To(Equal([]int{1, 1, 1, 1, 1}), "it is not asked again for several")
	})
}

func TestAGroupThatMayNotBeWrittenIsNotAndSaysWhy(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.tenant.group = directory.Group{DisplayName: "Admins", IsAssignableToRole: true}
		w.ask("team", "ada")
		w.settle()
		g.Expect(w.tenant.sent).To(BeEmpty())
		g.Expect(directory.HasDetail(w.outcomes["ada"], directory.GroupNotWritable)).To(BeTrue())
		g.Expect(w.outcomes["ada"]).To(MatchError(And(ContainSubstring("Admins"), ContainSubstring("role-assignable"))))
	})
}

func TestNothingLeavesAfterTheEnd(t *testing.T) {
	inBubble(t, func(g Gomega, w *world) {
		w.absent["ada"] = true
		w.ask("team", "ada")
		synctest.Wait()
		w.stop()
		g.Expect(w.Board(key("team", "ada"))).To(BeFalse())
		w.ask("team", "grace")
		w.settle()
		g.Expect(w.tenant.sent).To(BeEmpty())
		g.Expect(w.outcomes).To(BeEmpty())
	})
}

func TestWhatWasAskedForBeforeTheStartLeavesWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, d := NewWithT(t), &tenant{members: map[string]bool{}}
		var q *additions.Queue
		q = additions.New(additions.Options{Groups: d, Budget: budget.New(budget.Options{}), Woken: func(key budget.Key) {
			if state, err := q.State(key); state == additions.Boarding {
				q.Board(key)
			} else if err != nil {
				t.Error(errors.Join(errors.New("adding"), err))
			}
		}})
		q.Ask(key("team", "ada"), "group", "ada")
		time.Sleep(time.Minute)
		synctest.Wait()
		g.Expect(d.sent).To(BeEmpty())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			q.Run(ctx)
		}()
		time.Sleep(time.Second)
		synctest.Wait() // and so see what the others have done
		g.Expect(d.sent).To(HaveLen(1))
		cancel()
		<-done
	})
}
