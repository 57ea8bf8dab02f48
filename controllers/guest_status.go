package controllers

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// standing is the verdict on a guest who is there.
func (k *guestKind) standing(life *guestLife, user directory.User) lifecycle.Verdict {
	note := ""
	if pending(user) {
		note = life.lastMailNote()
	}
	switch {
	case life.origin(user) != b2b.GuestOriginInvited:
		return lifecycle.IsReady(b2b.ReasonAdopted, "the person was a guest already; the operator does not delete this user"+note)
	case user.ExternalUserState == directory.Accepted:
		return lifecycle.IsReady(b2b.ReasonAccepted, "the guest has redeemed the invitation")
	}
	return lifecycle.IsReady(b2b.ReasonInvited, "the guest exists and the invitation is out"+note)
}

// origin says how the user came into the tenant. Right after an invitation only the id is known, and nothing speaks against us.
func (l *guestLife) origin(user directory.User) b2b.GuestOrigin {
	switch {
	case partial(user) && l.record.mayHaveInvited(l.guest.UID), l.record.created(user, l.guest.UID):
		return b2b.GuestOriginInvited
	case user.SignedUp():
		return b2b.GuestOriginSelfServiceSignUp
	}
	return b2b.GuestOriginAdopted
}

// observed puts what the directory shows into the status.
func observed(life *guestLife, seen sighting) {
	status := &life.guest.Status
	switch {
	case seen.user != nil:
		observedUser(life, *seen.user)
	case seen.gone != nil:
		status.State, status.UserID = b2b.GuestStateGone, seen.gone.ID
		status.ExternalUserState = ""
	case life.userID() == "":
		status.State, status.Origin, status.UserID, status.UserPrincipalName, status.ExternalUserState = "", "", "", "", ""
		status.InvitedTime, status.AcceptedTime = nil, nil
	}
	status.InvitationsSent = life.record.sent()
}

// observedUser puts a user into the status. One without an externalUserState whom we did not invite has nothing to redeem.
func observedUser(life *guestLife, user directory.User) {
	status := &life.guest.Status
	status.UserID = user.ID
	status.Origin = life.origin(user)
	status.State = b2b.GuestStatePending
	if user.ExternalUserState == directory.Accepted || user.ExternalUserState == "" && status.Origin != b2b.GuestOriginInvited {
		status.State = b2b.GuestStateAccepted
	}
	if partial(user) {
		if last := life.record.last(); last != nil {
			status.InvitedTime = timeOf(last.AbsentSince)
		}
		return
	}
	status.UserPrincipalName = user.UserPrincipalName
	status.ExternalUserState = externalUserState(user)
	if status.InvitedTime == nil {
		status.InvitedTime = timeOf(user.CreatedDateTime)
	}
	status.AcceptedTime = nil
	if user.ExternalUserState == directory.Accepted {
		status.AcceptedTime = timeOf(user.ExternalUserStateChangeDateTime)
	}
}

// externalUserState gives the states that Graph documents, and nothing for any other.
func externalUserState(user directory.User) b2b.ExternalUserState {
	switch user.ExternalUserState {
	case directory.Accepted:
		return b2b.ExternalUserStateAccepted
	case directory.PendingAcceptance:
		return b2b.ExternalUserStatePendingAcceptance
	}
	return ""
}

func timeOf(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	stamp := metav1.NewTime(t)
	return &stamp
}

// Report computes the status of a Guest.
func (k *guestKind) Report(guest *b2b.Guest, verdict lifecycle.Verdict, suspended string) {
	status := &guest.Status
	switch verdict.Reason {
	case b2b.ReasonGuestGone:
		status.State = b2b.GuestStateGone
	case b2b.ReasonReleased:
		status.State = b2b.GuestStateReleased
	}
	if status.State == b2b.GuestStateGone || status.State == b2b.GuestStateReleased {
		meta.RemoveStatusCondition(&status.Conditions, b2b.ConditionSponsorsSet)
	}
	claims := int32(len(guest.Spec.Claims)) //nolint:gosec // at most 256
	status.ClaimCount = &claims
	k.tell(guest, verdict)
	report(guest, &status.ObservedGeneration, verdict, suspended)
}

// tell makes an event of what the directory has shown to have changed.
func (k *guestKind) tell(guest *b2b.Guest, verdict lifecycle.Verdict) {
	if readiness(guest.Status.Conditions).reason == verdict.Reason {
		return
	}
	switch verdict.Reason {
	case b2b.ReasonAdopted:
		k.Events.Adopted(guest)
	case b2b.ReasonAccepted:
		k.Events.Accepted(guest)
	case b2b.ReasonGuestGone:
		k.Events.GuestGone(guest)
	case b2b.ReasonGuestDisabled:
		k.Events.GuestDisabled(guest)
	}
}

// conditioned is an object with conditions.
type conditioned interface {
	metav1.Object
	GetConditions() []metav1.Condition
	SetConditions([]metav1.Condition)
}

// report puts the verdict and the suspension into an object's status. Where nothing new can be said, the generation does not
// count as observed.
func report(object conditioned, observedGeneration *int64, verdict lifecycle.Verdict, suspended string) {
	conditions, generation := object.GetConditions(), object.GetGeneration()
	lifecycle.Apply(&conditions, verdict, generation)
	reportSuspension(&conditions, suspended, generation)
	object.SetConditions(conditions)
	if verdict.Outcome != lifecycle.Unchanged {
		*observedGeneration = generation
	}
}

// reportSuspension says that nothing is written to the tenant. Ready stays as it is.
func reportSuspension(conditions *[]metav1.Condition, suspended string, generation int64) {
	switch suspended {
	case "":
		meta.RemoveStatusCondition(conditions, b2b.ConditionSuspended)
	case b2b.ReasonTenantSuspended:
		lifecycle.Set(conditions, generation, b2b.ConditionSuspended, metav1.ConditionTrue, suspended,
			"the EntraTenant is suspended: nothing is written to the tenant")
	default:
		lifecycle.Set(conditions, generation, b2b.ConditionSuspended, metav1.ConditionTrue, suspended,
			"spec.suspend is set: nothing is written to the tenant")
	}
}
