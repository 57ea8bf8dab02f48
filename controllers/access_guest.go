package controllers

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// startBlocks says why not even the policies can be asked, nil where they can.
func (a *access) startBlocks() *lifecycle.Verdict {
	if a.ended {
		verdict := lifecycle.Wait(b2b.ReasonWaitingForInvitation,
			fmt.Sprintf("GuestInvitation %q does not exist in this namespace", a.terms().guest.InvitationRef.Name), 0)
		return &verdict
	}
	if a.tenant.EntraTenant == nil {
		return a.tenant.waiting(a.tenantName)
	}
	return nil
}

// resolveLife finds the Guest, or says what about it is in the way.
func (k *accesses) resolveLife(ctx context.Context, want *access) (*lifecycle.Verdict, error) {
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

// resolveGuest gives the Guest with the claim that the object rests on: the invitation's, or its own.
func (k *accesses) resolveGuest(ctx context.Context, want *access) (*b2b.Guest, *lifecycle.Verdict, error) {
	if want.invitation == nil {
		return k.claimGuest(ctx, want)
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

// claimGuest has an object that names an address claim the Guest.
func (k *accesses) claimGuest(ctx context.Context, want *access) (*b2b.Guest, *lifecycle.Verdict, error) {
	if want.tenant.suspension(want.terms().suspend) != "" {
		guest, err := k.guestOf(ctx, want.tenant.EntraTenant, want.address)
		return guest, &lifecycle.Verdict{Outcome: lifecycle.Unchanged}, err
	}
	guest, fresh, verdict, err := k.ensureClaim(ctx, want.claiming())
	if fresh {
		return guest, &lifecycle.Verdict{Outcome: lifecycle.Unchanged}, err
	}
	return guest, verdict, err
}

// claiming is the claim of an object that names an address.
func (a *access) claiming() claiming {
	return claiming{tenant: a.tenant.EntraTenant, address: a.address, claim: b2b.GuestClaim{
		Kind: a.terms().kind, Namespace: a.object.GetNamespace(), Name: a.object.GetName(), UID: a.object.GetUID(),
	}}
}

// invitationClaims reports whether the invitation's claim is in the Guest, which only the operator writes.
func invitationClaims(guest *b2b.Guest, invitation *b2b.GuestInvitation) bool {
	return slices.ContainsFunc(guest.Spec.Claims, func(c b2b.GuestClaim) bool {
		return c.Kind == b2b.ClaimKindGuestInvitation && c.UID == invitation.UID
	})
}

// guestBlocks says what about the Guest is in the way, nil where nothing is.
func guestBlocks(want *access, guest *b2b.Guest) *lifecycle.Verdict {
	block := func(v lifecycle.Verdict) *lifecycle.Verdict { return &v }
	ready := meta.FindStatusCondition(guest.Status.Conditions, b2b.ConditionReady)
	switch {
	case want.invitation != nil && notToBeAdopted(want.invitation, guest):
		return block(lifecycle.Wait(b2b.ReasonWaitingForInvitation,
			fmt.Sprintf("GuestInvitation %q does not stand for this guest: look at its conditions", want.invitation.Name), 0))
	case ready != nil && (ready.Reason == b2b.ReasonGuestGone || ready.Reason == b2b.ReasonGuestDisabled):
		return block(lifecycle.Stall(ready.Reason, ready.Message))
	case want.life.userID() == "" || guest.Status.State != b2b.GuestStatePending && guest.Status.State != b2b.GuestStateAccepted,
		ready != nil && ready.Reason == b2b.ReasonAddressIsInternal:
		return block(waitsForGuest(want))
	case want.terms().grantWhen == b2b.MilestoneAccepted && guest.Status.State != b2b.GuestStateAccepted:
		return block(lifecycle.Wait(b2b.ReasonWaitingForAcceptance, "the guest has not redeemed the invitation yet", 0))
	}
	return nil
}

func waitsForGuest(want *access) lifecycle.Verdict {
	if want.invitation != nil {
		return lifecycle.Wait(b2b.ReasonWaitingForInvitation,
			fmt.Sprintf("GuestInvitation %q has not invited the guest yet: look at its conditions", want.invitation.Name), 0)
	}
	return lifecycle.Wait(b2b.ReasonWaitingForGuest,
		fmt.Sprintf("nobody with this address is a guest of the tenant; a %s does not invite", want.terms().kind), 0)
}
