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
	if err := requireSponsors(invitation.Sponsors); err != nil {
		return directory.Invited{}, err
	}
	return call(ctx, c, invite, func(ctx context.Context) (directory.Invited, error) {
		answer, err := invitations.NewInvitationsRequestBuilderInternal(c.pathParameters(), c.adapter).Post(ctx, invitationOf(invitation), nil)
		switch {
		case err != nil:
			return directory.Invited{}, err
		case answer == nil || answer.GetInvitedUser() == nil || !isObjectID(value(answer.GetInvitedUser().GetId())):
			return directory.Invited{}, errNotAnInvitation
		}
		invited := directory.Invited{UserID: value(answer.GetInvitedUser().GetId())}
		if invitation.WantRedeemURL {
			invited.RedeemURL = directory.NewSecret(value(answer.GetInviteRedeemUrl()))
		}
		return invited, nil
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
	if info := messageOf(i); info != nil {
		invitation.SetInvitedUserMessageInfo(info)
	}
	if len(i.Sponsors) > 0 {
		// By id alone: whether it is a user or a group, the directory knows.
		sponsors := make([]models.DirectoryObjectable, 0, len(i.Sponsors))
		for _, ref := range i.Sponsors {
			sponsor := models.NewDirectoryObject()
			sponsor.SetId(&ref.ID)
			sponsors = append(sponsors, sponsor)
		}
		invitation.SetInvitedUserSponsors(sponsors)
	}
	return invitation
}

// messageOf is nil where the mail is to be as Entra makes it.
func messageOf(i directory.Invitation) models.InvitedUserMessageInfoable {
	if i.Language == "" && i.Body == "" && len(i.CcRecipients) == 0 {
		return nil
	}
	info := models.NewInvitedUserMessageInfo()
	if i.Language != "" {
		info.SetMessageLanguage(&i.Language)
	}
	if i.Body != "" {
		info.SetCustomizedMessageBody(&i.Body)
	}
	if len(i.CcRecipients) > 0 {
		recipients := make([]models.Recipientable, 0, len(i.CcRecipients))
		for _, address := range i.CcRecipients {
			email, recipient := models.NewEmailAddress(), models.NewRecipient()
			email.SetAddress(&address)
			recipient.SetEmailAddress(email)
			recipients = append(recipients, recipient)
		}
		info.SetCcRecipients(recipients)
	}
	return info
}
