package budget_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
)

// drained is a budget that runs, with Limits slow and no write left.
func drained(t *testing.T, options budget.Options) *budget.Budget {
	t.Helper()
	options.Limits = slow
	b := budget.New(options)
	spend(t, b, budget.Cost{Writes: 98})
	go b.Run(t.Context())
	return b
}

func TestATurnIsHadAtOnceWhileThereIsQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: slow})
		turn, wait := b.Take(key("a", 1), "a", budget.Grant, oneWrite)
		g.Expect(turn).NotTo(BeNil())
		g.Expect(wait).To(BeZero())
		turn.End()
	})
}

func TestAClassIsServedOnlyWhileNoEarlierOneWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		called := &calls{}
		b := drained(t, budget.Options{Granted: called.granted})
		for i, class := range []budget.Class{budget.Routine, budget.Retry, budget.Grant, budget.TakeAway, budget.Grant, budget.TakeAway} {
			turn, wait := b.Take(key("a", i), "a", class, oneWrite)
			g.Expect(turn).To(BeNil())
			g.Expect(wait).To(BeNumerically(">", time.Second))
		}
		time.Sleep(6500 * time.Millisecond)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"a3", "a5", "a2", "a4", "a1", "a0"}))
	})
}

func TestReadsDoNotWaitForWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := drained(t, budget.Options{})
		turn, _ := b.Take(key("a", 1), "a", budget.TakeAway, oneWrite)
		g.Expect(turn).To(BeNil())
		turn, _ = b.Take(key("a", 2), "a", budget.Routine, oneRead)
		g.Expect(turn).NotTo(BeNil())
	})
}

func TestWritesDoNotWaitForInvitations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: budget.Published()})
		spend(t, b, budget.Cost{Invitations: 147})
		turn, _ := b.Take(key("a", 1), "a", budget.Grant, oneInvitation)
		g.Expect(turn).To(BeNil())
		turn, _ = b.Take(key("a", 2), "a", budget.Grant, oneWrite)
		g.Expect(turn).NotTo(BeNil())
	})
}

func TestWhoNeedsMuchIsNotStarvedByThoseWhoNeedLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		called := &calls{}
		b := drained(t, budget.Options{Granted: called.granted})
		_, _ = b.Take(key("a", 0), "a", budget.Grant, budget.Cost{Writes: 5})
		for i := range 3 {
			turn, _ := b.Take(key("b", i), "b", budget.Routine, oneWrite)
			g.Expect(turn).To(BeNil())
		}
		time.Sleep(6500 * time.Millisecond)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"a0", "b0"}))
	})
}

// TestAFullNamespaceDelaysAnotherByOneTurn compares the wait of an object alone with its wait beside 10,000 others.
func TestAFullNamespaceDelaysAnotherByOneTurn(t *testing.T) {
	waitBeside := func(others int) (wait time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			turns := make(chan budget.Key, 20_000)
			b := drained(t, budget.Options{Granted: func(k budget.Key) { turns <- k }})
			for i := range others {
				_, _ = b.Take(key("busy", i), "busy", budget.Grant, oneWrite)
			}
			start := time.Now()
			_, _ = b.Take(key("quiet", 0), "quiet", budget.Grant, oneWrite)
			for k := range turns {
				if k.Namespace == "quiet" {
					wait = time.Since(start)
					return
				}
				use(t, b, k, budget.Grant, oneWrite)
			}
		})
		return wait
	}
	g := NewWithT(t)
	alone := waitBeside(0)
	g.Expect(alone).To(BeNumerically(">", time.Second))
	g.Expect(waitBeside(10_000)).To(BeNumerically("<=", 2*alone+time.Millisecond))
}

func TestOnlySoManyAreCalledAheadOfTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		called := &calls{}
		b := drained(t, budget.Options{Granted: called.granted, Ahead: 2})
		for i := range 10 {
			_, _ = b.Take(key("busy", i), "busy", budget.Grant, oneWrite)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"busy0", "busy1"}))
		_, _ = b.Take(key("quiet", 0), "quiet", budget.Grant, oneWrite)
		for i := range 2 {
			use(t, b, key("busy", i), budget.Grant, oneWrite)
		}
		g.Expect(called.names()).To(Equal([]string{"busy2", "quiet0"}), "a lane that came late is not behind all of the others")

		spend(t, b, oneWrite) // a worker is never held up by those who wait for one
	})
}

func TestTakingAgainWhileWaitingChangesNothingButAMoreUrgentClassMovesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		called := &calls{}
		b := drained(t, budget.Options{Granted: called.granted})
		for i := range 3 {
			_, _ = b.Take(key("a", i), "a", budget.Routine, oneWrite)
		}
		for range 5 {
			_, _ = b.Take(key("a", 2), "a", budget.Routine, oneWrite)
		}
		_, _ = b.Take(key("a", 1), "a", budget.TakeAway, oneWrite)
		_, _ = b.Take(key("a", 1), "a", budget.Routine, oneWrite)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"a1", "a0", "a2"}))
	})
}

func TestWhatATurnDidNotUseGoesBackWhenItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: slow})
		turn, _ := b.Take(key("a", 1), "a", budget.Grant, budget.Cost{Writes: 98})
		g.Expect(turn).NotTo(BeNil())
		ask(turn.In(t.Context()), t, b, budget.Request{Cost: budget.Cost{Writes: 8}}, budget.Answer{})
		g.Expect(has(b, oneWrite)).To(BeFalse())
		turn.End()
		turn.End()
		g.Expect(has(b, budget.Cost{Writes: 90})).To(BeTrue())
		g.Expect(has(b, budget.Cost{Writes: 91})).To(BeFalse())
		(*budget.Turn)(nil).End()
	})
}

func TestATurnThatNobodyTakesIsOverAndMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		called := &calls{}
		b := drained(t, budget.Options{Granted: called.granted, Ahead: 1})
		for i := range 2 {
			_, _ = b.Take(key("a", i), "a", budget.Grant, oneWrite)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"a0"}))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"a1"}))

		b.Forget(key("a", 1))
		g.Expect(has(b, budget.Cost{Writes: 31})).To(BeTrue(), "32 seconds of quota, none of it kept for turns that are over")
	})
}

func TestWhoIsForgottenIsNotCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		called := &calls{}
		b := drained(t, budget.Options{Granted: called.granted})
		for i := range 3 {
			_, _ = b.Take(key("a", i), "a", budget.Grant, oneWrite)
		}
		b.Forget(key("a", 0))
		b.Forget(key("nobody", 0))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"a1", "a2"}))
	})
}

// TestComingAndGoingWhileNothingMovesKeepsThePlaceOfThoseWhoStay has many more give up than a line carries along.
func TestComingAndGoingWhileNothingMovesKeepsThePlaceOfThoseWhoStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		called := &calls{}
		b := drained(t, budget.Options{Granted: called.granted})
		for i := range 10_000 {
			_, _ = b.Take(key("a", i), "a", budget.Grant, oneWrite)
			if i%5000 != 0 {
				b.Forget(key("a", i))
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"a0", "a5000"}))
	})
}

func TestGrantedIsCalledWithoutALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		var b *budget.Budget
		taken := 0
		b = drained(t, budget.Options{Granted: func(k budget.Key) {
			turn, _ := b.Take(k, k.Namespace, budget.Grant, oneWrite)
			turn.End()
			b.Forget(k)
			taken++
		}})
		for i := range 5 {
			_, _ = b.Take(key("a", i), "a", budget.Grant, oneWrite)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		g.Expect(taken).To(Equal(5))
	})
}

func TestAGoroutineWaitsForItsTurnInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := drained(t, budget.Options{})
		order := make(chan budget.Class, 2)
		for _, class := range []budget.Class{budget.Routine, budget.Grant} {
			go func() {
				turn, err := b.Acquire(t.Context(), "a", class, oneWrite)
				g.Expect(err).NotTo(HaveOccurred())
				order <- class
				turn.End()
			}()
			synctest.Wait()
		}
		g.Expect(<-order).To(Equal(budget.Grant))
		g.Expect(<-order).To(Equal(budget.Routine))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.Acquire(ctx, "a", budget.Grant, budget.Cost{Writes: 50})
		g.Expect(err).To(MatchError(context.DeadlineExceeded))
		g.Expect(has(b, oneWrite)).To(BeTrue(), "who gave up is not waited for")
	})
}

func TestARequestWithoutATurnWaitsWithoutAnybodyRunningTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: slow})
		spend(t, b, budget.Cost{Writes: 98})
		start := time.Now()
		spend(t, b, oneWrite)
		g.Expect(time.Since(start)).To(BeNumerically("~", 1021*time.Millisecond, 2*time.Millisecond))
	})
}

func TestUnderATurnARequestHasItsClassAndPaysTheRestItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: slow})
		turn, _ := b.Take(key("a", 1), "a", budget.TakeAway, budget.Cost{Writes: 10})
		pass, err := b.Enter(turn.In(t.Context()), budget.Request{Class: budget.Routine, Cost: budget.Cost{Writes: 15}})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(pass.Class()).To(Equal(budget.TakeAway))
		g.Expect(has(b, budget.Cost{Writes: 83})).To(BeTrue())
		g.Expect(has(b, budget.Cost{Writes: 84})).To(BeFalse())

		pass.Failed(nil, false)
		turn.End()
		g.Expect(has(b, budget.Cost{Writes: 98})).To(BeTrue(), "what was not sent costs nothing")

		other := budget.New(budget.Options{Limits: slow})
		elsewhere, err := other.Enter(turn.In(t.Context()), budget.Request{Class: budget.Routine, Cost: oneWrite})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(elsewhere.Class()).To(Equal(budget.Routine), "a turn is good in its own tenant only")
	})
}

func TestWithoutLimitsEverybodyHasATurnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: budget.Unlimited()})
		for i := range 1000 {
			turn, _ := b.Take(key("a", i), "a", budget.Routine, budget.Cost{Writes: 1000, Units: 1000, Invitations: 1000})
			g.Expect(turn).NotTo(BeNil())
		}
		ask(t.Context(), t, b, budget.Request{Cost: oneWrite}, budget.Answer{TooMany: true, Wait: time.Second, Used: 1})
		g.Expect(has(b, oneWrite)).To(BeFalse(), "what the directory says counts")
		time.Sleep(time.Second)
		g.Expect(has(b, budget.Cost{Writes: 1_000_000})).To(BeTrue())
	})
}

func TestWhatIsMoreThanTheWholeQuotaTakesAllOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: slow})
		spend(t, b, budget.Cost{Writes: 500})
		start := time.Now()
		turn, err := b.Acquire(t.Context(), "a", budget.Grant, budget.Cost{Writes: 500})
		g.Expect(err).NotTo(HaveOccurred())
		turn.End()
		g.Expect(time.Since(start)).To(BeNumerically("~", 100*time.Second, time.Second))
	})
}

func TestTheEstimateGrowsWithThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := drained(t, budget.Options{})
		var wait time.Duration
		for i := range 100 {
			_, wait = b.Take(key("a", i), "a", budget.Grant, oneWrite)
		}
		g.Expect(wait).To(BeNumerically("~", 102*time.Second, 2*time.Second))
		_, wait = b.Take(key("a", 100), "a", budget.TakeAway, oneWrite)
		g.Expect(wait).To(BeNumerically("<", 3*time.Second))
	})
}

func TestAKeyIsKnownToWaitUntilItsTurnHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := drained(t, budget.Options{})
		_, waits := b.Waits(key("a", 0))
		g.Expect(waits).To(BeFalse(), "it has not asked")
		_, _ = b.Take(key("a", 0), "a", budget.Grant, oneWrite)
		wait, waits := b.Waits(key("a", 0))
		g.Expect(waits).To(BeTrue())
		g.Expect(wait).To(BeNumerically(">", 0))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		_, waits = b.Waits(key("a", 0))
		g.Expect(waits).To(BeFalse(), "it has been called")
	})
}
