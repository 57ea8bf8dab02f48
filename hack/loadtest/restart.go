package main

import (
	"context"
	"time"
)

// Controllers by their names in the metrics of controller-runtime.
const (
	guestController      = "guest"
	invitationController = "guestinvitation"
	membershipController = "guestgroupmembership"
)

// restart stops the operator and starts it again, twice. The first time nothing has happened meanwhile, so that every call but reads of
// the tenant is one too many; it is Ready again once every object has been reconciled and no queue holds any. The second time
// a guest has accepted meanwhile, and is seen in the status: the operator sees and works, and does not only look idle.
func restart(ctx context.Context, b *bench) error {
	s, err := b.sharedState(ctx)
	if err != nil {
		return err
	}
	if err := s.restartWithoutNews(ctx); err != nil {
		return err
	}
	return s.restartWithNews(ctx)
}

func (s *state) restartWithoutNews(ctx context.Context) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	if err := s.operator.process.Stop(); err != nil {
		return err
	}
	before, err := s.requests.byOperator(ctx)
	if err != nil {
		return err
	}
	if err := s.tenant.resetLedger(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := s.startAgain(ctx); err != nil {
		return err
	}
	calm, err := s.untilCalm(ctx, map[string]int{
		guestController: s.invitations, invitationController: s.invitations, membershipController: s.memberships,
	})
	if err != nil {
		return err
	}
	l, err := s.tenant.ledger(ctx)
	if err != nil {
		return err
	}
	after, err := s.requests.byOperator(ctx)
	if err != nil {
		return err
	}
	written := after.minus(before)
	b := s.bench
	b.record("restart.reads", float64(reads(l)), "at %d guests and %d memberships: %s", s.invitations, s.memberships, list(l.Calls))
	b.record("restart.tenant", float64(l.Writes), "")
	b.record("restart.kubernetes", float64(written.total()), "%s", written)
	b.record("restart.ready", calm.Sub(began).Seconds(), "")
	return nil
}

func (s *state) restartWithNews(ctx context.Context) error {
	guest := s.pendingGuest()
	if err := s.operator.process.Stop(); err != nil {
		return err
	}
	if err := s.tenant.redeem(ctx, guestAddress(guest)); err != nil {
		return err
	}
	began := time.Now()
	if err := s.startAgain(ctx); err != nil {
		return err
	}
	var accepted time.Time
	err := s.until(ctx, "the redemption is in the status", func() bool {
		accepted = s.tracker.invitation(guestName(guest)).accepted
		return !accepted.IsZero()
	})
	s.bench.record("restart.news", accepted.Sub(began).Seconds(), "")
	return err
}

// pendingGuest is the number of one who has not accepted yet.
func (s *state) pendingGuest() int {
	for i := range s.invitations {
		if s.tracker.invitation(guestName(i)).accepted.IsZero() {
			return i
		}
	}
	return s.invitations - 1
}

// startAgain starts the operator in the place of one that was stopped.
func (w *world) startAgain(ctx context.Context) error {
	next, err := startOperator(ctx, w, w.operator.token)
	if err != nil {
		return err
	}
	w.operator = next
	return next.ready(ctx)
}
