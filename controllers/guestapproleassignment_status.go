package controllers

import (
	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// Report computes the status of a GuestAppRoleAssignment.
func (k *assignmentKind) Report(assignment *b2b.GuestAppRoleAssignment, verdict lifecycle.Verdict, suspended string) {
	if verdict.Reason == b2b.ReasonRemovedExternally && readiness(assignment.Status.Conditions).reason != verdict.Reason {
		k.Events.RoleRemovedExternally(assignment)
	}
	k.reportExpiry(assignment, assignment.Spec.ExpirationTime, verdict)
	report(assignment, &assignment.Status.ObservedGeneration, verdict, suspended)
}
