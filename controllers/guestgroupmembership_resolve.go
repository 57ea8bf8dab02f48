package controllers

import (
	"context"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// wanted is a membership with all that a decision about it rests on.
type wanted struct {
	access
	membership *b2b.GuestGroupMembership
}

func (k *membershipKind) read(ctx context.Context, membership *b2b.GuestGroupMembership) (*wanted, error) {
	access, err := k.readAccess(ctx, membership)
	return &wanted{access: access, membership: membership}, err
}

// resolve finds the Guest and the group, or says what is in the way.
func (k *membershipKind) resolve(ctx context.Context, want *wanted) (*lifecycle.Verdict, error) {
	if verdict := want.startBlocks(); verdict != nil {
		return verdict, nil
	}
	decision, err := k.decideGroup(ctx, want)
	if err != nil {
		return nil, err
	}
	want.allowedFrom = decision.From
	if !decision.Allowed {
		verdict := verdictOf(decision)
		return &verdict, nil
	}
	want.target = inGroup(decision.GroupID)
	return k.resolveLife(ctx, &want.access)
}

func (k *membershipKind) decideGroup(ctx context.Context, want *wanted) (policy.Decision, error) {
	grants, err := k.grants(ctx, want.tenantName, want.membership.Namespace)
	if err != nil {
		return policy.Decision{}, err
	}
	return grants.Membership(policy.Membership{
		Group:        want.membership.Spec.Group,
		EmailAddress: b2b.NormalizeEmailAddress(want.address),
		ByAddress:    want.invitation == nil,
		Lifetime:     policy.Lifetime{Ends: accessEnds(want.membership.Spec.ExpirationTime, want.invitation), Now: k.Now()},
	}), nil
}
