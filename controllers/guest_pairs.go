package controllers

import (
	"context"
	"fmt"
	"time"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// restoreGrace is for how long a Guest that was restored from a backup keeps pairs whose memberships have not been restored yet.
const restoreGrace = 10 * time.Minute

// sweepPairs takes the guest out of groups that no object wants any more. Memberships do this themselves; one whose finalizer
// somebody took away, or that never had one because the guest was in the group before, cannot.
func (k *guestKind) sweepPairs(ctx context.Context, life *guestLife) (*lifecycle.Decision, error) {
	restoring := k.Now().Before(life.guest.CreationTimestamp.Add(restoreGrace))
	for _, p := range life.record.Pairs {
		if p.GuestUID != life.guest.UID && restoring {
			continue
		}
		for _, c := range p.Claimants {
			membership, err := k.pairs.membershipOf(ctx, c)
			if err != nil {
				return nil, err
			}
			if membership != nil {
				continue
			}
			decision, err := k.pairs.release(ctx, leaving{guestLife: life, pair: p, claimant: c, about: life.guest})
			return &decision, err
		}
	}
	return nil, nil
}

// releasePairs waits until the guest is out of the groups that it is on its way out of. Those that stay suspended, and those
// that were restored from a backup and wait for their invitation, do not hold up the release.
func (k *guestKind) releasePairs(ctx context.Context, life *guestLife) (*lifecycle.Decision, error) {
	if decision, err := k.sweepPairs(ctx, life); decision != nil || err != nil {
		return decision, err
	}
	waiting := 0
	for _, p := range life.record.Pairs {
		for _, c := range p.Claimants {
			membership, err := k.pairs.membershipOf(ctx, c)
			if err != nil {
				return nil, err
			}
			if membership != nil && membership.UID == c.UID && !membership.Spec.Suspend {
				waiting++
				break
			}
		}
	}
	if waiting == 0 {
		return nil, nil
	}
	decision := lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing,
		fmt.Sprintf("the guest leaves %d groups first", waiting), lifecycle.Later))
	return &decision, nil
}

func valueOf(decision *lifecycle.Decision) lifecycle.Decision {
	if decision == nil {
		return lifecycle.Decision{}
	}
	return *decision
}
