package controllers

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// decideExpired decides about a membership that has run out: the guest leaves the group. Where the membership is itself a claim on the
// Guest, the Guest drops it.
func (k *membershipKind) decideExpired(ctx context.Context, want *wanted, ended ending) (lifecycle.Decision, error) {
	want.withdraw()
	held, err := k.held(ctx, k.Client, want.membership)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	claims, err := k.claims(ctx, want)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	switch {
	case len(held) > 0:
		return k.leaveExpired(ctx, want, held[0], ended)
	case claims && want.tenant.suspension(want.membership.Spec.Suspend) != "":
		return lifecycle.Say(lifecycle.Verdict{Outcome: lifecycle.Unchanged}), nil
	case claims:
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, ended.message+". Its claim on the guest is being taken back", 0)), nil
	}
	want.membership.Status.MemberSince = nil
	return lifecycle.Say(hasExpired(want.membership, ended)), nil
}

// claims reports whether the membership is itself a claim on its Guest.
func (k *membershipKind) claims(ctx context.Context, want *wanted) (bool, error) {
	if want.membership.Spec.Guest.EmailAddress == "" || want.tenant.EntraTenant == nil {
		return false, nil
	}
	guest, err := k.guestOf(ctx, want.tenant.EntraTenant, want.address)
	return membershipClaiming(want).holds(guest), err
}

// leaveExpired leaves a pair that the membership still holds. The objects are read live first: a cache can be behind, and their dates moved
// on. That the guest has been seen in the group is forgotten before they leave it, so that a renewed membership is granted again.
func (k *membershipKind) leaveExpired(ctx context.Context, want *wanted, l leaving, ended ending) (lifecycle.Decision, error) {
	live, err := k.readEnding(ctx, want)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if live == nil { // the change that has not come yet wakes the membership
		return lifecycle.Say(lifecycle.LookAgain(lifecycle.Soon)), nil
	}
	removed, verdict := k.removedBefore(ctx, want, l)
	switch {
	case verdict != nil:
		return lifecycle.Say(*verdict), nil
	case removed:
		return lifecycle.Do(k.withhold(l)), nil
	}
	l.retain = l.retain && ended.reason != b2b.ReasonExpirationTime
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

// readEnding reads the membership and its invitation live, and says how it has run out; nil where it holds.
func (k *membershipKind) readEnding(ctx context.Context, want *wanted) (*ending, error) {
	membership := &b2b.GuestGroupMembership{}
	if err := k.Reader.Get(ctx, client.ObjectKeyFromObject(want.membership), membership); err != nil {
		return nil, fmt.Errorf("reading GuestGroupMembership %s/%s: %w", want.membership.Namespace, want.membership.Name, err)
	}
	invitation := want.invitation
	if invitation != nil {
		invitation = &b2b.GuestInvitation{}
		if err := k.Reader.Get(ctx, client.ObjectKeyFromObject(want.invitation), invitation); err != nil {
			return nil, fmt.Errorf("reading GuestInvitation %s/%s: %w", want.invitation.Namespace, want.invitation.Name, err)
		}
	}
	return k.accessEnding(ctx, want.tenant, membership.Spec.ExpirationTime, invitation)
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

// withhold takes the membership out of the pair and remembers that somebody else had removed the guest, so that only a new regrant token
// adds them again once the membership is renewed.
func (k *membershipKind) withhold(l leaving) lifecycle.Step {
	forget := k.pairs.forget(l, stay{})
	return lifecycle.Step{Name: "a removal by others", Announce: func(ctx context.Context) error {
		err := k.amend(ctx, l.guestLife, func() bool {
			return l.record.withhold(withheld{GroupID: l.pair.GroupID, UserID: l.pair.UserID, claimant: l.claimant})
		})
		if err != nil {
			return err
		}
		return forget.Announce(ctx)
	}}
}
