package controllers

import (
	"context"
	"fmt"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// lookUpSponsors finds whom the entries of a spec mean. That somebody is not there or may not be seen is said of that entry; an error
// says that the tenant could not be asked.
func lookUpSponsors(ctx context.Context, tenant directory.Directory, sponsors []b2b.Sponsor) ([]namedSponsor, error) {
	named := make([]namedSponsor, 0, len(sponsors))
	for _, sponsor := range sponsors {
		found, err := lookUpSponsor(ctx, tenant, sponsor)
		if err != nil {
			return nil, fmt.Errorf("looking for a sponsor: %w", err)
		}
		named = append(named, found)
	}
	return named, nil
}

func lookUpSponsor(ctx context.Context, tenant directory.Directory, sponsor b2b.Sponsor) (namedSponsor, error) {
	named, permission := namedSponsor{key: sponsorKey(sponsor)}, permissionReadUsers
	var user directory.User
	var group directory.Group
	var err error
	switch {
	case sponsor.GroupID != "":
		named.name, permission = fmt.Sprintf("the group with id %s", sponsor.GroupID), permissionReadGroups
		group, err = tenant.GetGroup(ctx, sponsor.GroupID)
		named.ref = directory.SponsorRef{ID: group.ID, Kind: directory.SponsorGroup}
	case sponsor.ID != "":
		named.name = fmt.Sprintf("the user with id %s", sponsor.ID)
		user, err = tenant.GetUser(ctx, sponsor.ID)
		named.ref = directory.SponsorRef{ID: user.ID, Kind: directory.SponsorUser}
	default:
		named.name = sponsor.UserPrincipalName
		user, err = tenant.GetUserByName(ctx, sponsor.UserPrincipalName)
		named.ref = directory.SponsorRef{ID: user.ID, Kind: directory.SponsorUser}
	}
	if err == nil && named.ref.Kind == directory.SponsorUser && !user.AccountEnabled {
		named.problem = &sponsorProblem{b2b.ReasonSponsorDisabled, named.name + " is blocked from signing in"}
	}
	if err != nil {
		named.ref.ID = ""
		if named.problem = sponsorFailure(err, named.name, permission); named.problem == nil {
			return namedSponsor{}, err
		}
	}
	return named, nil
}

// sponsorFailure is what an error says of one sponsor; nil where it says nothing about them.
func sponsorFailure(err error, name, permission string) *sponsorProblem {
	switch directory.ClassOf(err) {
	case directory.NotFound:
		return &sponsorProblem{b2b.ReasonSponsorNotFound, name + " does not exist in the tenant, or has been deleted"}
	case directory.Denied:
		return &sponsorProblem{b2b.ReasonPermissionMissing, fmt.Sprintf("%s: denied: %s. Grant the application permission %s with admin "+
			"consent to the operator's app registration", name, describe(err), permission)}
	case directory.Invalid:
		if directory.HasDetail(err, directory.ReferenceNotReady) {
			return &sponsorProblem{b2b.ReasonSponsorNotFound, name + " is not to be seen everywhere in the tenant yet"}
		}
		return &sponsorProblem{b2b.ReasonSponsorRefused, fmt.Sprintf("%s: Microsoft Entra refuses: %s", name, describe(err))}
	}
	return nil
}
