package controllers

import (
	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

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
