package graph

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func (c *Client) users() *users.UsersRequestBuilder {
	return users.NewUsersRequestBuilderInternal(c.pathParameters(), c.adapter)
}

// FindByAddress implements directory.Users with two requests, for users and for deleted items. The filters are of the kind that
// Graph answers from the directory itself; the others (ConsistencyLevel: eventual) come from an index that lags.
func (c *Client) FindByAddress(ctx context.Context, address string) (directory.Lookup, error) {
	present, at, err := c.findUsers(ctx, either(
		equals("mail", address),
		anyEquals("otherMails", address),
		anyEquals("proxyAddresses", "SMTP:"+address),
		anyEquals("proxyAddresses", "smtp:"+address),
		startsWith("userPrincipalName", directory.ExternalNamePrefix(address)),
	))
	if err != nil {
		return directory.Lookup{}, err
	}
	deleted, err := c.findDeletedUsers(ctx, either(equals("mail", address), anyEquals("otherMails", address)))
	if err != nil {
		return directory.Lookup{}, err
	}
	return directory.Lookup{Users: present, Deleted: deleted, At: at}, nil
}

// findUsers gives the users that the filter selects, and the directory's time when it was asked for the first page.
func (c *Client) findUsers(ctx context.Context, filter *string) (found []directory.User, at time.Time, err error) {
	first := func(ctx context.Context) (models.UserCollectionResponseable, error) {
		page, err := c.users().Get(ctx, usersQuery(filter))
		if at = exchangeOf(ctx).date; err == nil && at.IsZero() {
			err = errors.New("no Date header")
		}
		return page, err
	}
	err = pages(ctx, c, findUsers, first, c.nextUsers, usersOf, collect(&found))
	return found, at, err
}

// GetUser implements directory.Users.
func (c *Client) GetUser(ctx context.Context, id string) (directory.User, error) {
	if err := requireIDs(id); err != nil {
		return directory.User{}, err
	}
	return call(ctx, c, getUser, func(ctx context.Context) (directory.User, error) {
		user, err := c.users().ByUserId(id).Get(ctx, &users.UserItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: userProperties},
		})
		return oneUser(user, err, id)
	})
}

// DeleteUser implements directory.Users.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	if err := requireIDs(id); err != nil {
		return err
	}
	_, err := call(ctx, c, deleteUser, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.users().ByUserId(id).Delete(ctx, nil)
	})
	return err
}

// ListGuests implements directory.Lister. Beside the guests it lists everybody who came by an invitation, since a guest can be
// made a Member.
func (c *Client) ListGuests(ctx context.Context, yield func([]directory.User) error) error {
	first := func(ctx context.Context) (models.UserCollectionResponseable, error) {
		return c.users().Get(ctx, usersQuery(either(equals("userType", "Guest"), equals("creationType", "Invitation"))))
	}
	return pages(ctx, c, listGuests, first, c.nextUsers, usersOf, yield)
}

// ListPending implements directory.Lister.
func (c *Client) ListPending(ctx context.Context, yield func([]directory.User) error) error {
	first := func(ctx context.Context) (models.UserCollectionResponseable, error) {
		return c.users().Get(ctx, usersQuery(new(equals("externalUserState", string(directory.PendingAcceptance)))))
	}
	return pages(ctx, c, listPending, first, c.nextUsers, usersOf, yield)
}

func usersQuery(filter *string) *users.UsersRequestBuilderGetRequestConfiguration {
	return &users.UsersRequestBuilderGetRequestConfiguration{QueryParameters: &users.UsersRequestBuilderGetQueryParameters{
		Filter: filter,
		Select: userProperties,
		Top:    new(int32(pageSize)),
	}}
}

func (c *Client) nextUsers(ctx context.Context, link string) (models.UserCollectionResponseable, error) {
	return c.users().WithUrl(link).Get(ctx, nil)
}

// oneUser is the user with the id that was asked for, or an error.
func oneUser(user models.Userable, err error, id string) (directory.User, error) {
	if err != nil {
		return directory.User{}, err
	}
	if user == nil || !strings.EqualFold(value(user.GetId()), id) {
		return directory.User{}, errors.New("not the user that was asked for")
	}
	return userOf(user), nil
}
