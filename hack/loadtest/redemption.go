package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// redemption measures, for guests chosen among all that are pending, how long after they accept that shows in the status of their
// GuestInvitation. They accept at random moments, so that they meet the interval at random.
func redemption(ctx context.Context, b *bench) error {
	s, err := b.sharedState(ctx)
	if err != nil {
		return err
	}
	interval := b.profile.interval
	took, err := s.redeem(ctx, b.profile.redemptions, time.Duration(b.profile.redemptionIn)*interval)
	if err != nil {
		return err
	}
	b.record("redemption.beyond", (percentile(took, 0.99) - interval).Seconds(), "%d redemptions among %d guests, interval %s",
		len(took), s.invitations, interval)
	b.record("redemption.p99", percentile(took, 0.99).Seconds(), "")
	b.record("redemption.p50", percentile(took, 0.50).Seconds(), "")
	return nil
}

// silentGuests are pending where delta is silent.
const silentGuests = 100

// silent measures the same where delta says nothing of redemptions, so that only the listing behind it shows them.
func silent(ctx context.Context, b *bench) error {
	s, err := b.buildState(ctx, worldOptions{latency: realLatency, silent: true}, silentGuests)
	if err != nil {
		return err
	}
	took, err := s.redeem(ctx, min(b.profile.redemptions, silentGuests), b.profile.interval)
	if err != nil {
		return err
	}
	b.record("silent.max", percentile(took, 1).Seconds(), "%d redemptions among %d pending", len(took), silentGuests)
	return nil
}

// redemptionPatience is how long nothing may be seen of a redemption: longer than the listing behind delta takes to come round.
const redemptionPatience = 20 * time.Minute

// redeem has so many guests accept, spread at random over a time, and returns how long each took to show.
func (s *state) redeem(ctx context.Context, tries int, spread time.Duration) ([]time.Duration, error) {
	tries = min(tries, s.invitations)
	chosen := rand.Perm(s.invitations)[:tries] //nolint:gosec // a sample
	at := make([]time.Time, tries)
	err := each(ctx, tries, 0, tries, func(ctx context.Context, i int) error {
		if err := pause(ctx, time.Duration(rand.Int64N(int64(spread)))); err != nil { //nolint:gosec // a sample
			return err
		}
		err := s.tenant.redeem(ctx, guestAddress(chosen[i]))
		at[i] = time.Now()
		return err
	})
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, tries)
	err = s.untilWithin(ctx, "all redemptions are in the status", redemptionPatience, func() bool {
		for i, guest := range chosen {
			accepted := s.tracker.invitation(guestName(guest)).accepted
			if accepted.IsZero() {
				return false
			}
			took[i] = accepted.Sub(at[i])
		}
		return true
	})
	return took, err
}
