package controllers

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// invitationClaims reports whether the invitation's claim is in the Guest, which only the operator writes.
func invitationClaims(guest *b2b.Guest, invitation *b2b.GuestInvitation) bool {
	return slices.ContainsFunc(guest.Spec.Claims, func(c b2b.GuestClaim) bool {
		return c.Kind == b2b.ClaimKindGuestInvitation && c.UID == invitation.UID
	})
}

// guestBlocks says what about the Guest is in the way of the membership, nil where nothing is.
func guestBlocks(want *wanted, guest *b2b.Guest) *lifecycle.Verdict {
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
	case want.membership.Spec.GrantWhen == b2b.MilestoneAccepted && guest.Status.State != b2b.GuestStateAccepted:
		return block(lifecycle.Wait(b2b.ReasonWaitingForAcceptance, "the guest has not redeemed the invitation yet", 0))
	}
	return nil
}

func waitsForGuest(want *wanted) lifecycle.Verdict {
	if want.invitation != nil {
		return lifecycle.Wait(b2b.ReasonWaitingForInvitation,
			fmt.Sprintf("GuestInvitation %q has not invited the guest yet: look at its conditions", want.invitation.Name), 0)
	}
	return lifecycle.Wait(b2b.ReasonWaitingForGuest, "nobody with this address is a guest of the tenant; a membership does not invite", 0)
}

// Report computes the status of a GuestGroupMembership.
func (k *membershipKind) Report(membership *b2b.GuestGroupMembership, verdict lifecycle.Verdict, suspended string) {
	if verdict.Outcome != lifecycle.Unchanged && verdict.Reason != b2b.ReasonGranted && verdict.Reason != b2b.ReasonRemovedExternally &&
		membership.Status.MemberSince == nil {
		membership.Status.UserID, membership.Status.GroupID = "", ""
	}
	if verdict.Reason == b2b.ReasonRemovedExternally && readiness(membership.Status.Conditions).reason != verdict.Reason {
		k.Events.RemovedExternally(membership)
	}
	k.reportExpiry(membership, membership.Spec.ExpirationTime, verdict)
	report(membership, &membership.Status.ObservedGeneration, verdict, suspended)
}
