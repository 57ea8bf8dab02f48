package additions_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
)

func TestAnAdditionThatIsAloneLeavesAtOnce(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "ada")
		synctest.Wait()
		g.Expect(d.requests()).To(Equal([][]string{{"ada"}}))
		g.Expect(a.succeeded()).To(Equal([]string{"ada"}))
		g.Expect(a.added).To(Equal([]string{"partners ada"}))

		pass(2 * time.Second)
		a.ask("team", "bob")
		synctest.Wait()
		g.Expect(a.succeeded()).To(Equal([]string{"ada", "bob"}), "the first one is too long ago to expect another")
	})
}

func TestAnAdditionAfterAnotherWaitsUntilTheyPause(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "first")
		synctest.Wait()
		for _, user := range users(3) {
			pass(400 * time.Millisecond)
			a.ask("team", user)
		}
		pass(499 * time.Millisecond)
		g.Expect(d.sizes()).To(Equal([]int{1}))
		pass(time.Millisecond)
		g.Expect(d.sizes()).To(Equal([]int{1, 3}))
	})
}

func TestNoAdditionWaitsLongerThanTwoSecondsForCompany(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "first")
		synctest.Wait()
		start := time.Now()
		for _, user := range users(12) {
			a.ask("team", user)
			pass(300 * time.Millisecond)
		}
		g.Expect(d.sizes()[:2]).To(Equal([]int{1, 7}), "those of 0 to 1.8 s")
		g.Expect(d.at[1].Sub(start)).To(Equal(2 * time.Second))
		pass(time.Second)
		g.Expect(a.succeeded()).To(HaveLen(13))
	})
}

func TestTwentyLeaveAtOnce(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "first")
		synctest.Wait()
		a.ask("team", users(45)...)
		synctest.Wait()
		g.Expect(d.sizes()).To(Equal([]int{1, 20, 20}))
		pass(500 * time.Millisecond)
		g.Expect(d.sizes()).To(Equal([]int{1, 20, 20, 5}))
		g.Expect(a.succeeded()).To(HaveLen(46))
	})
}

func TestGroupsDoNotWaitForEachOther(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.Add(key("team", "one"), "one", "ada")
		a.Add(key("team", "two"), "two", "ada")
		synctest.Wait()
		g.Expect(d.members).To(Equal(map[string]bool{"one ada": true, "two ada": true}))
	})
}

func TestThoseWhoComeWhileATurnIsWaitedForComeAlong(t *testing.T) {
	d := newGroups()
	slow := budget.Limits{Writes: budget.Limit{Amount: 2, Per: 20 * time.Second}}
	inQueue(t, d, slow, func(g *WithT, a *asker) {
		d.meter = a.budget
		a.ask("team", "first")
		synctest.Wait()
		pass(2 * time.Second)
		a.ask("team", "second")
		synctest.Wait()
		g.Expect(d.sizes()).To(Equal([]int{1, 1}))
		a.ask("team", users(3)...)
		pass(3 * time.Second)
		g.Expect(d.sizes()).To(Equal([]int{1, 1}), "there is no turn yet")
		a.ask("team", usersFrom(3, 10)...)
		pass(20 * time.Second)
		g.Expect(d.sizes()).To(Equal([]int{1, 1, 13}))
	})
}

func TestOneNamespaceDoesNotFillARequestBeforeAnother(t *testing.T) {
	d := newGroups()
	d.takes = time.Minute
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("crowd", usersFrom(0, 60)...) // one leaves at once, and then two full ones: all that may be under way
		synctest.Wait()
		g.Expect(d.sizes()).To(HaveLen(3))
		a.ask("crowd", usersFrom(60, 40)...)
		a.ask("lonely", "ada")
		pass(time.Minute)
		g.Expect(d.requests()[3]).To(ContainElement("ada"))
		pass(10 * time.Minute)
		g.Expect(a.succeeded()).To(HaveLen(101))
		g.Expect(d.most).To(Equal(3))
	})
}

func TestOnePairForTwoObjectsTravelsOnceAndBothLearn(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.Add(key("one", "a"), group, "ada")
		a.Add(key("two", "b"), group, "ADA")
		a.Add(key("two", "b"), group, "ada")
		synctest.Wait()
		g.Expect(d.requests()).To(Equal([][]string{{"ada"}}))
		g.Expect(a.outcomes()).To(Equal(map[string]error{"a": nil, "b": nil}))
	})
}

func TestAnOutcomeIsToldOnce(t *testing.T) {
	g := NewWithT(t)
	synctest.Test(t, func(t *testing.T) {
		d, ada := newGroups(), key("team", "ada")
		a := newAsker(d, budget.Unlimited())
		g.Expect(stateOf(a, ada)).To(Equal([]bool{false, false}))
		a.ask("team", "ada")
		g.Expect(stateOf(a, ada)).To(Equal([]bool{true, false}))
		ctx, cancel := context.WithCancel(t.Context())
		go a.Run(ctx)
		synctest.Wait()
		g.Expect(a.succeeded()).To(Equal([]string{"ada"}))
		g.Expect(stateOf(a, ada)).To(Equal([]bool{false, false}))
		cancel()
	})
}

func stateOf(a *asker, key budget.Key) []bool {
	inHand, over, _ := a.State(key)
	return []bool{inHand, over}
}

func TestWhoIsForgottenInTimeIsNotAdded(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "first")
		synctest.Wait()
		a.ask("team", "ada", "bob")
		a.Add(key("other", "ada-too"), group, "ada")
		a.Forget(key("team", "bob"))
		a.Forget(key("team", "ada"))
		a.Forget(key("team", "nobody"))
		pass(2 * time.Second)
		g.Expect(d.requests()).To(Equal([][]string{{"first"}, {"ada"}}), "somebody else still wants ada")
		g.Expect(a.succeeded()).To(Equal([]string{"ada-too", "first"}))
	})
}

func TestWhoIsForgottenAndAskedForAgainIsAddedOnce(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "first")
		synctest.Wait()
		a.ask("team", "ada")
		a.Forget(key("team", "ada"))
		a.ask("team", "ada")
		pass(2 * time.Second)
		g.Expect(d.requests()).To(Equal([][]string{{"first"}, {"ada"}}))
	})
}

func TestWhoIsForgottenTooLateIsAddedAndNobodyIsTold(t *testing.T) {
	d := newGroups()
	d.takes = time.Second
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "ada")
		synctest.Wait()
		a.Forget(key("team", "ada"))
		pass(time.Second)
		g.Expect(a.added).To(Equal([]string{"partners ada"}))
		g.Expect(a.outcomes()).To(BeEmpty())
	})
}

func TestAnObjectThatAsksForAnotherPairGivesUpTheFirst(t *testing.T) {
	d := newGroups()
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "first")
		synctest.Wait()
		a.Add(key("team", "x"), group, "ada")
		a.Add(key("team", "x"), group, "bob")
		pass(2 * time.Second)
		g.Expect(d.requests()).To(Equal([][]string{{"first"}, {"bob"}}))
		g.Expect(a.outcomes()).To(HaveKey("x"))
	})
}

func TestWhatIsUnderWayEndsBeforeRunReturns(t *testing.T) {
	g, d := NewWithT(t), newGroups()
	d.takes = time.Minute
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(d, budget.Unlimited())
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { a.Run(ctx); close(over) }()
		a.ask("team", "ada")
		synctest.Wait()
		a.ask("team", "bob")
		cancel()
		<-over
		g.Expect(a.outcomes()["ada"]).To(MatchError(context.Canceled))
		pass(time.Minute)
		g.Expect(d.sizes()).To(Equal([]int{1}), "nothing is sent after the end")
	})
}
