package controllers

import (
	"errors"
	"fmt"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// failure is the one mapping from the classes of directory errors to verdicts. Doing is a gerund phrase, permission the
// one that the request needs.
func failure(err error, doing, permission string) lifecycle.Verdict {
	switch directory.ClassOf(err) {
	case directory.Throttled:
		pause := max(directory.RetryAfter(err), lifecycle.Soon)
		return lifecycle.Wait(b2b.ReasonThrottled, "Microsoft Graph asks to slow down; the operator goes on by itself", pause)
	case directory.Unauthenticated:
		return lifecycle.Wait(b2b.ReasonCredentialInvalid, fmt.Sprintf("%s: the tenant refuses the operator's credential: %s. "+
			"Check the credential of the EntraTenant", doing, describe(err)), lifecycle.Later)
	case directory.Denied:
		return lifecycle.Wait(b2b.ReasonPermissionMissing, fmt.Sprintf("%s: denied: %s. Grant the application permission %s "+
			"with admin consent to the operator's app registration", doing, describe(err), permission), lifecycle.Later)
	case directory.OutcomeUnknown:
		return lifecycle.Wait(b2b.ReasonOutcomeUnknown, fmt.Sprintf("%s: the answer was lost; looking what has come of it", doing),
			lifecycle.Soon)
	case directory.Conflict:
		return lifecycle.Wait(b2b.ReasonDirectoryUnavailable, fmt.Sprintf("%s: a concurrent change in the tenant; trying again: %s",
			doing, describe(err)), lifecycle.Soon)
	}
	return lifecycle.Wait(b2b.ReasonDirectoryUnavailable, fmt.Sprintf("%s: Microsoft Graph cannot be reached or fails; trying again: %s",
		doing, describe(err)), max(directory.RetryAfter(err), lifecycle.Retry))
}

// describe gives the directory's words, or the status. What changes with every try (request ids, ports) is left to the log: a
// condition that changes wakes everybody who watches it.
func describe(err error) string {
	var failed *directory.Error
	switch {
	case !errors.As(err, &failed):
		return err.Error()
	case failed.Status == 0 && failed.Message == "":
		return "no answer"
	}
	return failed.Error()
}

// failureOf is failure as the pointer that ends a step.
func failureOf(err error, doing, permission string) *lifecycle.Verdict {
	verdict := failure(err, doing, permission)
	return &verdict
}

// The application permissions of Microsoft Graph that the operator's requests need, least first.
// https://learn.microsoft.com/graph/permissions-reference
const (
	permissionInvite      = "User.Invite.All"
	permissionReadUsers   = "User.Read.All"
	permissionDeleteUsers = "User.DeleteRestore.All"
	permissionEnableUsers = "User.EnableDisableAccount.All"
	permissionRevoke      = "User.RevokeSessions.All"
	permissionWriteUsers  = "User.ReadWrite.All"
	permissionReadGroups  = "GroupMember.Read.All"
	permissionWriteGroups = "GroupMember.ReadWrite.All"
	permissionReadPolicy  = "Policy.Read.All"
	permissionReadTenant  = "Organization.Read.All"
	// Only administrators may invite with userType Member; an application is one as far as it may write users.
	permissionInviteMembers = "User.ReadWrite.All"

	permissionReadApplications = "Application.Read.All"
	permissionAssignAppRoles   = "AppRoleAssignment.ReadWrite.All"
)
