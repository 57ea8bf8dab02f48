package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errNoProc = errors.New("this system has no /proc to read a process's memory and CPU time from: use Linux")

// calmFor is how long the operator must have nothing to do before it counts as settled.
const calmFor = 2 * time.Second

// settle waits until the operator has seen what it has done itself: two intervals of observation, in which late news of the tenant
// arrive, and then no object in a queue or in hand for some time.
func (w *world) settle(ctx context.Context) error {
	if err := pause(ctx, 2*w.interval()); err != nil {
		return err
	}
	_, err := w.untilCalm(ctx, nil)
	return err
}

// untilCalm waits until the operator's controllers have each reconciled at least so often and have had nothing to do for some time,
// and returns when that time began.
func (w *world) untilCalm(ctx context.Context, atLeast map[string]int) (time.Time, error) {
	var calmSince time.Time
	var failure error // to be seen while the operator starts
	err := w.until(ctx, "the operator has nothing to do", atMostEvery(askEvery, func() bool {
		var found work
		found, failure = w.operator.work(ctx)
		if failure != nil || found.pending > 0 || !reached(found.reconciled, atLeast) {
			calmSince = time.Time{}
			return false
		}
		if calmSince.IsZero() {
			calmSince = time.Now()
		}
		return time.Since(calmSince) > calmFor
	}))
	if err != nil && failure != nil {
		err = fmt.Errorf("%w\n%w", err, failure)
	}
	return calmSince, err
}

func reached(numbers, atLeast map[string]int) bool {
	for name, n := range atLeast {
		if numbers[name] < n {
			return false
		}
	}
	return true
}

// pause waits for a time that is part of what is measured.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("pausing for %s: %w", d, ctx.Err())
	case <-time.After(d):
		return nil
	}
}
