package controllers

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// wanted is a membership with all that a decision about it rests on.
type wanted struct {
	membership *b2b.GuestGroupMembership
	tenantName string
	tenant     tenant
	address    string
	// invitation is what spec.guest.invitationRef names, nil where there is none; ended says that it was there and is gone.
	invitation *b2b.GuestInvitation
	ended      bool
	// life is the Guest, and groupID the group, once both are resolved.
	life    *guestLife
	groupID string
	// allowedFrom is when the policies will allow a membership that they do not allow yet; zero for never.
	allowedFrom time.Time
}

func (k *membershipKind) read(ctx context.Context, membership *b2b.GuestGroupMembership) (*wanted, error) {
	want := &wanted{membership: membership, tenantName: membership.Spec.Guest.TenantName(), address: membership.Spec.Guest.EmailAddress}
	if ref := membership.Spec.Guest.InvitationRef; ref != nil {
		invitation, err := k.invitationOf(ctx, types.NamespacedName{Namespace: membership.Namespace, Name: ref.Name})
		if err != nil {
			return nil, err
		}
		want.invitation, want.ended = invitation, invitation == nil
		if invitation != nil {
			want.tenantName, want.address = invitation.Spec.TenantRef.Name, invitation.Spec.EmailAddress
		}
	}
	var err error
	want.tenant, err = k.tenantOf(ctx, want.tenantName)
	return want, err
}

// invitationOf gives an invitation, nil where it is gone: not in the cache, nor, for a cache can be behind, live.
func (k *membershipKind) invitationOf(ctx context.Context, key types.NamespacedName) (*b2b.GuestInvitation, error) {
	invitation := &b2b.GuestInvitation{}
	err := k.Client.Get(ctx, key, invitation)
	if apierrors.IsNotFound(err) {
		err = k.Reader.Get(ctx, key, invitation)
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading GuestInvitation %s: %w", key, err)
	}
	return invitation, nil
}

// resolve finds the Guest and the group, or says what is in the way.
func (k *membershipKind) resolve(ctx context.Context, want *wanted) (*lifecycle.Verdict, error) {
	say := func(v lifecycle.Verdict) (*lifecycle.Verdict, error) { return &v, nil }
	if want.ended {
		return say(lifecycle.Wait(b2b.ReasonWaitingForInvitation,
			fmt.Sprintf("GuestInvitation %q does not exist in this namespace", want.membership.Spec.Guest.InvitationRef.Name), 0))
	}
	if want.tenant.EntraTenant == nil {
		return want.tenant.waiting(want.tenantName), nil
	}
	decision, err := k.decideGroup(ctx, want)
	if err != nil {
		return nil, err
	}
	want.groupID, want.allowedFrom = decision.GroupID, decision.From
	if !decision.Allowed {
		return say(verdictOf(decision))
	}
	if verdict := want.tenant.waiting(want.tenantName); verdict != nil {
		return verdict, nil
	}
	guest, verdict, err := k.resolveGuest(ctx, want)
	if guest == nil || err != nil {
		return verdict, err
	}
	if want.life, err = k.readLife(ctx, guest); err != nil {
		return nil, err
	}
	if verdict == nil {
		verdict = guestBlocks(want, guest)
	}
	return verdict, nil
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

// resolveGuest gives the Guest with the claim that this membership rests on: the invitation's, or its own.
func (k *membershipKind) resolveGuest(ctx context.Context, want *wanted) (*b2b.Guest, *lifecycle.Verdict, error) {
	if want.invitation == nil {
		if want.tenant.suspension(want.membership.Spec.Suspend) != "" {
			guest, err := k.guestOf(ctx, want.tenant.EntraTenant, want.address)
			return guest, &lifecycle.Verdict{Outcome: lifecycle.Unchanged}, err
		}
		guest, fresh, verdict, err := k.ensureClaim(ctx, membershipClaiming(want))
		if fresh {
			return guest, &lifecycle.Verdict{Outcome: lifecycle.Unchanged}, err
		}
		return guest, verdict, err
	}
	guest, err := k.guestOf(ctx, want.tenant.EntraTenant, want.address)
	if err != nil {
		return nil, nil, err
	}
	if guest == nil || !invitationClaims(guest, want.invitation) {
		verdict := lifecycle.Wait(b2b.ReasonWaitingForInvitation,
			fmt.Sprintf("GuestInvitation %q has not invited the guest yet: look at its conditions", want.invitation.Name), 0)
		return nil, &verdict, nil
	}
	return guest, nil, nil
}

// membershipClaiming is the claim of a membership that names an address.
func membershipClaiming(want *wanted) claiming {
	return claiming{tenant: want.tenant.EntraTenant, address: want.address, claim: b2b.GuestClaim{
		Kind: b2b.ClaimKindGuestGroupMembership, Namespace: want.membership.Namespace, Name: want.membership.Name, UID: want.membership.UID,
	}}
}
