package controllers

import (
	"context"
	"fmt"
	"slices"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// knownApplications gives what the status knows of the applications in the spec, in the order of the spec, and the applications that it
// does not know.
func knownApplications(object *b2b.GuestPolicy) (known []b2b.ResolvedApplication, unknown []b2b.ApplicationReference) {
	for i, grant := range object.Spec.Applications {
		if slices.ContainsFunc(object.Spec.Applications[:i], func(earlier b2b.ApplicationGrant) bool {
			return earlier.ApplicationReference == grant.ApplicationReference
		}) {
			continue
		}
		if resolved, found := policy.KnownApplication(object, grant.ApplicationReference); found {
			known = append(known, resolved)
		} else {
			unknown = append(unknown, grant.ApplicationReference)
		}
	}
	return known, unknown
}

// findApplications is findGroups for applications.
func findApplications(ctx context.Context, object *b2b.GuestPolicy, applications directory.Applications,
	wanted []b2b.ApplicationReference) (trouble []string, err error) {
	for _, application := range wanted {
		found, wrong, err := findApplication(ctx, applications, application)
		switch {
		case err != nil:
			return nil, err
		case wrong != "":
			trouble = append(trouble, wrong)
		default:
			object.Status.Applications = append(object.Status.Applications, found)
		}
	}
	return trouble, nil
}

func findApplication(ctx context.Context, applications directory.Applications,
	application b2b.ApplicationReference) (found b2b.ResolvedApplication, wrong string, err error) {
	if application.AppID != "" {
		one, err := applications.GetServicePrincipal(ctx, application.AppID)
		if directory.IsNotFound(err) {
			return found, fmt.Sprintf("%s is not in the tenant", application.AppID), nil
		}
		return b2b.ResolvedApplication{AppID: application.AppID, ServicePrincipalID: one.ID, DisplayName: one.DisplayName}, "", err
	}
	all, err := applications.FindServicePrincipals(ctx, application.DisplayName)
	switch {
	case err != nil:
		return found, "", err
	case len(all) == 0:
		return found, fmt.Sprintf("%q does not exist", application.DisplayName), nil
	case len(all) > 1:
		return found, fmt.Sprintf("%q is the name of %d applications: list the one that is meant by appID", application.DisplayName, len(all)), nil
	}
	return b2b.ResolvedApplication{AppID: all[0].AppID, ServicePrincipalID: all[0].ID, DisplayName: application.DisplayName}, "", nil
}
