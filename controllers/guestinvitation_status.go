package controllers

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// mirrorGuest copies what is known of the Guest into the invitation's status; nil for no Guest.
func mirrorGuest(invitation *b2b.GuestInvitation, guest *b2b.Guest) {
	status := &invitation.Status
	if guest == nil || guest.Status.State == b2b.GuestStateReleased {
		*status = b2b.GuestInvitationStatus{ObservedGeneration: status.ObservedGeneration, Conditions: status.Conditions}
		mirrorToAuthor(invitation, nil)
	}
	if guest == nil {
		return
	}
	status.GuestRef = &b2b.GuestReference{Name: guest.Name}
	if guest.Status.State == b2b.GuestStateReleased {
		return
	}
	status.UserID = guest.Status.UserID
	status.UserPrincipalName = guest.Status.UserPrincipalName
	status.ExternalUserState = guest.Status.ExternalUserState
	status.InvitedTime = guest.Status.InvitedTime
	status.AcceptedTime = guest.Status.AcceptedTime
	status.InvitationsSent = guest.Status.InvitationsSent
	mirrorAcceptance(invitation, guest)
	mirrorAuthor(invitation, guest)
}

// outdated reports whether the status of the Guest is still that of a life which is over: the record is written before it.
func outdated(guest *b2b.Guest) bool {
	rec, err := readRecord(guest)
	return err == nil && (rec.Release != nil || guest.Status.UserID != "" && rec.excuses(guest.Status.UserID))
}

// mirrorAcceptance says whether the guest has redeemed. Guests who signed up by themselves never had anything to redeem.
func mirrorAcceptance(invitation *b2b.GuestInvitation, guest *b2b.Guest) {
	conditions, generation := &invitation.Status.Conditions, invitation.Generation
	if guest.Status.State == b2b.GuestStateAccepted {
		how := "the guest has redeemed the invitation"
		if guest.Status.ExternalUserState == "" {
			how = "the guest came without an invitation and has nothing to redeem"
		}
		lifecycle.Set(conditions, generation, b2b.ConditionAccepted, metav1.ConditionTrue, b2b.ReasonAccepted, how)
		return
	}
	lifecycle.Set(conditions, generation, b2b.ConditionAccepted, metav1.ConditionFalse, b2b.ReasonPendingAcceptance,
		"the guest has not redeemed the invitation yet"+redemptionDeadline(invitation, guest))
}

// mirrorAuthor says who decides for a guest that several invitations ask for, and tells the author what concerns it alone.
func mirrorAuthor(invitation *b2b.GuestInvitation, guest *b2b.Guest) {
	conditions, generation := &invitation.Status.Conditions, invitation.Generation
	rec, err := readRecord(guest)
	if err != nil || rec.Author == nil {
		return
	}
	invitations := 0
	for _, claim := range guest.Spec.Claims {
		if claim.Kind == b2b.ClaimKindGuestInvitation {
			invitations++
		}
	}
	isAuthor := rec.Author.UID == invitation.UID
	switch {
	case invitations < 2:
		meta.RemoveStatusCondition(conditions, b2b.ConditionAuthor)
	case isAuthor:
		lifecycle.Set(conditions, generation, b2b.ConditionAuthor, metav1.ConditionTrue, b2b.ReasonFirstClaim,
			"this invitation decides for the guest: it is the first of those in force")
	default:
		lifecycle.Set(conditions, generation, b2b.ConditionAuthor, metav1.ConditionFalse, b2b.ReasonEarlierClaim,
			"an earlier invitation to the same person decides for the guest: its sponsors, its profile and its message count, and its "+
				"resendToken. When it goes, the next one takes over")
	}
	if !isAuthor {
		guest = nil
	}
	mirrorToAuthor(invitation, guest)
}

// mirrorToAuthor copies what concerns the invitation that decides; nil for no Guest about which it does.
func mirrorToAuthor(invitation *b2b.GuestInvitation, guest *b2b.Guest) {
	for _, conditionType := range []string{
		b2b.ConditionResent, b2b.ConditionSponsorsSet, b2b.ConditionMessageAsAsked, b2b.ConditionRedeemLinkStored,
	} {
		var says *metav1.Condition
		if guest != nil {
			says = meta.FindStatusCondition(guest.Status.Conditions, conditionType)
		}
		if says == nil {
			meta.RemoveStatusCondition(&invitation.Status.Conditions, conditionType)
			continue
		}
		lifecycle.Set(&invitation.Status.Conditions, invitation.Generation, conditionType, says.Status, says.Reason, says.Message)
	}
}

// standingOf is how the invitation stands, as its Guest does.
func standingOf(invitation *b2b.GuestInvitation, guest *b2b.Guest) lifecycle.Verdict {
	ready := meta.FindStatusCondition(guest.Status.Conditions, b2b.ConditionReady)
	switch {
	case ready == nil, guest.Status.State == b2b.GuestStateReleased:
		return lifecycle.Verdict{Outcome: lifecycle.Unchanged}
	case meta.IsStatusConditionTrue(guest.Status.Conditions, b2b.ConditionStalled):
		return lifecycle.Stall(ready.Reason, ready.Message)
	case ready.Status != metav1.ConditionTrue && !onlyTheAuthorWaits(invitation, guest, ready.Reason):
		return lifecycle.Wait(ready.Reason, ready.Message, 0)
	case notToBeAdopted(invitation, guest):
		return lifecycle.Stall(b2b.ReasonAlreadyAGuest, "the person is a guest of the tenant already, and adoptionPolicy Never forbids "+
			"using that guest. Set it to Adopt, or delete this object")
	case invitation.Spec.ReadyWhen == b2b.MilestoneAccepted && guest.Status.State != b2b.GuestStateAccepted:
		return lifecycle.Wait(b2b.ReasonWaitingForAcceptance, "the guest has not redeemed the invitation yet", 0)
	}
	if ready.Status != metav1.ConditionTrue {
		return lifecycle.IsReady(whoIsThere(guest), "the guest is in the tenant; what the invitation that decides asks for besides waits for a permission")
	}
	return lifecycle.IsReady(ready.Reason, ready.Message)
}

// onlyTheAuthorWaits reports whether the guest is there, and what the tenant does not permit concerns another invitation, which decides.
func onlyTheAuthorWaits(invitation *b2b.GuestInvitation, guest *b2b.Guest, reason string) bool {
	rec, err := readRecord(guest)
	return err == nil && reason == b2b.ReasonPermissionMissing && rec.Author != nil && rec.Author.UID != invitation.UID &&
		(guest.Status.State == b2b.GuestStatePending || guest.Status.State == b2b.GuestStateAccepted)
}

// whoIsThere is the reason for which a guest who is there is Ready.
func whoIsThere(guest *b2b.Guest) string {
	switch {
	case guest.Status.Origin != b2b.GuestOriginInvited:
		return b2b.ReasonAdopted
	case guest.Status.State == b2b.GuestStateAccepted:
		return b2b.ReasonAccepted
	}
	return b2b.ReasonInvited
}

func notToBeAdopted(invitation *b2b.GuestInvitation, guest *b2b.Guest) bool {
	return invitation.Spec.AdoptionPolicy == b2b.AdoptionPolicyNever && guest.Status.UserID != "" &&
		guest.Status.Origin != b2b.GuestOriginInvited
}

// verdictOf is the verdict on a request that the policies do not allow.
func verdictOf(decision policy.Decision) lifecycle.Verdict {
	if decision.Reason == b2b.ReasonPolicyDenied {
		return lifecycle.Stall(decision.Reason, decision.Message)
	}
	return lifecycle.Wait(decision.Reason, decision.Message, 0)
}

// Report computes the status of a GuestInvitation. The Guest has been mirrored into it before.
func (k *guestInvitationKind) Report(invitation *b2b.GuestInvitation, verdict lifecycle.Verdict, suspended string) {
	k.reportExpiry(invitation, invitation.Spec.ExpirationTime, verdict)
	report(invitation, &invitation.Status.ObservedGeneration, verdict, suspended)
	if verdict.Outcome == lifecycle.Unchanged {
		return
	}
	reportMilestones(invitation, verdict)
	if verdict.Reason != b2b.ReasonExpired {
		invitation.Status.ExpiredResendToken = ""
	}
}

// reportMilestones says whether the guest has been invited and, where there is no guest, nothing about acceptance.
func reportMilestones(invitation *b2b.GuestInvitation, verdict lifecycle.Verdict) {
	status, generation := &invitation.Status, invitation.Generation
	set := func(conditionType string, value metav1.ConditionStatus, reason, message string) {
		lifecycle.Set(&status.Conditions, generation, conditionType, value, reason, message)
	}
	there := status.UserID != "" && verdict.Reason != b2b.ReasonGuestGone && verdict.Reason != b2b.ReasonAlreadyAGuest &&
		verdict.Reason != b2b.ReasonAddressIsInternal
	if !there {
		set(b2b.ConditionInvited, metav1.ConditionFalse, verdict.Reason, verdict.Message)
		meta.RemoveStatusCondition(&status.Conditions, b2b.ConditionAccepted)
		return
	}
	set(b2b.ConditionInvited, metav1.ConditionTrue, b2b.ReasonInvited, "the guest exists and the invitation is out")
}
