package controllers

import (
	"context"
	"fmt"
	"time"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// restoreGrace is for how long a Guest that was restored from a backup keeps pairs whose objects have not been restored yet.
const restoreGrace = 10 * time.Minute

// sweepPairs takes the guest out of groups, and from the guest app roles, that no object wants any more. The objects do this
// themselves; one whose finalizer somebody took away, or that never had one because the guest had the target before, cannot.
func (k *guestKind) sweepPairs(ctx context.Context, life *guestLife) (*lifecycle.Decision, error) {
	restoring := k.Now().Before(life.guest.CreationTimestamp.Add(restoreGrace))
	for _, p := range life.record.Pairs {
		if p.GuestUID != life.guest.UID && restoring {
			continue
		}
		for _, c := range p.Claimants {
			object, err := k.pairs.claimantOf(ctx, p.claimKind(), c)
			if err != nil {
				return nil, err
			}
			if object != nil {
				continue
			}
			decision, err := k.pairs.release(ctx, leaving{guestLife: life, pair: p, claimant: c, about: life.guest})
			return &decision, err
		}
	}
	return nil, nil
}

// releasePairs waits until what the guest loses has been taken back. What stays suspended, and what was restored from a backup and
// waits for its invitation, does not hold up the release.
func (k *guestKind) releasePairs(ctx context.Context, life *guestLife) (*lifecycle.Decision, error) {
	if decision, err := k.sweepPairs(ctx, life); decision != nil || err != nil {
		return decision, err
	}
	waiting := 0
	for _, p := range life.record.Pairs {
		for _, c := range p.Claimants {
			object, err := k.pairs.claimantOf(ctx, p.claimKind(), c)
			if err != nil {
				return nil, err
			}
			if object != nil && object.GetUID() == c.UID && !termsOf(object).suspend {
				waiting++
				break
			}
		}
	}
	if waiting == 0 {
		return nil, nil
	}
	decision := lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing,
		fmt.Sprintf("%s first", plural(waiting, "group membership or app role assignment ends", "group memberships and app role assignments end")),
		lifecycle.Later))
	return &decision, nil
}

func valueOf(decision *lifecycle.Decision) lifecycle.Decision {
	if decision == nil {
		return lifecycle.Decision{}
	}
	return *decision
}
