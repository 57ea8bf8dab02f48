package controllers

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// lapse is an invitation that ended because the guest had not redeemed it in time. It is remembered for as long as its object exists,
// so that the person is not invited again by itself: only another resend token, or that the guest has redeemed after all, lets the claim
// in again.
type lapse struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
	// GuestUID is the Guest that saw it. Another uid than the Guest's own marks a restored copy, which is kept also while its object
	// has not been restored yet.
	GuestUID types.UID `json:"guestUID"`
	// ResendToken is the token that the invitation had, which asks for nothing any more.
	ResendToken string    `json:"resendToken,omitempty"`
	At          time.Time `json:"at"`
	// Redeemed is set where the guest turned out to have redeemed before they were released.
	Redeemed bool `json:"redeemed,omitempty"`
	// BackAt is when the claim was let in again; nil while it is out.
	BackAt *time.Time `json:"backAt,omitempty"`
}

// maxLapses is how many lapses a record keeps: an annotation is bounded.
const maxLapses = maxClaims

// lapse gives the lapse of an invitation, under whatever uid; nil where it has none.
func (r *record) lapse(namespace, name string) *lapse {
	if r == nil {
		return nil
	}
	for i := range r.Lapses {
		if r.Lapses[i].Namespace == namespace && r.Lapses[i].Name == name {
			return &r.Lapses[i]
		}
	}
	return nil
}

// keepsOut reports whether an invitation with this resend token may not claim the guest again.
func (l *lapse) keepsOut(token string) bool {
	return l.BackAt == nil && !l.Redeemed && !newer(token, l.ResendToken)
}

// newer reports whether a token asks for something that the last one did not. To take a token away asks for nothing.
func newer(token, last string) bool { return token != "" && token != last }

// addLapse remembers a lapse in the place of an earlier one of the same invitation.
func (r *record) addLapse(next lapse) {
	r.Lapses = slices.DeleteFunc(r.Lapses, func(l lapse) bool { return l.Namespace == next.Namespace && l.Name == next.Name })
	r.Lapses = append(r.Lapses, next)
	r.Lapses = r.Lapses[max(0, len(r.Lapses)-maxLapses):]
}

// readmit lets the claim of a lapsed invitation in again, and reports whether it was one. Where another invitation decides for the guest,
// its token asks for nothing.
func (r *record) readmit(claim b2b.GuestClaim, others []b2b.GuestClaim, token string, now time.Time) bool {
	l := r.lapse(claim.Namespace, claim.Name)
	if l == nil || claim.Kind != b2b.ClaimKindGuestInvitation {
		return false
	}
	at := now.UTC().Truncate(time.Second)
	l.UID, l.BackAt = claim.UID, &at
	decides := func(c b2b.GuestClaim) bool { return r.Author != nil && c.UID == r.Author.UID && c.UID != claim.UID }
	if slices.ContainsFunc(others, decides) {
		l.ResendToken = token
	}
	return true
}

// takeToken gives the resend token of a new author that asks for nothing any more: the one that it brings, save where it was let in
// again for that token.
func (r *record) takeToken(invitation *b2b.GuestInvitation) string {
	token := invitation.Spec.ResendToken
	l := r.lapse(invitation.Namespace, invitation.Name)
	if l == nil || l.BackAt == nil {
		return token
	}
	last := l.ResendToken
	l.ResendToken = token
	return last
}

// askedAt is when a person last asked for the invitation that the guest has, on the directory's clock: the first one of this life, or
// that of a resend token. Zero where nobody did.
func (r *record) askedAt() time.Time {
	for _, a := range slices.Backward(r.Attempts) {
		if a.Life == r.Life && (a.Cause == causeFirst || a.Cause == causeResend) && (a.Outcome == "" || a.Outcome == outcomeSent) {
			return a.AbsentSince
		}
	}
	return time.Time{}
}
