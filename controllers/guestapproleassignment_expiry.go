package controllers

import (
	"context"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// decideExpired decides about an assignment that has run out: the guest loses the role.
func (k *assignmentKind) decideExpired(ctx context.Context, want *wantedRole, ended ending) (lifecycle.Decision, error) {
	want.waitNoMore()
	decision, err := k.accesses.decideExpired(ctx, &want.access, ended, func(l leaving) (lifecycle.Decision, error) {
		return k.leaveExpired(ctx, l)
	})
	if decision.Verdict.Reason == b2b.ReasonExpired {
		k.forget(want)
	}
	return decision, err
}

// leaveExpired takes back a role that the object still holds. That it was seen with the guest is forgotten before, so that a process
// that begins meanwhile does not take its own removal for that of others.
func (k *assignmentKind) leaveExpired(ctx context.Context, l leaving) (lifecycle.Decision, error) {
	removed, verdict := k.removedBefore(ctx, l)
	switch {
	case verdict != nil:
		return lifecycle.Say(*verdict), nil
	case removed:
		return lifecycle.Do(k.withhold(l)), nil
	}
	decision, err := k.pairs.release(ctx, l)
	if step := decision.Step; step != nil && step.Announce == nil {
		step.Announce = func(ctx context.Context) error {
			return k.amend(ctx, l.guestLife, func() bool { return l.record.forgetAssignment(l.pair.target) })
		}
	}
	return decision, err
}

// removedBefore reports whether somebody else took the role back before the assignment ran out: it was seen with the guest, and is not
// there. A verdict says why that cannot be told.
func (k *assignmentKind) removedBefore(ctx context.Context, l leaving) (bool, *lifecycle.Verdict) {
	if l.pair.AssignmentID == "" || l.tenant.EntraTenant == nil {
		return false, nil
	}
	if verdict := l.tenant.waiting(l.guest.Spec.TenantRef.Name); verdict != nil {
		return false, verdict
	}
	assigned, err := assignmentOf(ctx, l.tenant.Directory, l.pair.target, l.pair.UserID)
	if err != nil {
		return false, failureOf(err, "reading the app roles of the guest", permissionAssignAppRoles)
	}
	return assigned == nil && k.pairs.settled(l.pair), nil
}
