package controllers

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// tenantView is all that the status of an EntraTenant is made of.
type tenantView struct {
	verdict lifecycle.Verdict
	// probe is nil where the tenant has not answered.
	probe *probe
	// blocked is why no invitation is made, "" while they are.
	blocked string
	// alsoNeeded are the permissions that the policies for the tenant make necessary.
	alsoNeeded []need
	// guests is nil where the count is not due.
	guests *b2b.TenantGuests
}

// reportTenant computes the status.
func reportTenant(tenant *b2b.EntraTenant, view tenantView) {
	status := &tenant.Status
	status.ObservedGeneration = tenant.Generation
	lifecycle.Apply(&status.Conditions, view.verdict, tenant.Generation)
	reportSuspension(&status.Conditions, tenantSuspension(tenant), tenant.Generation)
	if view.guests != nil {
		status.Guests = view.guests
	}
	if view.probe != nil {
		status.Permissions = nil
		if view.probe.permissions.Known {
			status.Permissions = assess(view.probe.permissions, view.alsoNeeded...)
		}
	}
	known := view.probe != nil
	set := func(conditionType string, state metav1.ConditionStatus, reason, message string) {
		if known || meta.FindStatusCondition(status.Conditions, conditionType) == nil { // else the last answer holds
			lifecycle.Set(&status.Conditions, tenant.Generation, conditionType, state, reason, message)
		}
	}
	state, reason, message := permissionsGranted(status.Permissions)
	set(b2b.ConditionPermissionsGranted, state, reason, message)
	state, reason, message = invitationsAllowed(view)
	set(b2b.ConditionInvitationsAllowed, state, reason, message)
}

func tenantSuspension(object *b2b.EntraTenant) string {
	return tenant{EntraTenant: object}.suspension(object.Spec.Suspend)
}

func permissionsGranted(permissions *b2b.TenantPermissions) (metav1.ConditionStatus, string, string) {
	switch {
	case permissions == nil:
		return metav1.ConditionUnknown, b2b.ReasonNotDetermined, "the access token does not tell; a refusal by the tenant would"
	case len(permissions.Missing) == 0:
		return metav1.ConditionTrue, b2b.ReasonGranted, "the operator has all the application permissions that it needs"
	}
	var missing []string
	for _, m := range permissions.Missing {
		missing = append(missing, fmt.Sprintf("%s (for %s)", m.Permission, m.NeededFor))
	}
	return metav1.ConditionFalse, b2b.ReasonPermissionMissing, "grant these application permissions of Microsoft Graph with admin " +
		"consent to the operator's app registration: " + strings.Join(missing, ", ")
}

func invitationsAllowed(view tenantView) (metav1.ConditionStatus, string, string) {
	switch {
	case view.blocked != "":
		return metav1.ConditionFalse, b2b.ReasonInvitationsBlocked, view.blocked
	case view.probe == nil || !view.probe.invitesKnown:
		return metav1.ConditionUnknown, b2b.ReasonNotDetermined, "the operator cannot see the external collaboration settings " +
			"(for that it would need " + permissionReadPolicy + "); a refusal by the tenant would tell"
	case view.probe.invites == directory.AllowInvitesFromNone:
		return metav1.ConditionFalse, b2b.ReasonInvitationsBlocked, invitationsForbidden
	}
	return metav1.ConditionTrue, b2b.ReasonAllowed, "the tenant lets an application invite guests"
}

// standing is the view of a tenant by its links.
func (r *tenantReconciler) standing(tenant *b2b.EntraTenant, own *tenantLinks, verdict lifecycle.Verdict) tenantView {
	view := tenantView{verdict: verdict, blocked: own.breaker.State()}
	asked := own.running
	if own.fresh != nil {
		asked = own.fresh
	}
	if asked != nil && asked.probe.err == nil && !asked.probe.next.IsZero() {
		view.probe = &asked.probe
	}
	view.guests = r.count(tenant, own.running)
	return view
}

// count counts the guests, when a new count is due and the tenant has been listed.
func (r *tenantReconciler) count(tenant *b2b.EntraTenant, running *link) *b2b.TenantGuests {
	now := r.Now()
	if running == nil || !running.connection.Mirror.Listed() ||
		!running.counted.IsZero() && now.Sub(running.counted) < tenant.Spec.Observation.Interval() {
		return nil
	}
	managed := r.Tally.managed(tenant.Name)
	running.counted = now
	stats := running.connection.Mirror.Stats()
	return &b2b.TenantGuests{
		Total: int32(stats.Guests), PendingAcceptance: int32(stats.Pending), Managed: int32(managed), //nolint:gosec // far fewer
	}
}
