package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/microsoftgraph/msgraph-sdk-go/directory"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// UpdateProfile implements directory.UserWriter. A property is cleared by null: Graph refuses an empty text.
func (c *Client) UpdateProfile(ctx context.Context, userID string, changes directory.ProfileChanges) error {
	if len(changes) == 0 {
		return &directory.Error{Class: directory.Invalid, Err: errors.New("no property of the profile to set")}
	}
	properties := make(map[string]any, len(changes))
	for field, text := range changes {
		if !slices.Contains(directory.ProfileFields(), field) {
			return &directory.Error{Class: directory.Invalid, Err: fmt.Errorf("%q is not a property of the profile", field)}
		}
		properties[string(field)] = text
		if text == "" {
			properties[string(field)] = json.RawMessage("null")
		}
	}
	return c.updateUser(ctx, updateProfile, userID, properties)
}

// SetAccountEnabled implements directory.UserWriter.
func (c *Client) SetAccountEnabled(ctx context.Context, userID string, enabled bool) error {
	op := disableUser
	if enabled {
		op = enableUser
	}
	return c.updateUser(ctx, op, userID, map[string]any{"accountEnabled": enabled})
}

// updateUser sends these properties and nothing else. They go as additional data, since the SDK has no way to write a null.
func (c *Client) updateUser(ctx context.Context, op operation, userID string, properties map[string]any) error {
	if err := requireIDs(userID); err != nil {
		return err
	}
	user := models.NewUser()
	user.SetOdataType(nil)
	user.SetAdditionalData(properties)
	_, err := call(ctx, c, op, func(ctx context.Context) (struct{}, error) {
		_, err := c.users().ByUserId(userID).Patch(ctx, user, nil)
		return struct{}{}, err
	})
	return err
}

// RevokeSignInSessions implements directory.UserWriter.
func (c *Client) RevokeSignInSessions(ctx context.Context, userID string) error {
	if err := requireIDs(userID); err != nil {
		return err
	}
	_, err := call(ctx, c, revokeSessions, func(ctx context.Context) (struct{}, error) {
		answer, err := c.users().ByUserId(userID).RevokeSignInSessions().PostAsRevokeSignInSessionsPostResponse(ctx, nil)
		if err == nil && answer != nil && answer.GetValue() != nil && !*answer.GetValue() {
			err = errors.New("the sessions were not revoked")
		}
		return struct{}{}, err
	})
	return err
}

// RestoreUser implements directory.UserWriter.
func (c *Client) RestoreUser(ctx context.Context, userID string) (directory.User, error) {
	if err := requireIDs(userID); err != nil {
		return directory.User{}, err
	}
	return call(ctx, c, restoreUser, func(ctx context.Context) (directory.User, error) {
		items := sdk.NewDeletedItemsRequestBuilderInternal(c.pathParameters(), c.adapter)
		restored, err := items.ByDirectoryObjectId(userID).Restore().Post(ctx, nil)
		switch {
		case err != nil:
			return directory.User{}, err
		case restored == nil || !strings.EqualFold(value(restored.GetId()), userID):
			return directory.User{}, errors.New("not the user that was to be restored")
		}
		return restoredUser(restored), nil
	})
}

// restoredUser gives the id alone where the answer leaves out what decides about a user: it is not documented what it holds.
func restoredUser(restored models.DirectoryObjectable) directory.User {
	user, ok := restored.(models.Userable)
	if !ok || user.GetUserPrincipalName() == nil || user.GetUserType() == nil || user.GetAccountEnabled() == nil ||
		user.GetCreatedDateTime() == nil || user.GetIdentities() == nil {
		return directory.User{ID: value(restored.GetId())}
	}
	return userOf(user)
}
