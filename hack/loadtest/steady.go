package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// still is a world in which nothing happens, and what was seen in its window.
type still struct {
	*world
	guests, pending int
	ledger          graphsim.Summary
	written         writes
}

// steady watches what the operator does while nothing happens: in the state that rows share, where all guests are pending, and in
// tenants with guests whom nobody in the cluster asks for, at other sizes. The windows of all are at the same time.
func steady(ctx context.Context, b *bench) (err error) {
	s, err := b.sharedState(ctx)
	if err != nil {
		return err
	}
	all := []*still{{world: s.world, guests: s.invitations, pending: s.invitations}}
	defer func() {
		for _, seeded := range all[1:] { // the shared state is still needed
			err = errors.Join(err, seeded.takeDown())
		}
	}()
	for _, n := range b.profile.seeded {
		seeded := &still{world: b.newWorld(worldOptions{latency: realLatency}), guests: n, pending: n / 10}
		all = append(all, seeded)
		if err := seeded.seed(ctx); err != nil {
			return err
		}
	}
	b.say("    letting things settle, then watching for %s", all[0].window())
	windows, within := errgroup.WithContext(ctx)
	for _, w := range all {
		windows.Go(func() error { return w.watch(within) })
	}
	if err := windows.Wait(); err != nil {
		return err
	}
	for _, w := range all {
		w.record()
	}
	return nil
}

// managed is how many guests of a seeded tenant are invited by objects of the cluster, so that groups are in use. They are pending.
const managed = 20

// seed sets up a world with guests in the tenant, some of whom are pending.
func (s *still) seed(ctx context.Context) error {
	if err := s.setUp(ctx); err != nil {
		return err
	}
	if err := s.tenant.seed(ctx, s.guests-s.pending, s.pending-managed); err != nil {
		return err
	}
	_, err := s.fill(ctx, 0, managed)
	return err
}

// window is how long is watched.
func (s *still) window() time.Duration { return time.Duration(s.bench.profile.steady) * s.interval() }

// watch watches a window of some intervals, once all is calm.
func (s *still) watch(ctx context.Context) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	before, err := s.requests.byOperator(ctx)
	if err != nil {
		return err
	}
	if err := s.tenant.resetLedger(ctx); err != nil {
		return err
	}
	if err := pause(ctx, s.window()); err != nil {
		return err
	}
	if s.ledger, err = s.tenant.ledger(ctx); err != nil {
		return err
	}
	after, err := s.requests.byOperator(ctx)
	s.written = after.minus(before)
	return err
}

func (s *still) record() {
	b, size := s.bench, fmt.Sprintf("%d guests", s.guests)
	perHour, allowed := hourly(s.ledger.Calls, b.profile.steady, s.window(), s.pending), allowedCalls(groups, s.pending)
	b.recordCase("steady.calls", size, perHour/float64(allowed), "%d pending, %d groups in use, %d calls allowed; seen in %s: %s",
		s.pending, groups, allowed, s.window(), list(s.ledger.Calls))
	b.recordCase("steady.perHour", size, perHour, "")
	b.recordCase("steady.kubernetes", size, float64(s.written.total()), "%s", s.written)
}
