package graph

import (
	"context"
	"errors"

	"github.com/microsoftgraph/msgraph-sdk-go/invitations"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

var errNotAnInvitation = errors.New("not an invitation with a user")

// Invite implements directory.Inviter.
func (c *Client) Invite(ctx context.Context, invitation directory.Invitation) (directory.Invited, error) {
	return call(ctx, c, invite, func(ctx context.Context) (directory.Invited, error) {
		answer, err := invitations.NewInvitationsRequestBuilderInternal(c.pathParameters(), c.adapter).Post(ctx, invitationOf(invitation), nil)
		switch {
		case err != nil:
			return directory.Invited{}, err
		case answer == nil || answer.GetInvitedUser() == nil || !isObjectID(value(answer.GetInvitedUser().GetId())):
			return directory.Invited{}, errNotAnInvitation
		}
		return directory.Invited{
			UserID:    value(answer.GetInvitedUser().GetId()),
			RedeemURL: directory.RedeemURL(value(answer.GetInviteRedeemUrl())),
		}, nil
	})
}

func invitationOf(i directory.Invitation) models.Invitationable {
	invitation := models.NewInvitation()
	invitation.SetInvitedUserEmailAddress(&i.EmailAddress)
	invitation.SetInviteRedirectUrl(&i.RedirectURL)
	invitation.SetSendInvitationMessage(&i.SendMessage)
	if i.DisplayName != "" {
		invitation.SetInvitedUserDisplayName(&i.DisplayName)
	}
	if i.UserType != "" {
		invitation.SetInvitedUserType(new(string(i.UserType)))
	}
	if i.Language != "" {
		info := models.NewInvitedUserMessageInfo()
		info.SetMessageLanguage(&i.Language)
		invitation.SetInvitedUserMessageInfo(info)
	}
	return invitation
}
