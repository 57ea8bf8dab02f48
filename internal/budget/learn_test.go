package budget_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
)

// brisk has 98 usable writes at 9.8 a second.
var brisk = budget.Limits{
	Writes: budget.Limit{Amount: 100, Per: 10 * time.Second},
	Units:  budget.Limit{Amount: 100, Per: 10 * time.Second},
}

// timeFor tells how long it takes until that many writes can be had of a bucket that is empty.
func timeFor(t *testing.T, b *budget.Budget, writes int) time.Duration {
	t.Helper()
	start := time.Now()
	turn, err := b.Acquire(t.Context(), "", budget.Grant, budget.Cost{Writes: writes})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	turn.End()
	return time.Since(start)
}

func TestA429HalvesTheRateWhichRecoversWithinTwoMinutes(t *testing.T) {
	for name, inFlight := range map[string]int{"one": 1, "several that were on their way together": 5} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewWithT(t)
				b := budget.New(budget.Options{Limits: brisk})
				spend(t, b, oneWrite)
				var passes []*budget.Pass
				for range inFlight {
					pass, err := enter(t.Context(), b, oneWrite)
					g.Expect(err).NotTo(HaveOccurred())
					passes = append(passes, pass)
				}
				time.Sleep(time.Second)
				for _, pass := range passes {
					pass.Answered(budget.Answer{TooMany: true, Wait: time.Millisecond})
				}
				g.Expect(has(b, oneWrite)).To(BeFalse(), "the bucket is empty, whatever we believed")
				others := inFlight - 1 // which count, refused or not
				g.Expect(timeFor(t, b, 49-others)).To(BeNumerically("~", 9300*time.Millisecond, 200*time.Millisecond), "5 s at the full rate")

				time.Sleep(2 * time.Minute)
				spend(t, b, budget.Cost{Writes: 98})
				g.Expect(timeFor(t, b, 49)).To(BeNumerically("~", 5*time.Second, 100*time.Millisecond))
			})
		})
	}
}

func TestA429AfterA429HalvesAgainDownToABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: brisk})
		for range 20 {
			ask(t.Context(), t, b, budget.Request{Cost: oneWrite}, budget.Answer{TooMany: true, Wait: time.Second})
			time.Sleep(time.Second)
		}
		wait := timeFor(t, b, 49)
		g.Expect(wait).To(BeNumerically(">", 20*time.Second))
		g.Expect(wait).To(BeNumerically("<", 40*time.Second), "it recovers from a sixteenth of the rate")
	})
}

func TestA429ConcernsTheQuotaThatItNames(t *testing.T) {
	for name, tt := range map[string]struct {
		exceeded       budget.Quota
		writes, others bool
	}{
		"none":    {budget.Unnamed, false, true},
		"writes":  {budget.Writes, false, true},
		"units":   {budget.Units, true, false},
		"another": {budget.Invitations, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewWithT(t)
				b := budget.New(budget.Options{Limits: brisk})
				ask(t.Context(), t, b, budget.Request{Cost: oneWrite},
					budget.Answer{TooMany: true, Wait: time.Millisecond, Exceeded: tt.exceeded})
				time.Sleep(time.Millisecond)
				g.Expect(has(b, budget.Cost{Writes: 10})).To(Equal(tt.writes))
				g.Expect(has(b, budget.Cost{Units: 10})).To(Equal(tt.others))
			})
		})
	}
}

func TestA503ThatAsksToWaitDoesNotSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: brisk})
		ask(t.Context(), t, b, budget.Request{Cost: oneWrite}, budget.Answer{Wait: time.Second})
		time.Sleep(time.Second)
		g.Expect(has(b, budget.Cost{Writes: 98})).To(BeTrue())
	})
}

func TestTheDirectorysReadingRespectsOthersInTheSameQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: brisk})
		ask(t.Context(), t, b, budget.Request{Cost: oneWrite}, budget.Answer{Used: 0.9})
		g.Expect(has(b, budget.Cost{Writes: 9})).To(BeTrue())
		g.Expect(has(b, budget.Cost{Writes: 10})).To(BeFalse())
		g.Expect(has(b, budget.Cost{Units: 90})).To(BeTrue(), "a write reads the writes")

		ask(t.Context(), t, b, budget.Request{Cost: oneRead}, budget.Answer{Used: 1.5})
		start := time.Now()
		turn, err := b.Acquire(t.Context(), "", budget.Grant, oneRead)
		g.Expect(err).NotTo(HaveOccurred())
		turn.End()
		g.Expect(time.Since(start)).To(BeNumerically("~", 5*time.Second, 200*time.Millisecond), "overdrawn by half")
	})
}

func TestTheDirectorysReadingDoesNotSlowWhoIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: brisk})
		for used := 1; used <= 98; used++ {
			turn, _ := b.Take(key("a", used), "a", budget.Grant, budget.Cost{Writes: 1})
			g.Expect(turn).NotTo(BeNil(), "%d", used)
			ask(turn.In(t.Context()), t, b, budget.Request{Cost: budget.Cost{Writes: 1}}, budget.Answer{Used: float64(used) / 100})
			turn.End()
		}
	})
}

func TestAReadingOfTheInvitationsIsNotTakenForOneOfAllWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: budget.Published()})
		spend(t, b, budget.Cost{Writes: 146, Units: 146, Invitations: 146})
		ask(t.Context(), t, b, budget.Request{Cost: oneInvitation}, budget.Answer{Used: 0.98})
		g.Expect(has(b, budget.Cost{Writes: 2700})).To(BeTrue())

		spend(t, b, budget.Cost{Writes: 2000})
		time.Sleep(5 * time.Second)
		ask(t.Context(), t, b, budget.Request{Cost: oneInvitation}, budget.Answer{Used: 0.9})
		g.Expect(has(b, budget.Cost{Writes: 300})).To(BeFalse(), "of the two it is the one that we have used more of")
		g.Expect(has(b, budget.Cost{Invitations: 140})).To(BeTrue())
	})
}

func TestTheRealCostOfAnOperationIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		b := budget.New(budget.Options{Limits: brisk})
		list := budget.Request{Operation: "List", Cost: oneRead}
		ask(t.Context(), t, b, list, budget.Answer{Units: 5})
		g.Expect(has(b, budget.Cost{Units: 93})).To(BeTrue())
		g.Expect(has(b, budget.Cost{Units: 94})).To(BeFalse(), "the request is charged what it cost")

		_, err := b.Enter(t.Context(), list)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(has(b, budget.Cost{Units: 88})).To(BeTrue())
		g.Expect(has(b, budget.Cost{Units: 89})).To(BeFalse(), "the next one is expected to cost as much")
		_, err = b.Enter(t.Context(), budget.Request{Operation: "Other", Cost: oneRead})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(has(b, budget.Cost{Units: 87})).To(BeTrue())
	})
}
