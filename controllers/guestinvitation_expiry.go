package controllers

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// decideExpired decides about an invitation that has run out. The Guest drops its claim and releases the guest, if nobody else asks for
// them; until then something is left to take away.
func (k *guestInvitationKind) decideExpired(invitation *b2b.GuestInvitation, tenant tenant, claiming claiming, guest *b2b.Guest,
	rec *record, ended ending) lifecycle.Decision {
	said := meta.IsStatusConditionTrue(invitation.Status.Conditions, b2b.ConditionExpired)
	switch held := claiming.holds(guest); {
	case held && tenant.suspension(invitation.Spec.Suspend) != "":
		return lifecycle.Say(lifecycle.Verdict{Outcome: lifecycle.Unchanged})
	case held, guest != nil && rec.releasing() && !said:
		return lifecycle.Say(leavingVerdict(guest, ended))
	}
	token := expiredToken(invitation, rec)
	mirrorGuest(invitation, nil)
	for _, about := range []string{b2b.ConditionAuthor, b2b.ConditionResent} {
		meta.RemoveStatusCondition(&invitation.Status.Conditions, about)
	}
	if ended.reason == b2b.ReasonNotRedeemed {
		invitation.Status.ExpiredResendToken = token
	}
	return lifecycle.Say(hasExpired(invitation, ended))
}

// expiredToken is the resend token that asks for nothing any more, as the Guest remembers it or, without one, the status did.
func expiredToken(invitation *b2b.GuestInvitation, rec *record) b2b.Token {
	if l := rec.lapse(invitation.Namespace, invitation.Name); l != nil {
		return l.ResendToken
	}
	return invitation.Status.ExpiredResendToken
}

// leavingVerdict is the verdict on an invitation that has run out and whose guest is being released: what holds that up, where
// the Guest says so.
func leavingVerdict(guest *b2b.Guest, ended ending) lifecycle.Verdict {
	ready := readiness(guest.Status.Conditions)
	if meta.IsStatusConditionTrue(guest.Status.Conditions, b2b.ConditionReconciling) {
		return lifecycle.Wait(ready.reason, fmt.Sprintf("%s. What it brought about is being taken away: %s", ended.message, ready.message), 0)
	}
	return lifecycle.Wait(b2b.ReasonReleasing, ended.message+". What it brought about is being taken away", 0)
}

// redemptionDeadline says until when the guest has to redeem, "" where there is no such time.
func redemptionDeadline(invitation *b2b.GuestInvitation, guest *b2b.Guest) string {
	rec, err := readRecord(guest)
	if err != nil {
		return ""
	}
	by := (&guestLife{guest: guest, record: rec}).redeemBy(invitation)
	if by.IsZero() {
		return ""
	}
	return ", and has until " + by.UTC().Format(time.RFC3339)
}
