package controllers

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// need is something that the operator does, the least permission for it, and the broader ones that include it.
type need struct {
	permission string
	neededFor  string
	broader    []string
}

// directoryReadWriteAll includes most of what there is.
const directoryReadWriteAll = "Directory.ReadWrite.All"

// needs are all the permissions that the operator uses in every tenant.
// https://learn.microsoft.com/graph/permissions-reference
func needs() []need {
	return []need{
		{permissionInvite, "inviting guests", []string{"User.ReadWrite.All", directoryReadWriteAll}},
		{permissionReadUsers, "finding guests, and seeing whether they have accepted",
			[]string{"User.ReadWrite.All", "Directory.Read.All", directoryReadWriteAll}},
		{permissionDeleteUsers, "deleting guests whom nobody asks for any more, and restoring them", []string{"User.ReadWrite.All"}},
		{permissionReadGroups, "finding groups and their members",
			[]string{permissionWriteGroups, "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", directoryReadWriteAll}},
		{permissionWriteGroups, "putting guests into groups and taking them out",
			[]string{"Group.ReadWrite.All", directoryReadWriteAll}},
		{permissionReadPolicy, "seeing beforehand whether the tenant allows invitations", []string{"Policy.ReadWrite.Authorization"}},
		{permissionReadTenant, "checking that the credential belongs to the tenant",
			[]string{permissionReadUsers, "Organization.ReadWrite.All", "Directory.Read.All", directoryReadWriteAll}},
	}
}

// needsForApplications are those that it uses only where a policy grants applications.
func needsForApplications() []need {
	return []need{
		{permissionReadApplications, "finding the applications that policies grant", []string{"Application.ReadWrite.All", "Directory.Read.All"}},
		{permissionAssignAppRoles, "assigning app roles to guests and taking them back", nil},
	}
}

// needsForDisabling are those that it uses only where an invitation has deletionPolicy Disable.
func needsForDisabling() []need {
	broader := []string{"User.ReadWrite.All", directoryReadWriteAll}
	return []need{
		{permissionEnableUsers, "blocking guests from signing in, as deletionPolicy Disable says, and letting them in again", broader},
		{permissionRevoke, "revoking the sessions of guests, as deletionPolicy Disable says", broader},
	}
}

// alsoNeeded gives what the policies for a tenant, and the invitations to it, make the operator need there.
func (r *tenantReconciler) alsoNeeded(ctx context.Context, tenantName string) (also []need, err error) {
	disabling := &b2b.GuestList{}
	err = r.Client.List(ctx, disabling, client.MatchingFields{indexGuestToDisable: tenantName}, client.Limit(1), client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing Guests to disable of EntraTenant %s: %w", tenantName, err)
	}
	if len(disabling.Items) > 0 {
		also = needsForDisabling()
	}
	policies := &b2b.GuestPolicyList{}
	err = r.Client.List(ctx, policies, client.MatchingFields{indexPolicyByTenant: tenantName}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing GuestPolicies of EntraTenant %s: %w", tenantName, err)
	}
	if slices.ContainsFunc(policies.Items, func(policy b2b.GuestPolicy) bool { return len(policy.Spec.Applications) > 0 }) {
		also = append(also, needsForApplications()...)
	}
	if slices.ContainsFunc(policies.Items, grantsUpkeep) {
		also = append(also, needsForUpkeep()...)
	}
	return also, nil
}

// needsForUpkeep are those that it uses only where a policy lets invitations set profiles or sponsors.
func needsForUpkeep() []need {
	return []need{{permissionWriteUsers, "setting the profiles and the sponsors of guests", []string{directoryReadWriteAll}}}
}

// grantsUpkeep reports whether a policy is about more than invitations as such.
func grantsUpkeep(policy b2b.GuestPolicy) bool {
	grant := policy.Spec.Invitations
	return grant != nil && (len(grant.AllowedProfileFields) > 0 || grant.RequireSponsor || grant.AllowAdoptedWrites)
}

// assess gives those of the granted permissions that are of use, and those that are missing.
func assess(permissions directory.Permissions, alsoNeeded ...need) *b2b.TenantPermissions {
	result := &b2b.TenantPermissions{}
	for _, need := range append(needs(), alsoNeeded...) {
		met := false
		for _, enough := range append([]string{need.permission}, need.broader...) {
			if !slices.Contains(permissions.Granted, enough) {
				continue
			}
			met = true
			if !slices.Contains(result.Granted, enough) {
				result.Granted = append(result.Granted, enough)
			}
		}
		if !met {
			result.Missing = append(result.Missing, b2b.MissingPermission{Permission: need.permission, NeededFor: need.neededFor})
		}
	}
	slices.Sort(result.Granted)
	return result
}
