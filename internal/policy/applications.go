package policy

import (
	"fmt"
	"slices"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// applicationsOf are the applications of a policy.
func applicationsOf(policy *b2b.GuestPolicy) catalog {
	applications := catalog{
		one: "application", many: "applications", id: "appID", waitingFor: b2b.ReasonWaitingForApplication, asked: asked(policy),
	}
	for _, grant := range policy.Spec.Applications {
		applications.listed = append(applications.listed, entry{id: grant.AppID, name: grant.DisplayName})
	}
	for _, application := range policy.Status.Applications {
		applications.known = append(applications.known, entry{id: application.AppID, name: application.DisplayName})
	}
	return applications
}

// KnownApplication gives what the status knows of an application that the policy lists: the one that a name is pinned to, or the
// one with the appID.
func KnownApplication(policy *b2b.GuestPolicy, application b2b.ApplicationReference) (b2b.ResolvedApplication, bool) {
	at := applicationsOf(policy).find(entry{id: application.AppID, name: application.DisplayName})
	if at < 0 {
		return b2b.ResolvedApplication{}, false
	}
	return policy.Status.Applications[at], true
}

// applicationVerdict finds the application among those that the policy lists, and looks whether it grants the role there. An application that
// is listed by its appID has still to be found in the tenant: roles are assigned to its service principal.
func applicationVerdict(policy *b2b.GuestPolicy, application b2b.ApplicationReference, role string) verdict {
	applications := applicationsOf(policy)
	appID, said := applications.resolve(entry{id: application.AppID, name: application.DisplayName})
	if appID == "" {
		return said
	}
	at := slices.IndexFunc(applications.known, func(known entry) bool { return known.id == appID })
	if at < 0 {
		return applications.pending("the application with appID %s has not been found in the tenant", appID)
	}
	said.application = policy.Status.Applications[at]
	if !grantsRole(policy, appID, role) {
		said.objections = append(said.objections, roleObjection(said.application, role))
	}
	return said
}

// grantsRole reports whether an entry for the application lists the role; one that lists none grants default access.
func grantsRole(policy *b2b.GuestPolicy, appID, role string) bool {
	return slices.ContainsFunc(policy.Spec.Applications, func(grant b2b.ApplicationGrant) bool {
		known, found := KnownApplication(policy, grant.ApplicationReference)
		if !found || known.AppID != appID {
			return false
		}
		if role == "" {
			return len(grant.Roles) == 0
		}
		return slices.Contains(grant.Roles, role)
	})
}

func roleObjection(application b2b.ResolvedApplication, role string) string {
	name := application.DisplayName
	if name == "" {
		name = application.AppID
	}
	if role == "" {
		return fmt.Sprintf("default access to application %q, without a role", name)
	}
	return fmt.Sprintf("role %q of application %q", role, name)
}
