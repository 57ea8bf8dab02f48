package graph

import (
	"context"
	"errors"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/organization"
	"github.com/microsoftgraph/msgraph-sdk-go/policies"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// Organization implements directory.Settings.
func (c *Client) Organization(ctx context.Context) (directory.Organization, error) {
	return call(ctx, c, getOrganization, func(ctx context.Context) (directory.Organization, error) {
		answer, err := organization.NewOrganizationRequestBuilderInternal(c.pathParameters(), c.adapter).Get(ctx,
			&organization.OrganizationRequestBuilderGetRequestConfiguration{
				QueryParameters: &organization.OrganizationRequestBuilderGetQueryParameters{
					Select: []string{"id", nameProperty, "verifiedDomains"},
				},
			})
		switch {
		case err != nil:
			return directory.Organization{}, err
		case answer == nil || len(answer.GetValue()) != 1 || answer.GetValue()[0] == nil:
			return directory.Organization{}, errors.New("not exactly one organization")
		}
		return organizationOf(answer.GetValue()[0]), nil
	})
}

func organizationOf(found models.Organizationable) directory.Organization {
	result := directory.Organization{ID: value(found.GetId()), DisplayName: value(found.GetDisplayName())}
	for _, domain := range found.GetVerifiedDomains() {
		if domain != nil && value(domain.GetName()) != "" {
			result.VerifiedDomains = append(result.VerifiedDomains, value(domain.GetName()))
		}
	}
	return result
}

// AllowInvitesFrom implements directory.Settings. It is "" for a value that this version of the SDK does not know.
func (c *Client) AllowInvitesFrom(ctx context.Context) (directory.AllowInvitesFrom, error) {
	return call(ctx, c, getPolicy, func(ctx context.Context) (directory.AllowInvitesFrom, error) {
		policy, err := policies.NewAuthorizationPolicyRequestBuilderInternal(c.pathParameters(), c.adapter).Get(ctx,
			&policies.AuthorizationPolicyRequestBuilderGetRequestConfiguration{
				QueryParameters: &policies.AuthorizationPolicyRequestBuilderGetQueryParameters{
					Select: []string{"allowInvitesFrom"},
				},
			})
		switch {
		case err != nil:
			return "", err
		case policy == nil:
			return "", errors.New("no authorization policy")
		case policy.GetAllowInvitesFrom() == nil:
			return "", nil
		}
		return directory.AllowInvitesFrom(policy.GetAllowInvitesFrom().String()), nil
	})
}

// Permissions implements directory.Settings. A token that is older than five minutes is replaced, so that a permission that was
// granted since is seen.
func (c *Client) Permissions(ctx context.Context) (directory.Permissions, error) {
	c.tokens.renew(renewForPermission)
	token, err := c.tokens.token(ctx, "")
	if err != nil {
		return directory.Permissions{}, err
	}
	return c.tokens.permissions(token), nil
}
