package controllers

import (
	"context"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// decideExpired decides about a membership that has run out: the guest leaves the group.
func (k *membershipKind) decideExpired(ctx context.Context, want *wanted, ended ending) (lifecycle.Decision, error) {
	want.withdraw()
	decision, err := k.accesses.decideExpired(ctx, &want.access, ended, func(l leaving) (lifecycle.Decision, error) {
		return k.leaveExpired(ctx, want, l)
	})
	if decision.Verdict.Reason == b2b.ReasonExpired {
		want.membership.Status.MemberSince = nil
	}
	return decision, err
}

// leaveExpired leaves a pair that the membership still holds. That the guest has been seen in the group is forgotten before they leave it,
// so that a renewed membership is granted again.
func (k *membershipKind) leaveExpired(ctx context.Context, want *wanted, l leaving) (lifecycle.Decision, error) {
	removed, verdict := k.removedBefore(ctx, want, l)
	switch {
	case verdict != nil:
		return lifecycle.Say(*verdict), nil
	case removed:
		return lifecycle.Do(k.withhold(l)), nil
	}
	decision, err := k.pairs.release(ctx, l)
	k.forgettingSeen(want, decision.Step)
	return decision, err
}

// forgettingSeen has a step by which the membership leaves a pair store first that the guest has not been seen in the group: whoever comes
// back was not removed by others.
func (k *membershipKind) forgettingSeen(want *wanted, step *lifecycle.Step) {
	if step == nil {
		return
	}
	announce, seen := step.Announce, want.membership.Status.MemberSince
	step.Announce = func(ctx context.Context) error {
		want.membership.Status.MemberSince = seen
		if err := k.forgetSeen(ctx, want); err != nil || announce == nil {
			return err
		}
		return announce(ctx)
	}
}

// removedBefore reports whether somebody else took the guest out of the group before the membership ran out: they were seen there, and are
// not there. A verdict says why that cannot be told.
func (k *membershipKind) removedBefore(ctx context.Context, want *wanted, l leaving) (bool, *lifecycle.Verdict) {
	if want.membership.Status.MemberSince == nil || l.tenant.EntraTenant == nil {
		return false, nil
	}
	if verdict := l.tenant.waiting(l.guest.Spec.TenantRef.Name); verdict != nil {
		return false, verdict
	}
	member, err := l.tenant.Directory.IsMember(ctx, l.pair.GroupID, l.pair.UserID)
	if err != nil && !directory.IsNotFound(err) {
		return false, failureOf(err, "reading the members of the group", permissionReadGroups)
	}
	return !member, nil
}
