package controllers

import (
	"context"
	"fmt"
	"strings"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// wantedRole is an assignment with all that a decision about it rests on.
type wantedRole struct {
	access
	assignment *b2b.GuestAppRoleAssignment
	// granted is the policies' decision, with the application.
	granted policy.Decision
	// checked says that the application was asked in this reconcile whether the role can be assigned.
	checked bool
}

// resolve finds the Guest, the application and its role, or says what is in the way.
func (k *assignmentKind) resolve(ctx context.Context, want *wantedRole) (*lifecycle.Verdict, error) {
	if verdict := want.startBlocks(); verdict != nil {
		return verdict, nil
	}
	grants, err := k.grants(ctx, want.tenantName, want.assignment.Namespace)
	if err != nil {
		return nil, err
	}
	want.granted = grants.Assignment(policy.Assignment{
		Application:  want.assignment.Spec.Application,
		Role:         want.assignment.Spec.Role,
		EmailAddress: b2b.NormalizeEmailAddress(want.address),
		ByAddress:    want.invitation == nil,
		Lifetime:     policy.Lifetime{Ends: accessEnds(want.assignment.Spec.ExpirationTime, want.invitation), Now: k.Now()},
	})
	want.allowedFrom = want.granted.From
	if !want.granted.Allowed {
		verdict := verdictOf(want.granted)
		return &verdict, nil
	}
	if verdict, err := k.resolveLife(ctx, &want.access); verdict != nil || err != nil {
		return verdict, err
	}
	if want.target = want.assigned(); want.target != (target{}) {
		return nil, nil
	}
	return k.findRole(ctx, want), nil
}

// assigned gives the role of the application that the object is recorded to have assigned: it stays the one, also where the application
// has given its value to another one since. The zero target is none.
func (w *wantedRole) assigned() target {
	for _, p := range w.life.record.Pairs {
		if p.ServicePrincipalID == w.granted.Application.ServicePrincipalID && p.UserID == w.life.userID() && p.AssignmentID != "" &&
			p.claimant(w.assignment.Namespace, w.assignment.Name) != nil {
			return p.target
		}
	}
	return target{}
}

// findRole asks the application for the role, or says why it cannot be assigned.
func (k *assignmentKind) findRole(ctx context.Context, want *wantedRole) *lifecycle.Verdict {
	wait := func(format string, args ...any) *lifecycle.Verdict {
		verdict := lifecycle.Wait(b2b.ReasonWaitingForApplication, fmt.Sprintf(format, args...), lifecycle.Later)
		return &verdict
	}
	application := want.granted.Application
	principal, err := want.tenant.Directory.GetServicePrincipal(ctx, application.AppID)
	switch {
	case directory.IsNotFound(err):
		return wait("application %s is not in the tenant, or is not to be seen everywhere yet", application.AppID)
	case err != nil:
		return failureOf(err, "reading the application", permissionReadApplications)
	case principal.ID != application.ServicePrincipalID:
		return wait("application %s has been deleted and added to the tenant anew since GuestPolicy %s found it: the policy has to list it anew",
			application.AppID, want.granted.Policy)
	}
	roleID, verdict := chooseRole(principal, want.assignment.Spec.Role)
	if verdict == nil {
		want.target, want.checked = withRole(principal.ID, roleID), true
	}
	return verdict
}

// chooseRole gives the id of the role with a value, or says why it cannot be assigned to users. Default access, which is no value, there
// is only where the application has no role for users.
// https://learn.microsoft.com/graph/api/resources/approleassignment
func chooseRole(application directory.ServicePrincipal, value string) (roleID string, verdict *lifecycle.Verdict) {
	cannot := func(format string, args ...any) (string, *lifecycle.Verdict) {
		stalled := lifecycle.Stall(b2b.ReasonWaitingForApplication,
			fmt.Sprintf("application %q ", application.DisplayName)+fmt.Sprintf(format, args...)).Within(lifecycle.Later)
		return "", &stalled
	}
	assignable := assignableRoles(application)
	if value == "" {
		if len(assignable) > 0 {
			return cannot("has app roles, so that there is no default access: create a GuestAppRoleAssignment with one of them (%s)",
				strings.Join(assignable, ", "))
		}
		return directory.DefaultAccess, nil
	}
	var found *directory.AppRole
	for i := range application.AppRoles {
		role := &application.AppRoles[i]
		if role.Value == value && (found == nil || role.Enabled) {
			found = role
		}
	}
	switch {
	case found == nil: // it can be on its way there, as the application can
		missing := lifecycle.Wait(b2b.ReasonWaitingForApplication, fmt.Sprintf("application %q has no app role with the value %q",
			application.DisplayName, value), lifecycle.Later)
		return "", &missing
	case !found.Enabled:
		return cannot("has disabled its app role %q: its owner has to enable it", value)
	case !found.ForUsers:
		return cannot("lets its app role %q be assigned to other applications only: its owner has to allow users", value)
	}
	return found.ID, nil
}

// assignableRoles gives the values of the roles that users can have.
func assignableRoles(application directory.ServicePrincipal) (values []string) {
	for _, role := range application.AppRoles {
		if !role.Enabled || !role.ForUsers {
			continue
		}
		name := role.Value
		if name == "" {
			name = fmt.Sprintf("%s, which has no value", role.DisplayName)
		}
		values = append(values, name)
	}
	return values
}
