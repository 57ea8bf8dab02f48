package budget_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

var errReset = errors.New("connection reset")

func enter(ctx context.Context, b *budget.Budget, cost budget.Cost) (*budget.Pass, error) {
	return b.Enter(ctx, budget.Request{Operation: "test", Cost: cost})
}

// entering has a goroutine enter, and gives what it gets.
func entering(ctx context.Context, b *budget.Budget, cost budget.Cost) <-chan error {
	entered := make(chan error, 1)
	go func() {
		pass, err := enter(ctx, b, cost)
		if err == nil {
			pass.Leave()
		}
		entered <- err
	}()
	synctest.Wait()
	return entered
}

// fresh is a budget without limits, and the request that goes first.
func fresh(t *testing.T, cost budget.Cost) (*budget.Budget, *budget.Pass) {
	t.Helper()
	b := budget.New(budget.Options{})
	first, err := enter(t.Context(), b, cost)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return b, first
}

func TestARequestGoesFirstAndTheOthersWaitForItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b, first := fresh(t, oneRead)
		second, third := entering(t.Context(), b, oneRead), entering(t.Context(), b, oneRead)
		g.Expect(second).NotTo(Receive())
		g.Expect(third).NotTo(Receive())
		first.Answered(budget.Answer{})
		g.Expect(<-second).NotTo(HaveOccurred())
		g.Expect(<-third).NotTo(HaveOccurred())
	})
}

func TestAFirstRequestWithoutAnswerFailsThoseWhoWaitedForIt(t *testing.T) {
	login := &directory.Error{Class: directory.Unauthenticated, Err: errReset}
	for name, tt := range map[string]struct {
		failure error
		class   directory.Class
	}{
		"connection lost":            {errReset, directory.Unavailable},
		"no token":                   {login, directory.Unauthenticated},
		"a write that is in doubt":   {&directory.Error{Class: directory.OutcomeUnknown, Err: errReset}, directory.Unavailable},
		"asked to wait on the way":   {&directory.Error{Class: directory.Throttled, Err: errReset}, directory.Throttled},
		"a caller that has given up": {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewWithT(t)
				b, first := fresh(t, oneRead)
				second := entering(t.Context(), b, oneRead)
				g.Expect(second).NotTo(Receive())
				first.Failed(tt.failure, true)
				err := <-second
				if tt.failure == nil {
					g.Expect(err).NotTo(HaveOccurred(), "the next one goes first")
					return
				}
				g.Expect(directory.ClassOf(err)).To(Equal(tt.class))
				g.Expect(err).To(MatchError(errReset))
			})
		})
	}
}

func TestWhoWaitsForTheFirstAnswerCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b, _ := fresh(t, oneRead)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := enter(ctx, b, oneRead)
		g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable))
		g.Expect(err).To(MatchError(context.Canceled))
	})
}

func TestALateAnswerDoesNotOpenAClosedGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b, first := fresh(t, oneRead)
		first.Answered(budget.Answer{})
		before, _ := enter(t.Context(), b, oneRead)
		throttled, _ := enter(t.Context(), b, oneRead)
		throttled.Answered(budget.Answer{TooMany: true, Wait: 10 * time.Second})
		before.Answered(budget.Answer{})
		_, err := enter(t.Context(), b, oneRead)
		g.Expect(directory.RetryAfter(err)).To(Equal(10 * time.Second))
	})
}

func TestAShorterWaitDoesNotShortenALongerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b, first := fresh(t, oneRead)
		first.Answered(budget.Answer{})
		one, _ := enter(t.Context(), b, oneRead)
		two, _ := enter(t.Context(), b, oneRead)
		one.Answered(budget.Answer{Wait: 10 * time.Second})
		two.Answered(budget.Answer{Wait: time.Second})
		_, err := enter(t.Context(), b, oneRead)
		g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
		g.Expect(directory.RetryAfter(err)).To(Equal(10 * time.Second))
	})
}

func TestAfterAWaitOneRequestGoesFirstAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b, first := fresh(t, oneRead)
		second := entering(t.Context(), b, oneRead)
		first.Answered(budget.Answer{Wait: time.Second})
		g.Expect(directory.ClassOf(<-second)).To(Equal(directory.Throttled), "it had waited for an answer, and the answer was to wait")
		time.Sleep(time.Second)
		probe, err := enter(t.Context(), b, oneRead)
		g.Expect(err).NotTo(HaveOccurred())
		next := entering(t.Context(), b, oneRead)
		g.Expect(next).NotTo(Receive())
		probe.Answered(budget.Answer{})
		g.Expect(<-next).NotTo(HaveOccurred())
	})
}

func TestAWaitOfWritesLetsReadsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b, first := fresh(t, oneWrite)
		first.Answered(budget.Answer{TooMany: true, Wait: 10 * time.Second, WritesOnly: true})
		spend(t, b, oneRead)
		for _, cost := range []budget.Cost{oneWrite, oneInvitation} {
			_, err := enter(t.Context(), b, cost)
			g.Expect(directory.RetryAfter(err)).To(Equal(10 * time.Second))
			g.Expect(has(b, cost)).To(BeFalse())
		}
		g.Expect(has(b, oneRead)).To(BeTrue())
		time.Sleep(10 * time.Second)
		probe, err := enter(t.Context(), b, oneWrite)
		g.Expect(err).NotTo(HaveOccurred())
		write := entering(t.Context(), b, oneInvitation)
		g.Expect(write).NotTo(Receive(), "one write goes first")
		spend(t, b, oneRead)
		g.Expect(write).NotTo(Receive(), "what a read is answered says nothing of writes")
		probe.Answered(budget.Answer{})
		g.Expect(<-write).NotTo(HaveOccurred())
	})
}

func TestWhoWaitsForQuotaFailsWhenTheDirectoryAsksToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := drained(t, budget.Options{})
		read, _ := enter(t.Context(), b, oneRead)
		waiting := entering(t.Context(), b, budget.Cost{Writes: 50})
		g.Expect(waiting).NotTo(Receive())
		read.Answered(budget.Answer{Wait: 7 * time.Second})
		err := <-waiting
		g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
		g.Expect(directory.RetryAfter(err)).To(Equal(7 * time.Second))
	})
}

func TestWhoWaitsForQuotaCanGiveUpAndIsToldHowLongItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := drained(t, budget.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := enter(ctx, b, budget.Cost{Writes: 50})
		g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
		g.Expect(directory.RetryAfter(err)).To(BeNumerically("~", 50*time.Second, time.Second))
		g.Expect(err).To(MatchError(context.DeadlineExceeded))
	})
}

func TestATurnStaysGrantedWhileTheGateIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: slow})
		turn, _ := b.Take(key("a", 1), "a", budget.Grant, oneWrite)
		ask(t.Context(), t, b, budget.Request{Cost: oneRead}, budget.Answer{Wait: 5 * time.Second})
		none, wait := b.Take(key("a", 2), "a", budget.Grant, oneWrite)
		g.Expect(none).To(BeNil())
		g.Expect(wait).To(Equal(5 * time.Second))
		_, err := enter(turn.In(t.Context()), b, oneWrite)
		g.Expect(directory.RetryAfter(err)).To(Equal(5 * time.Second))
		time.Sleep(5 * time.Second)
		pass, err := enter(turn.In(t.Context()), b, oneWrite)
		g.Expect(err).NotTo(HaveOccurred())
		pass.Answered(budget.Answer{})
	})
}

func TestThoseWhoWaitAreCalledWhenTheWaitIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		called := &calls{}
		b := budget.New(budget.Options{Granted: called.granted})
		go b.Run(t.Context())
		ask(t.Context(), t, b, budget.Request{Cost: oneRead}, budget.Answer{Wait: 5 * time.Second})
		_, _ = b.Take(key("a", 1), "a", budget.Grant, oneWrite)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		g.Expect(called.names()).To(BeEmpty())
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		g.Expect(called.names()).To(Equal([]string{"a1"}))
	})
}

func TestWhatEnteredBeforeAWaitIsNotSentAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b, first := fresh(t, oneRead)
		first.Answered(budget.Answer{})
		ctx := t.Context()
		slow, _ := enter(ctx, b, oneRead)
		g.Expect(b.Check(slow.In(ctx))).To(Succeed())
		other, _ := enter(ctx, b, oneRead)
		other.Answered(budget.Answer{Wait: 5 * time.Second})
		g.Expect(directory.RetryAfter(b.Check(slow.In(ctx)))).To(Equal(5 * time.Second))
		g.Expect(directory.RetryAfter(b.Check(ctx))).To(Equal(5*time.Second), "also where nothing is known of the request")
		time.Sleep(5 * time.Second)
		g.Expect(directory.ClassOf(b.Check(slow.In(ctx)))).To(Equal(directory.Throttled), "another one goes first now")
		g.Expect(b.Check(ctx)).To(Succeed())
		slow.Failed(nil, false)
		fresh, err := enter(ctx, b, oneRead)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(b.Check(fresh.In(ctx))).To(Succeed())
	})
}

func TestAPassIsLeftOnlyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: slow})
		pass, err := enter(t.Context(), b, budget.Cost{Writes: 8})
		g.Expect(err).NotTo(HaveOccurred())
		pass.Answered(budget.Answer{})
		pass.Leave()
		pass.Failed(errReset, false)
		g.Expect(has(b, budget.Cost{Writes: 90})).To(BeTrue())
		g.Expect(has(b, budget.Cost{Writes: 91})).To(BeFalse())
	})
}
