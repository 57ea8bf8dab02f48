package graph

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// What the answer to a delta query holds beside the properties.
// https://learn.microsoft.com/graph/delta-query-overview
const (
	removedAnnotation = "@removed"
	membersChanges    = "members@delta"
	userODataType     = "#microsoft.graph.user"
)

// deltaCollection is one page of a delta query. The last one has a delta link in place of the next link.
type deltaCollection[V any] interface {
	collection[V]
	GetOdataDeltaLink() *string
}

// LatestUsers implements directory.Changes.
func (c *Client) LatestUsers(ctx context.Context) (directory.DeltaLink, error) {
	first := func(ctx context.Context) (users.DeltaGetResponseable, error) {
		builder := c.users().Delta()
		latest, err := c.latest(builder.ToGetRequestInformation(ctx, &users.DeltaRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.DeltaRequestBuilderGetQueryParameters{Select: userProperties},
		}))
		if err != nil {
			return nil, err
		}
		return builder.WithUrl(latest).GetAsDeltaGetResponse(ctx, nil)
	}
	return changes(ctx, c, latestUsers, first, c.moreUserChanges, userChangesOf, ignore)
}

// UserChanges implements directory.Changes.
func (c *Client) UserChanges(ctx context.Context, from directory.DeltaLink,
	yield func([]directory.UserChange) error) (directory.DeltaLink, error) {
	first := func(ctx context.Context) (users.DeltaGetResponseable, error) {
		return c.moreUserChanges(ctx, string(from))
	}
	return changes(ctx, c, userChanges, first, c.moreUserChanges, userChangesOf, yield)
}

func (c *Client) moreUserChanges(ctx context.Context, link string) (users.DeltaGetResponseable, error) {
	if err := c.requireOwn(link); err != nil {
		return nil, err
	}
	return c.users().Delta().WithUrl(link).GetAsDeltaGetResponse(ctx, nil)
}

// LatestMembers implements directory.Changes. The filter by id is the only one that a delta query knows.
// https://learn.microsoft.com/graph/api/group-delta
func (c *Client) LatestMembers(ctx context.Context, groupIDs []string) (directory.DeltaLink, error) {
	if err := requireIDs(groupIDs...); err != nil {
		return "", err
	}
	if len(groupIDs) == 0 || len(groupIDs) > directory.MaxGroupsPerDelta {
		return "", &directory.Error{Class: directory.Invalid, Err: fmt.Errorf("a delta query is about 1 to %d groups, not %d",
			directory.MaxGroupsPerDelta, len(groupIDs))}
	}
	clauses := make([]string, 0, len(groupIDs))
	for _, id := range groupIDs {
		clauses = append(clauses, equals("id", id))
	}
	first := func(ctx context.Context) (groups.DeltaGetResponseable, error) {
		builder := c.groups().Delta()
		latest, err := c.latest(builder.ToGetRequestInformation(ctx, &groups.DeltaRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.DeltaRequestBuilderGetQueryParameters{Select: []string{"members"}, Filter: either(clauses...)},
		}))
		if err != nil {
			return nil, err
		}
		return builder.WithUrl(latest).GetAsDeltaGetResponse(ctx, nil)
	}
	return changes(ctx, c, latestMembers, first, c.moreMemberChanges, memberChangesOf, ignore)
}

// MemberChanges implements directory.Changes.
func (c *Client) MemberChanges(ctx context.Context, from directory.DeltaLink,
	yield func([]directory.MemberChange) error) (directory.DeltaLink, error) {
	first := func(ctx context.Context) (groups.DeltaGetResponseable, error) {
		return c.moreMemberChanges(ctx, string(from))
	}
	return changes(ctx, c, memberChanges, first, c.moreMemberChanges, memberChangesOf, yield)
}

func (c *Client) moreMemberChanges(ctx context.Context, link string) (groups.DeltaGetResponseable, error) {
	if err := c.requireOwn(link); err != nil {
		return nil, err
	}
	return c.groups().Delta().WithUrl(link).GetAsDeltaGetResponse(ctx, nil)
}

// latest is the URL of a delta query that shows nothing of what is and begins now. The SDK has no parameter for that.
func (c *Client) latest(request *abstractions.RequestInformation, err error) (string, error) {
	if err != nil {
		return "", err
	}
	address, err := request.GetUri()
	if err != nil {
		return "", err
	}
	address.RawQuery += "&$deltatoken=latest"
	return address.String(), nil
}

// changes follows a delta query from its first page to the delta link on its last.
func changes[V, T any, P deltaCollection[V]](ctx context.Context, c *Client, op operation,
	first func(context.Context) (P, error), next func(ctx context.Context, link string) (P, error),
	convert func([]V) ([]T, error), yield func([]T) error) (directory.DeltaLink, error) {
	var link string
	noting := func(page P, err error) (P, error) {
		if err == nil && any(page) != nil {
			link = value(page.GetOdataDeltaLink())
		}
		return page, err
	}
	err := pages(ctx, c, op,
		func(ctx context.Context) (P, error) { return noting(first(ctx)) },
		func(ctx context.Context, link string) (P, error) { return noting(next(ctx, link)) },
		convert, yield)
	if err != nil {
		return "", err
	}
	if err := c.requireOwn(link); err != nil {
		return "", &directory.Error{Class: directory.Unavailable, Err: &unreadableError{err}}
	}
	return directory.DeltaLink(link), nil
}

// requireOwn refuses a delta link that does not lead to the tenant's Graph host, before it is kept and again before it is
// followed. The error does not quote it: whoever has it can read the changes with any token of the tenant.
func (c *Client) requireOwn(link string) error {
	own, err := url.Parse(c.base)
	if err != nil {
		return err
	}
	address, err := url.Parse(link)
	switch {
	case link == "":
		return errors.New("no delta link")
	case err != nil:
		return errors.New("a delta link that is no URL")
	case address.Scheme != own.Scheme || !strings.EqualFold(address.Host, own.Host) || address.User != nil:
		return fmt.Errorf("%w: a delta link", errForeignHost)
	}
	return nil
}

func ignore[T any]([]T) error { return nil }

// userChangesOf leaves a user enabled whose item is silent about it: nobody is to be taken for blocked on hearsay.
func userChangesOf(page []models.Userable) ([]directory.UserChange, error) {
	found, err := usersOf(page)
	if err != nil {
		return nil, err
	}
	changes := make([]directory.UserChange, 0, len(found))
	for i, user := range found {
		if page[i].GetAdditionalData()[removedAnnotation] != nil {
			changes = append(changes, directory.UserChange{User: directory.User{ID: user.ID}, Removed: true})
			continue
		}
		user.AccountEnabled = user.AccountEnabled || page[i].GetAccountEnabled() == nil
		changes = append(changes, directory.UserChange{User: user})
	}
	return changes, nil
}

// memberChangesOf gives the changes of the members that are users. A group can be in a page without any, and in several pages.
func memberChangesOf(page []models.Groupable) (changes []directory.MemberChange, err error) {
	for _, group := range page {
		if group == nil || value(group.GetId()) == "" {
			return nil, errors.New("a group without an id")
		}
		id, said := value(group.GetId()), group.GetAdditionalData()
		if said[removedAnnotation] != nil {
			changes = append(changes, directory.MemberChange{GroupID: id, Removed: true})
			continue
		}
		members, ok := said[membersChanges].([]any)
		if !ok && said[membersChanges] != nil {
			return nil, errors.New("changes of members that are no list")
		}
		for _, member := range members {
			change, err := memberChangeOf(id, member)
			if err != nil {
				return nil, err
			}
			if change != nil {
				changes = append(changes, *change)
			}
		}
	}
	return changes, nil
}

// memberChangeOf gives nil for a member that is no user.
func memberChangeOf(groupID string, said any) (*directory.MemberChange, error) {
	member, ok := said.(map[string]any)
	if !ok || plain(member["id"]) == "" {
		return nil, errors.New("a change of members without an id")
	}
	if plain(member["@odata.type"]) != userODataType {
		return nil, nil
	}
	return &directory.MemberChange{GroupID: groupID, UserID: plain(member["id"]), Removed: member[removedAnnotation] != nil}, nil
}

// plain is a string as the SDK gives it in the additional data; "" for anything else.
func plain(said any) string {
	switch s := said.(type) {
	case *string:
		return value(s)
	case string:
		return s
	}
	return ""
}
