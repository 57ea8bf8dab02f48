package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func (c *Client) members(groupID string) *groups.ItemMembersRequestBuilder {
	return c.groups().ByGroupId(groupID).Members()
}

// IsMember implements directory.Groups. The filter on id is answered from the directory itself, without the headers of an
// advanced query, which would ask a lagging index. checkMemberGroups would not do: it counts nested groups.
func (c *Client) IsMember(ctx context.Context, groupID, userID string) (bool, error) {
	if err := requireIDs(groupID, userID); err != nil {
		return false, err
	}
	found := false
	first := func(ctx context.Context) (models.DirectoryObjectCollectionResponseable, error) {
		return c.members(groupID).Get(ctx, membersQuery(new(equals("id", userID)), nil))
	}
	err := pages(ctx, c, isMember, first, c.nextMembers, memberIDs, func(ids []string) error {
		found = found || slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, userID) })
		return nil
	})
	return found, err
}

// AddMembers implements directory.Groups. Graph adds up to twenty in one request, all or nothing.
// https://learn.microsoft.com/graph/api/group-post-members
func (c *Client) AddMembers(ctx context.Context, groupID string, userIDs []string) error {
	if n := len(userIDs); n == 0 || n > directory.MaxMembersPerAddition {
		return &directory.Error{Class: directory.Invalid, Err: fmt.Errorf("adding %d members at once", n)}
	}
	if err := requireIDs(append([]string{groupID}, userIDs...)...); err != nil {
		return err
	}
	if len(userIDs) == 1 {
		return c.addMember(ctx, groupID, userIDs[0])
	}
	links := make([]string, 0, len(userIDs))
	for _, id := range userIDs {
		links = append(links, c.base+"/directoryObjects/"+id)
	}
	group := models.NewGroup()
	group.SetOdataType(nil) // the references alone: Graph takes no other change beside them
	group.SetAdditionalData(map[string]any{"members@odata.bind": links})
	_, err := call(ctx, c, addMembers, func(ctx context.Context) (struct{}, error) {
		_, err := c.groups().ByGroupId(groupID).Patch(ctx, group, nil)
		return struct{}{}, err
	})
	return err
}

func (c *Client) addMember(ctx context.Context, groupID, userID string) error {
	reference := models.NewReferenceCreate()
	reference.SetOdataId(new(c.base + "/directoryObjects/" + userID))
	_, err := call(ctx, c, addMember, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.members(groupID).Ref().Post(ctx, reference, nil)
	})
	return err
}

// RemoveMember implements directory.Groups. It deletes the reference: the same path without $ref would delete the user.
func (c *Client) RemoveMember(ctx context.Context, groupID, userID string) error {
	if err := requireIDs(groupID, userID); err != nil {
		return err
	}
	_, err := call(ctx, c, removeMember, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.members(groupID).ByDirectoryObjectId(userID).Ref().Delete(ctx, nil)
	})
	return err
}

// ListMembers implements directory.Lister.
func (c *Client) ListMembers(ctx context.Context, groupID string, yield func(userIDs []string) error) error {
	if err := requireIDs(groupID); err != nil {
		return err
	}
	first := func(ctx context.Context) (models.DirectoryObjectCollectionResponseable, error) {
		return c.members(groupID).Get(ctx, membersQuery(nil, new(int32(pageSize))))
	}
	return pages(ctx, c, listMembers, first, c.nextMembers, memberIDs, yield)
}

func membersQuery(filter *string, top *int32) *groups.ItemMembersRequestBuilderGetRequestConfiguration {
	return &groups.ItemMembersRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.ItemMembersRequestBuilderGetQueryParameters{Filter: filter, Select: []string{"id"}, Top: top},
	}
}

func (c *Client) nextMembers(ctx context.Context, link string) (models.DirectoryObjectCollectionResponseable, error) {
	return groups.NewItemMembersRequestBuilder(link, c.adapter).Get(ctx, nil)
}

// memberIDs gives the ids of the members that are users. Groups, devices and service principals can be members too.
func memberIDs(page []models.DirectoryObjectable) ([]string, error) {
	ids := make([]string, 0, len(page))
	for _, member := range page {
		if member == nil || value(member.GetId()) == "" {
			return nil, errors.New("a member without an id")
		}
		if value(member.GetOdataType()) == userODataType {
			ids = append(ids, value(member.GetId()))
		}
	}
	return ids, nil
}
