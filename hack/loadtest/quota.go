package main

import (
	"context"
	"fmt"
	"time"
)

// realLatency is that of the rows under quota: what Graph takes for a call, or more.
const realLatency = 100 * time.Millisecond

// state is what several rows share: invitations with a membership in each group, all Ready.
type state struct {
	*world
	invitations, memberships int
}

func (s *state) objects() int { return 2*s.invitations + s.memberships } // there is a Guest for each invitation

// sharedState gives the state that the rows from quota to restart share. Where the row quota has not left it, it is built without
// a quota, which is quicker.
func (b *bench) sharedState(ctx context.Context) (*state, error) {
	if b.state != nil {
		return b.state, nil
	}
	s, err := b.buildState(ctx, worldOptions{}, b.profile.invitations)
	if err != nil {
		return nil, err
	}
	return s, s.tenant.setLatency(ctx, realLatency)
}

func (b *bench) buildState(ctx context.Context, o worldOptions, n int) (*state, error) {
	w, err := b.open(ctx, o)
	if err != nil {
		return nil, err
	}
	if _, err := w.fill(ctx, 0, n); err != nil {
		return nil, err
	}
	b.state = &state{world: w, invitations: n, memberships: n * groups}
	return b.state, nil
}

// fill creates invitations and memberships, from the first number to the one before the last, and waits until all objects up to the
// last number are Ready. It returns how long that took, from the first create.
func (w *world) fill(ctx context.Context, first, last int) (time.Duration, error) {
	began := time.Now()
	created := make(chan error, 1)
	go func() { created <- w.create(ctx, first, last, w.groups) }()
	var creating error
	err := w.until(ctx, "all are Ready", func() bool {
		select {
		case creating = <-created:
		default:
		}
		return creating != nil || w.tracker.counts().allReady(last, last*groups)
	})
	if creating != nil {
		return 0, creating
	}
	return w.tracker.counts().last.Sub(began), err
}

// quota measures the great job: as many invitations as the profile says, each with a membership in every group, from an empty tenant
// and full buckets.
func quota(ctx context.Context, b *bench) error {
	w, err := b.open(ctx, worldOptions{latency: realLatency, quota: true})
	if err != nil {
		return err
	}
	if err := w.tenant.resetLedger(ctx); err != nil {
		return err
	}
	n := b.profile.invitations
	took, err := w.fill(ctx, 0, n)
	if err != nil {
		return err
	}
	l, err := w.tenant.ledger(ctx)
	if err != nil {
		return err
	}
	ideal := idealWrites(n, n*groups)
	floor := floorTime(ideal, n)
	if floor > 0 {
		b.record("quota.wall", took.Seconds()/floor.Seconds(), "floor %.1f s", floor.Seconds())
	}
	b.record("quota.seconds", took.Seconds(), "%d invitations, %d memberships%s", n, n*groups, whereNothingBinds(floor))
	b.record("quota.writes", share(float64(l.Writes), float64(ideal)), "%d writes, %d at least", l.Writes, ideal)
	b.record("quota.throttled", share(float64(l.Throttled), float64(l.Requests)), "%d of %d requests: %s",
		l.Throttled, l.Requests, list(l.Calls))
	b.record("quota.early", float64(l.LateEarlyCalls), "%d more were on their way when the Retry-After was sent",
		l.EarlyCalls-l.LateEarlyCalls)
	b.record("quota.mails", share(float64(l.Mails), float64(n)), "%d", l.Mails)
	b.record("quota.most", float64(l.MostMails), "")
	if l.MembersAdded != n*groups {
		return fmt.Errorf("all objects are Ready, but the tenant's ledger has %d additions to groups, not %d", l.MembersAdded, n*groups)
	}
	b.state = &state{world: w, invitations: n, memberships: n * groups}
	return nil
}

// whereNothingBinds says why there is no figure beside a floor of nothing.
func whereNothingBinds(floor time.Duration) string {
	if floor > 0 {
		return ""
	}
	return "; so few are within the full buckets, so that there is no floor to compare with"
}
