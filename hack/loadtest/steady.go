package main

import (
	"context"
	"fmt"
	"time"
)

// steady watches what the operator does while nothing happens: in the state that rows share, where all guests are pending, and in
// tenants with guests whom nobody in the cluster asks for, at other sizes.
func steady(ctx context.Context, b *bench) error {
	s, err := b.sharedState(ctx)
	if err != nil {
		return err
	}
	if err := s.steady(ctx, s.invitations, s.invitations); err != nil {
		return err
	}
	for _, n := range b.profile.seeded {
		// The shared state is still needed by the rows that follow: this one has a world beside it.
		if err := b.steadySeeded(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// managed is how many guests of a seeded tenant are invited by objects of the cluster, so that groups are in use.
const managed = 20

// steadySeeded measures in a world of its own with so many guests in the tenant, a tenth of them pending.
func (b *bench) steadySeeded(ctx context.Context, guests int) error {
	w := b.newWorld(worldOptions{latency: realLatency})
	err := func() error {
		if err := w.setUp(ctx); err != nil {
			return err
		}
		pending := guests / 10
		if err := w.tenant.seed(ctx, guests-pending-managed, pending); err != nil {
			return err
		}
		if _, err := w.fill(ctx, 0, managed); err != nil {
			return err
		}
		return w.steady(ctx, guests, pending+managed)
	}()
	if closing := w.takeDown(); err == nil {
		err = closing
	}
	return err
}

// steady measures a window of some intervals, once all is calm.
func (w *world) steady(ctx context.Context, guests, pending int) error {
	if err := w.settle(ctx); err != nil {
		return err
	}
	before, err := w.requests.byOperator(ctx)
	if err != nil {
		return err
	}
	if err := w.tenant.resetLedger(ctx); err != nil {
		return err
	}
	p := w.bench.profile
	window := time.Duration(p.steady) * p.interval
	if err := pause(ctx, window); err != nil {
		return err
	}
	l, err := w.tenant.ledger(ctx)
	if err != nil {
		return err
	}
	after, err := w.requests.byOperator(ctx)
	if err != nil {
		return err
	}
	size := fmt.Sprintf("%d guests", guests)
	perHour, allowed := hourly(l.Calls, p.steady, window, pending), allowedCalls(groups, pending)
	w.bench.recordCase("steady.calls", size, share(perHour, float64(allowed)), "%d of %d guests pending, %d groups in use, %d allowed; seen in %s: %v",
		pending, guests, groups, allowed, window, l.Calls)
	w.bench.recordCase("steady.perHour", size, perHour, "")
	written := after.minus(before)
	w.bench.recordCase("steady.kubernetes", size, float64(written.total()), "%v", written)
	return nil
}
