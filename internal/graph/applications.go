package graph

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// servicePrincipalProperties are the properties that servicePrincipalsOf reads.
var servicePrincipalProperties = []string{"id", "appId", nameProperty, "appRoles", "appRoleAssignmentRequired"}

func (c *Client) servicePrincipals() *serviceprincipals.ServicePrincipalsRequestBuilder {
	return serviceprincipals.NewServicePrincipalsRequestBuilderInternal(c.pathParameters(), c.adapter)
}

// GetServicePrincipal implements directory.Applications.
func (c *Client) GetServicePrincipal(ctx context.Context, appID string) (directory.ServicePrincipal, error) {
	if err := requireIDs(appID); err != nil {
		return directory.ServicePrincipal{}, err
	}
	found, err := c.findServicePrincipals(ctx, getServicePrincipal, equals("appId", appID))
	if err != nil {
		return directory.ServicePrincipal{}, err
	}
	at := slices.IndexFunc(found, func(p directory.ServicePrincipal) bool { return strings.EqualFold(p.AppID, appID) })
	if at < 0 {
		return directory.ServicePrincipal{}, &directory.Error{Class: directory.NotFound,
			Err: fmt.Errorf("the tenant has no enterprise application with the application id %s", appID)}
	}
	return found[at], nil
}

// FindServicePrincipals implements directory.Applications.
func (c *Client) FindServicePrincipals(ctx context.Context, displayName string) ([]directory.ServicePrincipal, error) {
	return c.findServicePrincipals(ctx, findServicePrincipals, equals(nameProperty, displayName))
}

func (c *Client) findServicePrincipals(ctx context.Context, op operation, filter string) (found []directory.ServicePrincipal, err error) {
	first := func(ctx context.Context) (models.ServicePrincipalCollectionResponseable, error) {
		return c.servicePrincipals().Get(ctx, &serviceprincipals.ServicePrincipalsRequestBuilderGetRequestConfiguration{
			QueryParameters: &serviceprincipals.ServicePrincipalsRequestBuilderGetQueryParameters{
				Filter: &filter,
				Select: servicePrincipalProperties,
			},
		})
	}
	next := func(ctx context.Context, link string) (models.ServicePrincipalCollectionResponseable, error) {
		return c.servicePrincipals().WithUrl(link).Get(ctx, nil)
	}
	err = pages(ctx, c, op, first, next, servicePrincipalsOf, collect(&found))
	return found, err
}

func servicePrincipalsOf(page []models.ServicePrincipalable) ([]directory.ServicePrincipal, error) {
	found := make([]directory.ServicePrincipal, 0, len(page))
	for _, p := range page {
		if p == nil || value(p.GetId()) == "" {
			return nil, errors.New("a service principal without an id")
		}
		principal := directory.ServicePrincipal{
			ID:                 value(p.GetId()),
			AppID:              value(p.GetAppId()),
			DisplayName:        value(p.GetDisplayName()),
			AssignmentRequired: value(p.GetAppRoleAssignmentRequired()),
		}
		for _, role := range p.GetAppRoles() {
			if role == nil || role.GetId() == nil {
				return nil, errors.New("an app role without an id")
			}
			principal.AppRoles = append(principal.AppRoles, directory.AppRole{
				ID:          role.GetId().String(),
				Value:       value(role.GetValue()),
				DisplayName: value(role.GetDisplayName()),
				Enabled:     value(role.GetIsEnabled()),
				ForUsers:    slices.Contains(role.GetAllowedMemberTypes(), "User"),
			})
		}
		found = append(found, principal)
	}
	return found, nil
}

// ListAppRoleAssignments implements directory.Applications. It asks on the user's side, where the filter by application is documented,
// and passes over what Graph adds: the assignments of groups that the user is a member of.
// https://learn.microsoft.com/graph/api/user-list-approleassignments
func (c *Client) ListAppRoleAssignments(ctx context.Context, userID, servicePrincipalID string) (
	found []directory.AppRoleAssignment, err error) {
	if err := requireIDs(userID, servicePrincipalID); err != nil {
		return nil, err
	}
	first := func(ctx context.Context) (models.AppRoleAssignmentCollectionResponseable, error) {
		return c.users().ByUserId(userID).AppRoleAssignments().Get(ctx, &users.ItemAppRoleAssignmentsRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.ItemAppRoleAssignmentsRequestBuilderGetQueryParameters{
				Filter: new("resourceId eq " + servicePrincipalID), // a GUID, which OData has without quotes
			},
		})
	}
	next := func(ctx context.Context, link string) (models.AppRoleAssignmentCollectionResponseable, error) {
		return users.NewItemAppRoleAssignmentsRequestBuilder(link, c.adapter).Get(ctx, nil)
	}
	err = pages(ctx, c, listAppRoles, first, next, assignmentsOf, func(page []directory.AppRoleAssignment) error {
		for _, a := range page {
			if strings.EqualFold(a.UserID, userID) && strings.EqualFold(a.ServicePrincipalID, servicePrincipalID) {
				found = append(found, a)
			}
		}
		return nil
	})
	return found, err
}

// GrantAppRole implements directory.Applications.
// https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto
func (c *Client) GrantAppRole(ctx context.Context, servicePrincipalID, userID, roleID string) (directory.AppRoleAssignment, error) {
	if err := requireIDs(servicePrincipalID, userID, roleID); err != nil {
		return directory.AppRoleAssignment{}, err
	}
	assignment := models.NewAppRoleAssignment()
	assignment.SetOdataType(nil)
	assignment.SetPrincipalId(new(uuid.MustParse(userID)))
	assignment.SetResourceId(new(uuid.MustParse(servicePrincipalID)))
	assignment.SetAppRoleId(new(uuid.MustParse(roleID)))
	return call(ctx, c, grantAppRole, func(ctx context.Context) (directory.AppRoleAssignment, error) {
		answer, err := c.servicePrincipals().ByServicePrincipalId(servicePrincipalID).AppRoleAssignedTo().Post(ctx, assignment, nil)
		if err != nil {
			return directory.AppRoleAssignment{}, err
		}
		granted, err := assignmentOf(answer)
		if err == nil && (!strings.EqualFold(granted.UserID, userID) || !strings.EqualFold(granted.RoleID, roleID)) {
			err = errors.New("not the assignment that was asked for")
		}
		return granted, err
	})
}

// RevokeAppRole implements directory.Applications.
func (c *Client) RevokeAppRole(ctx context.Context, servicePrincipalID, assignmentID string) error {
	if err := requireIDs(servicePrincipalID); err != nil {
		return err
	}
	if !assignmentIDs.MatchString(assignmentID) {
		return &directory.Error{Class: directory.Invalid, Err: fmt.Errorf("%q is not the id of an app role assignment", assignmentID)}
	}
	_, err := call(ctx, c, revokeAppRole, func(ctx context.Context) (struct{}, error) {
		assigned := c.servicePrincipals().ByServicePrincipalId(servicePrincipalID).AppRoleAssignedTo()
		return struct{}{}, assigned.ByAppRoleAssignmentId(assignmentID).Delete(ctx, nil)
	})
	return err
}

// assignmentIDs are of the alphabet of base64url, and need no encoding in a path.
var assignmentIDs = regexp.MustCompile(`^[0-9A-Za-z_-]{1,256}$`)

func assignmentsOf(page []models.AppRoleAssignmentable) ([]directory.AppRoleAssignment, error) {
	found := make([]directory.AppRoleAssignment, 0, len(page))
	for _, a := range page {
		assignment, err := assignmentOf(a)
		if err != nil {
			return nil, err
		}
		found = append(found, assignment)
	}
	return found, nil
}

func assignmentOf(a models.AppRoleAssignmentable) (directory.AppRoleAssignment, error) {
	if a == nil || !assignmentIDs.MatchString(value(a.GetId())) ||
		a.GetAppRoleId() == nil || a.GetPrincipalId() == nil || a.GetResourceId() == nil {
		return directory.AppRoleAssignment{}, errors.New("an app role assignment that is incomplete")
	}
	return directory.AppRoleAssignment{
		ID:                 value(a.GetId()),
		RoleID:             a.GetAppRoleId().String(),
		UserID:             a.GetPrincipalId().String(),
		ServicePrincipalID: a.GetResourceId().String(),
		CreatedDateTime:    value(a.GetCreatedDateTime()),
	}, nil
}
