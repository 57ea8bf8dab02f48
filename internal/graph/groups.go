package graph

import (
	"context"
	"errors"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func (c *Client) groups() *groups.GroupsRequestBuilder {
	return groups.NewGroupsRequestBuilderInternal(c.pathParameters(), c.adapter)
}

// GetGroup implements directory.Groups.
func (c *Client) GetGroup(ctx context.Context, id string) (directory.Group, error) {
	if err := requireIDs(id); err != nil {
		return directory.Group{}, err
	}
	return call(ctx, c, getGroup, func(ctx context.Context) (directory.Group, error) {
		group, err := c.groups().ByGroupId(id).Get(ctx, &groups.GroupItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.GroupItemRequestBuilderGetQueryParameters{Select: groupProperties},
		})
		switch {
		case err != nil:
			return directory.Group{}, err
		case group == nil || !strings.EqualFold(value(group.GetId()), id):
			return directory.Group{}, errors.New("not the group that was asked for")
		}
		return groupOf(group), nil
	})
}

// FindGroups implements directory.Groups.
func (c *Client) FindGroups(ctx context.Context, displayName string) (found []directory.Group, err error) {
	first := func(ctx context.Context) (models.GroupCollectionResponseable, error) {
		return c.groups().Get(ctx, &groups.GroupsRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.GroupsRequestBuilderGetQueryParameters{
				Filter: new(equals(nameProperty, displayName)),
				Select: groupProperties,
				Top:    new(int32(pageSize)),
			},
		})
	}
	next := func(ctx context.Context, link string) (models.GroupCollectionResponseable, error) {
		return c.groups().WithUrl(link).Get(ctx, nil)
	}
	err = pages(ctx, c, findGroups, first, next, groupsOf, collect(&found))
	return found, err
}
