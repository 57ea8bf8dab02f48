package budget_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
)

// directoryBucket is a token bucket as the directory has it.
type directoryBucket struct {
	mu             sync.Mutex
	capacity, rate float64
	level, lowest  float64
	counted        int
	at             time.Time
}

func bucketOf(l budget.Limit) *directoryBucket {
	amount := float64(l.Amount)
	return &directoryBucket{capacity: amount, rate: amount / l.Per.Seconds(), level: amount, lowest: amount, at: time.Now()}
}

func (d *directoryBucket) count(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.level = min(d.capacity, d.level+d.rate*now.Sub(d.at).Seconds())
	d.at = now
	d.level -= float64(n)
	d.lowest = min(d.lowest, d.level)
	d.counted += n
}

// TestTheDirectoryNeverHasToRefuse runs 40 workers over more objects than the quota allows, for ten minutes. Turns are kept for a
// while, requests reach the directory late, and answers come back late.
func TestTheDirectoryNeverHasToRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		limits := budget.Published()
		quotas := []*directoryBucket{bucketOf(limits.Writes), bucketOf(limits.Units), bucketOf(limits.Invitations)}
		const length = 10 * time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		queue := make(chan budget.Key, 20_000)
		b := budget.New(budget.Options{Limits: limits, Granted: func(k budget.Key) { queue <- k }})
		go b.Run(ctx)
		for i := range cap(queue) {
			queue <- key(fmt.Sprint(i%7), i)
		}

		send := func(ctx context.Context, random *rand.Rand, cost budget.Cost) {
			jitter := func() { time.Sleep(time.Duration(random.Int64N(int64(400 * time.Millisecond)))) }
			pass, err := b.Enter(ctx, budget.Request{Class: budget.Grant, Cost: cost})
			if err != nil {
				return // the ten minutes are over
			}
			jitter()
			for i, n := range []int{cost.Writes, cost.Units, cost.Invitations} {
				quotas[i].count(n)
			}
			jitter()
			pass.Answered(budget.Answer{})
		}
		var workers sync.WaitGroup
		for worker := range 40 {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			workers.Go(func() {
				for {
					var k budget.Key
					select {
					case k = <-queue:
					case <-ctx.Done():
						return
					}
					cost := oneInvitation
					if strings.HasSuffix(k.Name, "7") {
						cost = budget.Cost{Writes: 1, Units: 20}
					}
					turn, _ := b.Take(k, k.Namespace, budget.Grant, cost)
					if turn == nil {
						continue
					}
					time.Sleep(time.Duration(random.Int64N(int64(500 * time.Millisecond))))
					send(turn.In(ctx), random, cost)
					turn.End()
				}
			})
		}
		workers.Wait()
		for i, quota := range quotas {
			g.Expect(quota.lowest).To(BeNumerically(">=", 0), "quota %d was overdrawn", i)
		}
		possible := quotas[0].capacity + quotas[0].rate*length.Seconds()
		g.Expect(float64(quotas[0].counted)).To(BeNumerically(">=", 0.97*possible), "and little of it is left unused")
	})
}

// TestEverybodyAtOnceLeavesNothingReserved has keys come, go, move up and use their turns from many goroutines.
func TestEverybodyAtOnceLeavesNothingReserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		var b *budget.Budget
		b = budget.New(budget.Options{Limits: brisk, Granted: func(k budget.Key) {
			turn, _ := b.Take(k, k.Namespace, budget.Grant, oneWrite)
			turn.End()
		}})
		go b.Run(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for worker := range 32 {
			random := rand.New(rand.NewPCG(2, uint64(worker)))
			all.Go(func() {
				for ctx.Err() == nil {
					k := key(fmt.Sprint(random.IntN(3)), random.IntN(50))
					turn, _ := b.Take(k, k.Namespace, budget.Class(random.IntN(4)), oneWrite)
					if pass, err := b.Enter(turn.In(ctx), budget.Request{Class: budget.Routine, Cost: oneWrite}); err == nil {
						pass.Failed(nil, random.IntN(2) == 0)
					}
					turn.End()
					if random.IntN(3) == 0 {
						b.Forget(k)
					}
					time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
				}
			})
		}
		all.Wait()
		time.Sleep(time.Minute)
		g.Expect(has(b, budget.Cost{Writes: 98, Units: 98})).To(BeTrue())
	})
}

// BenchmarkWaiting has 100,000 keys wait for a turn and then be granted one. The bytes are those that a waiting key costs, its own
// text not included.
func BenchmarkWaiting(b *testing.B) {
	const many = 100_000
	keys := make([]budget.Key, many)
	for i := range keys {
		keys[i] = key(fmt.Sprint(i%100), i)
	}
	var waiting, granting time.Duration
	var held uint64
	for b.Loop() {
		now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
		called := make([]budget.Key, 0, many)
		tenant := budget.New(budget.Options{
			Limits:  budget.Limits{Writes: budget.Limit{Amount: 2 * many, Per: time.Second}},
			Now:     func() time.Time { return now },
			Granted: func(k budget.Key) { called = append(called, k) },
		})
		pass, err := tenant.Enter(b.Context(), budget.Request{Cost: budget.Cost{Writes: many * 196 / 100}})
		if err != nil {
			b.Fatal(err)
		}
		pass.Answered(budget.Answer{})
		before := heap()
		start := time.Now()
		for _, k := range keys {
			_, _ = tenant.Take(k, k.Namespace, budget.Grant, oneWrite)
		}
		waiting += time.Since(start)
		held += heap() - before
		now = now.Add(time.Minute)
		start = time.Now()
		_, _ = tenant.Take(keys[0], keys[0].Namespace, budget.Grant, oneWrite)
		for i := 0; i < len(called); i++ {
			turn, _ := tenant.Take(called[i], called[i].Namespace, budget.Grant, oneWrite)
			turn.End()
		}
		granting += time.Since(start)
		if len(called) < many-1 {
			b.Fatalf("%d called", len(called))
		}
	}
	per := float64(b.N) * many
	b.ReportMetric(float64(waiting.Nanoseconds())/per, "ns/waiting")
	b.ReportMetric(float64(granting.Nanoseconds())/per, "ns/turn")
	b.ReportMetric(float64(held)/per, "B/waiting")
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
