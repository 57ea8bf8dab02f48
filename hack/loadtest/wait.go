package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	// lookEvery is how often a condition is looked at. What is measured carries times of its own.
	lookEvery = 20 * time.Millisecond
	// askEvery is the same for what costs the process that is asked some work.
	askEvery = 250 * time.Millisecond
	// tellEvery is how often progress is told.
	tellEvery = 10 * time.Second
	// patience is how long nothing at all may happen.
	patience = 5 * time.Minute
)

// until waits for a condition. It fails when nothing has happened to any object for a long time, or when the operator has ended.
func (w *world) until(ctx context.Context, what string, holds func() bool) error {
	return w.untilWithin(ctx, what, patience, holds)
}

func (w *world) untilWithin(ctx context.Context, what string, patience time.Duration, holds func() bool) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	began := time.Now()
	progress, progressed, told := w.tracker.counts(), began, began
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.operator.process.Done():
			return fmt.Errorf("waiting until %s: the operator has ended: %w\n%s", what, w.operator.process.Err(), w.logTail())
		case <-look.C:
		}
		now := w.tracker.counts()
		if now != progress {
			progress, progressed = now, time.Now()
		}
		if time.Since(progressed) > patience {
			return fmt.Errorf("waiting until %s: nothing has happened for %s; %s\n%s", what, patience, now, w.logTail())
		}
		if time.Since(told) > tellEvery {
			told = time.Now()
			w.bench.say("    %s, %.0f s", now, time.Since(began).Seconds())
		}
	}
	return nil
}

// atMostEvery is a condition that is looked at no more often than that.
func atMostEvery(d time.Duration, holds func() bool) func() bool {
	var looked time.Time
	return func() bool {
		if time.Since(looked) < d {
			return false
		}
		looked = time.Now()
		return holds()
	}
}

// logTail is the end of the operator's log.
func (w *world) logTail() string {
	return w.operator.process.Log() + " ends with\n" + strings.Join(w.operator.process.Tail(5), "\n")
}
