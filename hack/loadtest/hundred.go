package main

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

const (
	aHundred = 100
	// quickLatency is that of the rows without a quota.
	quickLatency = 50 * time.Millisecond
	// quickInterval is that of rows that wait for the operator to settle, but not to see the interval.
	quickInterval = 5 * time.Second
)

// hundred measures a hundred invitations from the first create until the last is Ready.
func hundred(ctx context.Context, b *bench) error {
	w, err := b.open(ctx, worldOptions{latency: quickLatency})
	if err != nil {
		return err
	}
	if err := w.tenant.resetLedger(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := w.create(ctx, 0, aHundred, nil); err != nil {
		return err
	}
	if err := w.until(ctx, "all are Ready", func() bool { return w.tracker.counts().allReady(aHundred, 0) }); err != nil {
		return err
	}
	took := w.tracker.counts().last.Sub(began)
	l, err := w.tenant.ledger(ctx)
	if err != nil {
		return err
	}
	b.record("hundred.seconds", took.Seconds(), "")
	b.record("hundred.calls", float64(l.Requests)/aHundred, "%s", list(l.Calls))
	b.record("hundred.items", float64(l.BatchItems)/aHundred, "")
	return nil
}

// removal puts a hundred guests into one group, deletes their memberships, and measures until the tenant and until the cluster no
// longer has them.
func removal(ctx context.Context, b *bench) error {
	w, err := b.open(ctx, worldOptions{latency: quickLatency, interval: quickInterval})
	if err != nil {
		return err
	}
	if err := w.create(ctx, 0, aHundred, w.groups[:1]); err != nil {
		return err
	}
	if err := w.until(ctx, "all are Ready", func() bool { return w.tracker.counts().allReady(aHundred, aHundred) }); err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := w.client.DeleteAllOf(ctx, &b2b.GuestGroupMembership{}, client.InNamespace(loadNamespace)); err != nil {
		return fmt.Errorf("deleting the memberships: %w", err)
	}
	if err := w.until(ctx, "all memberships are gone", func() bool { return w.tracker.counts().goneMemberships >= aHundred }); err != nil {
		return err
	}
	gone := w.tracker.counts().last
	last, removed, err := w.tenant.lastRemoval(ctx)
	if err != nil {
		return err
	}
	if removed != aHundred {
		return fmt.Errorf("all memberships are gone, but the tenant's ledger has %d removals, not %d", removed, aHundred)
	}
	b.record("removal.tenant", last.Sub(began).Seconds(), "")
	b.record("removal.objects", gone.Sub(began).Seconds(), "")
	return nil
}
