package graph

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func (c *Client) users() *users.UsersRequestBuilder {
	return users.NewUsersRequestBuilderInternal(c.pathParameters(), c.adapter)
}

// FindByAddress implements directory.Users with two requests at once, for users and for deleted items. The filters are of the kind
// that Graph answers from the directory itself; the others (ConsistencyLevel: eventual) come from an index that lags.
//
// Its time is the earlier one of the two answers' first pages, so that it is later than neither. For an answer in a $batch it can be the
// time at which the whole $batch was answered. That is before anything that follows from the lookup, so whoever was made for it
// is not older; and somebody else's, made between the search and that time, is.
func (c *Client) FindByAddress(ctx context.Context, address string) (directory.Lookup, error) {
	var present, deleted []directory.User
	var presentAt, deletedAt time.Time
	var presentErr, deletedErr error
	ctx = together(ctx, 2)
	var both sync.WaitGroup
	both.Go(func() {
		deleted, deletedAt, deletedErr = c.findDeletedUsers(ctx, either(equals("mail", address), anyEquals("otherMails", address)))
	})
	present, presentAt, presentErr = c.findUsers(ctx, either(
		equals("mail", address),
		anyEquals("otherMails", address),
		anyEquals("proxyAddresses", "SMTP:"+address),
		anyEquals("proxyAddresses", "smtp:"+address),
		startsWith("userPrincipalName", directory.ExternalNamePrefix(address)),
	))
	both.Wait()
	if err := cmp.Or(presentErr, deletedErr); err != nil {
		return directory.Lookup{}, err
	}
	at := presentAt
	if deletedAt.Before(at) {
		at = deletedAt
	}
	return directory.Lookup{Users: present, Deleted: deleted, At: at}, nil
}

// findUsers gives the users that the filter selects, and the directory's time when it was asked for the first page.
func (c *Client) findUsers(ctx context.Context, filter *string) (found []directory.User, at time.Time, err error) {
	first := func(ctx context.Context) (models.UserCollectionResponseable, error) {
		page, err := c.users().Get(ctx, usersQuery(filter))
		return page, dated(ctx, err, &at)
	}
	err = pages(ctx, c, findUsers, first, c.nextUsers, usersOf, collect(&found))
	return found, at, err
}

// dated notes the directory's time of the answer that has just come. An answer without one will not do.
func dated(ctx context.Context, err error, at *time.Time) error {
	if *at = exchangeOf(ctx).date; err == nil && at.IsZero() {
		return errors.New("no Date header")
	}
	return err
}

// GetUser implements directory.Users.
func (c *Client) GetUser(ctx context.Context, id string) (directory.User, error) {
	if err := requireIDs(id); err != nil {
		return directory.User{}, err
	}
	return call(ctx, c, getUser, func(ctx context.Context) (directory.User, error) {
		user, err := c.users().ByUserId(id).Get(ctx, oneUserQuery())
		return oneUser(user, err, id)
	})
}

func oneUserQuery() *users.UserItemRequestBuilderGetRequestConfiguration {
	return &users.UserItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: userProperties},
	}
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
