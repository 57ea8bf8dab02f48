package graph

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/organization"
	"github.com/microsoftgraph/msgraph-sdk-go/policies"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// Organization implements directory.Settings.
func (c *Client) Organization(ctx context.Context) (directory.Organization, error) {
	answer, err := call(ctx, c, getOrganization, func(ctx context.Context) (models.OrganizationCollectionResponseable, error) {
		return organization.NewOrganizationRequestBuilderInternal(c.pathParameters(), c.adapter).Get(ctx,
			&organization.OrganizationRequestBuilderGetRequestConfiguration{
				QueryParameters: &organization.OrganizationRequestBuilderGetQueryParameters{
					Select: []string{"id", "displayName", "verifiedDomains"},
				},
			})
	})
	switch {
	case err != nil:
		return directory.Organization{}, err
	case answer == nil || len(answer.GetValue()) != 1 || answer.GetValue()[0] == nil:
		return directory.Organization{}, unusable("not exactly one organization")
	}
	found := answer.GetValue()[0]
	result := directory.Organization{ID: value(found.GetId()), DisplayName: value(found.GetDisplayName())}
	for _, domain := range found.GetVerifiedDomains() {
		if domain != nil && value(domain.GetName()) != "" {
			result.VerifiedDomains = append(result.VerifiedDomains, value(domain.GetName()))
		}
	}
	return result, nil
}

// AllowInvitesFrom implements directory.Settings. It is "" for a value that this version of the SDK does not know.
func (c *Client) AllowInvitesFrom(ctx context.Context) (directory.AllowInvitesFrom, error) {
	policy, err := call(ctx, c, getPolicy, func(ctx context.Context) (models.AuthorizationPolicyable, error) {
		return policies.NewAuthorizationPolicyRequestBuilderInternal(c.pathParameters(), c.adapter).Get(ctx,
			&policies.AuthorizationPolicyRequestBuilderGetRequestConfiguration{
				QueryParameters: &policies.AuthorizationPolicyRequestBuilderGetQueryParameters{
					Select: []string{"allowInvitesFrom"},
				},
			})
	})
	switch {
	case err != nil:
		return "", err
	case policy == nil:
		return "", unusable("no authorization policy")
	case policy.GetAllowInvitesFrom() == nil:
		return "", nil
	}
	return directory.AllowInvitesFrom(policy.GetAllowInvitesFrom().String()), nil
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
