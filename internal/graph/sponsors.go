package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

const groupODataType = "#microsoft.graph.group"

func (c *Client) sponsors(userID string) *users.ItemSponsorsRequestBuilder {
	return c.users().ByUserId(userID).Sponsors()
}

// ListSponsors implements directory.Sponsors.
func (c *Client) ListSponsors(ctx context.Context, userID string) (found []directory.Sponsor, err error) {
	if err := requireIDs(userID); err != nil {
		return nil, err
	}
	first := func(ctx context.Context) (models.DirectoryObjectCollectionResponseable, error) {
		return c.sponsors(userID).Get(ctx, &users.ItemSponsorsRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.ItemSponsorsRequestBuilderGetQueryParameters{Select: []string{"id", nameProperty}},
		})
	}
	next := func(ctx context.Context, link string) (models.DirectoryObjectCollectionResponseable, error) {
		return users.NewItemSponsorsRequestBuilder(link, c.adapter).Get(ctx, nil)
	}
	err = pages(ctx, c, listSponsors, first, next, sponsorsOf, collect(&found))
	return found, err
}

func sponsorsOf(page []models.DirectoryObjectable) ([]directory.Sponsor, error) {
	sponsors := make([]directory.Sponsor, 0, len(page))
	for _, object := range page {
		if object == nil || value(object.GetId()) == "" {
			return nil, errors.New("a sponsor without an id")
		}
		sponsor := directory.Sponsor{SponsorRef: directory.SponsorRef{ID: value(object.GetId())}}
		switch value(object.GetOdataType()) {
		case userODataType:
			sponsor.Kind = directory.SponsorUser
		case groupODataType:
			sponsor.Kind = directory.SponsorGroup
		}
		if named, ok := object.(interface{ GetDisplayName() *string }); ok {
			sponsor.DisplayName = value(named.GetDisplayName())
		}
		sponsors = append(sponsors, sponsor)
	}
	return sponsors, nil
}

// AddSponsor implements directory.Sponsors.
// https://learn.microsoft.com/graph/api/user-post-sponsors
func (c *Client) AddSponsor(ctx context.Context, userID string, sponsor directory.SponsorRef) error {
	if err := requireIDs(userID); err != nil {
		return err
	}
	if err := requireSponsors([]directory.SponsorRef{sponsor}); err != nil {
		return err
	}
	set := "/users/"
	if sponsor.Kind == directory.SponsorGroup {
		set = "/groups/"
	}
	reference := models.NewReferenceCreate()
	reference.SetOdataId(new(c.base + set + sponsor.ID))
	_, err := call(ctx, c, addSponsor, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.changeReference(ctx, abstractions.POST, sponsorsTemplate, map[string]string{"user": userID}, reference)
	})
	return err
}

// RemoveSponsor implements directory.Sponsors. It deletes the reference, as RemoveMember does.
// https://learn.microsoft.com/graph/api/user-delete-sponsors
func (c *Client) RemoveSponsor(ctx context.Context, userID, sponsorID string) error {
	if err := requireIDs(userID, sponsorID); err != nil {
		return err
	}
	_, err := call(ctx, c, removeSponsor, func(ctx context.Context) (struct{}, error) {
		parameters := map[string]string{"user": userID, "sponsor": sponsorID}
		return struct{}{}, c.changeReference(ctx, abstractions.DELETE, sponsorTemplate, parameters, nil)
	})
	return err
}

// The references between a user and the sponsors, for which the SDK has no request builders.
const (
	sponsorsTemplate = "{+baseurl}/users/{user}/sponsors/$ref"
	sponsorTemplate  = "{+baseurl}/users/{user}/sponsors/{sponsor}/$ref"
)

// changeReference sends what the SDK's request builders for $ref would, through its adapter and so through all of the middlewares.
func (c *Client) changeReference(ctx context.Context, method abstractions.HttpMethod, template string, parameters map[string]string,
	reference models.ReferenceCreateable) error {
	path := c.pathParameters()
	maps.Copy(path, parameters)
	request := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(method, template, path)
	request.Headers.TryAdd("Accept", "application/json")
	if reference != nil {
		if err := request.SetContentFromParsable(ctx, c.adapter, "application/json", reference); err != nil {
			return err
		}
	}
	return c.adapter.SendNoContent(ctx, request, nil) // an answer that is not one of success does not come this far: see translator
}

// requireSponsors refuses what is no reference to a user or a group.
func requireSponsors(refs []directory.SponsorRef) error {
	for _, ref := range refs {
		if err := requireIDs(ref.ID); err != nil {
			return err
		}
		if ref.Kind != directory.SponsorUser && ref.Kind != directory.SponsorGroup {
			return &directory.Error{Class: directory.Invalid, Err: fmt.Errorf("a sponsor is a user or a group, not %q", ref.Kind)}
		}
	}
	return nil
}

// GetUserByName implements directory.Sponsors.
func (c *Client) GetUserByName(ctx context.Context, userPrincipalName string) (directory.User, error) {
	if err := requireName(userPrincipalName); err != nil {
		return directory.User{}, err
	}
	return call(ctx, c, getUserByName, func(ctx context.Context) (directory.User, error) {
		user, err := c.users().ByUserId(userPrincipalName).Get(ctx, oneUserQuery())
		switch {
		case err != nil:
			return directory.User{}, err
		case user == nil || value(user.GetId()) == "" || !strings.EqualFold(value(user.GetUserPrincipalName()), userPrincipalName):
			return directory.User{}, errors.New("not the user that was asked for")
		}
		return userOf(user), nil
	})
}
