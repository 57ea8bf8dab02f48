package graph

import (
	"context"
	"time"

	sdk "github.com/microsoftgraph/msgraph-sdk-go/directory"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func (c *Client) deletedUsers() *sdk.DeletedItemsGraphUserRequestBuilder {
	return sdk.NewDeletedItemsGraphUserRequestBuilderInternal(c.pathParameters(), c.adapter)
}

// findDeletedUsers gives the users in the deleted items that the filter selects, and the time as findUsers does. Deletion changes the user principal name and
// frees the proxy addresses, so neither is worth a clause.
func (c *Client) findDeletedUsers(ctx context.Context, filter *string) (found []directory.User, at time.Time, err error) {
	first := func(ctx context.Context) (models.UserCollectionResponseable, error) {
		page, err := c.deletedUsers().Get(ctx, &sdk.DeletedItemsGraphUserRequestBuilderGetRequestConfiguration{
			QueryParameters: &sdk.DeletedItemsGraphUserRequestBuilderGetQueryParameters{
				Filter: filter,
				Select: deletedUserProperties(),
				Top:    new(int32(pageSize)),
			},
		})
		return page, dated(ctx, err, &at)
	}
	next := func(ctx context.Context, link string) (models.UserCollectionResponseable, error) {
		return c.deletedUsers().WithUrl(link).Get(ctx, nil)
	}
	err = pages(ctx, c, findDeletedUsers, first, next, usersOf, collect(&found))
	return found, at, err
}

// GetDeletedUser implements directory.Users.
func (c *Client) GetDeletedUser(ctx context.Context, id string) (directory.User, error) {
	if err := requireIDs(id); err != nil {
		return directory.User{}, err
	}
	return call(ctx, c, getDeletedUser, func(ctx context.Context) (directory.User, error) {
		items := sdk.NewDeletedItemsRequestBuilderInternal(c.pathParameters(), c.adapter)
		user, err := items.ByDirectoryObjectId(id).GraphUser().Get(ctx, &sdk.DeletedItemsItemGraphUserRequestBuilderGetRequestConfiguration{
			QueryParameters: &sdk.DeletedItemsItemGraphUserRequestBuilderGetQueryParameters{Select: deletedUserProperties()},
		})
		return oneUser(user, err, id)
	})
}
