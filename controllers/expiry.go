package controllers

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// notice is how long ahead of its expirationTime an object warns. One that is to live shorter warns from the beginning.
const notice = 7 * 24 * time.Hour

// ending is how something has run out.
type ending struct {
	// reason is one of condition Expired's.
	reason string
	// message says when it ended, and what renews it.
	message string
}

// endingOf says how an invitation has run out, nil where it holds. Whoever has to know goes by it: the invitation's own controller, the
// Guest, and what rests on the invitation. The record is that of the Guest, nil where there is none; then the invitation's own status is
// the witness that it was not redeemed in time, for a Guest that somebody deletes takes its memory along.
func endingOf(invitation *b2b.GuestInvitation, rec *record, now time.Time) *ending {
	if ended := endingAt(invitation.Spec.ExpirationTime, now); ended != nil {
		return ended
	}
	token, lapsed := invitation.Spec.ResendToken, false
	if l := rec.lapse(invitation.Namespace, invitation.Name); l != nil {
		lapsed = l.keepsOut(token)
	} else if expired := meta.FindStatusCondition(invitation.Status.Conditions, b2b.ConditionExpired); expired != nil {
		lapsed = expired.Status == metav1.ConditionTrue && expired.Reason == b2b.ReasonNotRedeemed &&
			!newer(token, invitation.Status.ExpiredResendToken)
	}
	if !lapsed {
		return nil
	}
	return &ending{reason: b2b.ReasonNotRedeemed, message: "the guest had not redeemed the invitation within pendingExpiryDays. " +
		"Nothing is sent again before somebody sets a new spec.resendToken"}
}

// endingAt says how an object with this expirationTime has run out, nil where it holds.
func endingAt(expirationTime *metav1.Time, now time.Time) *ending {
	if expirationTime == nil || now.Before(expirationTime.Time) {
		return nil
	}
	return &ending{reason: b2b.ReasonExpirationTime, message: fmt.Sprintf("expired at %s. A later spec.expirationTime renews it",
		expirationTime.UTC().Format(time.RFC3339))}
}

// untilDates is how long it is until the next of the dates of an object on which it says something else; 0 where all are past.
func untilDates(now time.Time, expirationTime *metav1.Time, others ...time.Time) time.Duration {
	var next time.Time
	ends := timeAt(expirationTime)
	dates := append(others, ends)
	if !ends.IsZero() {
		dates = append(dates, ends.Add(-notice))
	}
	for _, date := range dates {
		if date.After(now) {
			next = earlier(next, date)
		}
	}
	if next.IsZero() {
		return 0
	}
	return next.Sub(now)
}

// earlier gives the earlier of two times, of which the zero one is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// timeAt gives a time of the API, zero where there is none.
func timeAt(at *metav1.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.Time
}

// expiring is an object that can expire.
type expiring interface {
	conditioned
	runtime.Object
}

// hasExpired puts into an object's status that it has run out, and that nothing is left to take away.
func hasExpired(object expiring, ended ending) lifecycle.Verdict {
	conditions := object.GetConditions()
	lifecycle.Set(&conditions, object.GetGeneration(), b2b.ConditionExpired, metav1.ConditionTrue, ended.reason, ended.message)
	object.SetConditions(conditions)
	return lifecycle.IsReady(b2b.ReasonExpired, ended.message)
}

// reportExpiry computes the conditions ExpiringSoon and Expired, with an event when one begins. It comes before report.
func (d Dependencies) reportExpiry(object expiring, expirationTime *metav1.Time, verdict lifecycle.Verdict) {
	conditions := object.GetConditions()
	defer func() { object.SetConditions(conditions) }()
	expired := verdict.Reason == b2b.ReasonExpired
	if expired && readiness(conditions).reason != b2b.ReasonExpired {
		d.Events.Expired(object, verdict.Message)
	}
	if !expired && verdict.Outcome != lifecycle.Unchanged {
		meta.RemoveStatusCondition(&conditions, b2b.ConditionExpired)
	}
	until := timeAt(expirationTime).Sub(d.Now())
	switch {
	case expired, expirationTime == nil, until > notice:
		meta.RemoveStatusCondition(&conditions, b2b.ConditionExpiringSoon)
	case until > 0:
		message := fmt.Sprintf("expires at %s. A later spec.expirationTime renews it", expirationTime.UTC().Format(time.RFC3339))
		if whatSays(conditions, b2b.ConditionExpiringSoon).message != message {
			d.Events.ExpiringSoon(object, message)
		}
		lifecycle.Set(&conditions, object.GetGeneration(), b2b.ConditionExpiringSoon, metav1.ConditionTrue, b2b.ReasonExpirationTime, message)
	}
}
