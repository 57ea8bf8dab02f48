package main

import (
	"context"
	"time"
)

// rate measures how much slower the operator is than a bare loop that makes the same writes to Kubernetes, where the tenant neither
// takes time nor knows a quota. Both run against one control plane, one after the other, and both create the users' objects too.
func rate(ctx context.Context, b *bench) error {
	w, err := b.open(ctx, worldOptions{})
	if err != nil {
		return err
	}
	before, err := w.requests.byOperator(ctx)
	if err != nil {
		return err
	}
	n := b.profile.rate
	took, err := w.fill(ctx, 0, n)
	if err != nil {
		return err
	}
	after, err := w.requests.byOperator(ctx)
	if err != nil {
		return err
	}
	byOperator := after.minus(before)
	if err := w.operator.process.Stop(); err != nil {
		return err
	}
	b.say("    the bare loop repeats %v", byOperator)
	loop, err := newBareLoop(ctx, w, n, byOperator)
	if err != nil {
		return err
	}
	bare, written, err := loop.run(ctx)
	if err != nil {
		return err
	}
	created := n * (1 + groups)
	perSecond := rateOf(created+byOperator.total(), took)
	b.record("rate.share", perSecond/rateOf(written, bare),
		"%d invitations and %d memberships; the operator's writes: %v; the loop's, with %d creates: %d",
		n, n*groups, byOperator, created, written)
	b.record("rate.seconds", took.Seconds(), "")
	b.record("rate.loop", bare.Seconds(), "")
	b.record("rate.perSecond", perSecond, "")
	b.record("rate.invitationWrites", float64(byOperator.of(invitations)+byOperator.of(guests))/float64(n), "")
	b.record("rate.membershipWrites", float64(byOperator.of(memberships))/float64(n*groups), "")
	return b.close() // what the loop has left would disturb others
}

func rateOf(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }
