package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Another invitation is created after a random time between these, so that each meets the queue alone.
const shortestGap, longestGap = 500 * time.Millisecond, 1500 * time.Millisecond

// queue creates many invitations at once, and while they are worked off under quota now and then one in another namespace. It
// measures how long after the create those are mailed.
func queue(ctx context.Context, b *bench) error {
	w, err := b.open(ctx, worldOptions{latency: realLatency, quota: true})
	if err != nil {
		return err
	}
	n := b.profile.queued
	if err := w.create(ctx, 0, n, nil); err != nil {
		return err
	}
	var created []time.Time
	for i := range b.profile.probes {
		gap := shortestGap + time.Duration(rand.Int64N(int64(longestGap-shortestGap))) //nolint:gosec // a sample
		if err := pause(ctx, gap); err != nil {
			return err
		}
		if w.tracker.counts().readyInvitations-i >= n {
			break // nobody is queued any more
		}
		created = append(created, time.Now())
		if err := w.client.Create(ctx, invitation(otherNamespace, n+i)); err != nil {
			return fmt.Errorf("creating an invitation: %w", err)
		}
	}
	left := n + len(created) - w.tracker.counts().readyInvitations
	took, err := w.mailed(ctx, n, created)
	if err != nil {
		return err
	}
	if len(took) == 0 {
		return fmt.Errorf("the %d invitations were worked off before another could be created", n)
	}
	const note = "%d invitations in another namespace while %d were queued, of which %d were left at the end"
	b.record("queue.p99", percentile(took, 0.99).Seconds(), note, len(took), n, left)
	b.record("queue.p50", percentile(took, 0.50).Seconds(), "")
	return b.close() // the rest of the queue is of no interest
}

// mailed waits until the guests from a number on have been mailed, and returns how long after the given times that was.
func (w *world) mailed(ctx context.Context, first int, created []time.Time) ([]time.Duration, error) {
	took := make([]time.Duration, 0, len(created))
	var failed error
	err := w.until(ctx, "all are mailed", atMostEvery(askEvery, func() bool {
		for len(took) < len(created) {
			i := len(took)
			at, err := w.tenant.mailed(ctx, guestAddress(first+i))
			if failed = err; err != nil {
				return true
			}
			if at.IsZero() {
				return false
			}
			took = append(took, at.Sub(created[i]))
		}
		return true
	}))
	if failed != nil {
		return nil, failed
	}
	return took, err
}
