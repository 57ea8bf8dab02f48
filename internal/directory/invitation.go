package directory

// Invitation is what POST /invitations is asked for.
// https://learn.microsoft.com/graph/api/invitation-post
type Invitation struct {
	EmailAddress string
	// DisplayName is a first guess only: redemption overwrites it with the name from the guest's home directory.
	DisplayName string
	// UserType is Guest where it is empty. That the directory makes Members for an application is not certain: the user tells.
	UserType UserType
	// RedirectURL is where the guest lands after redemption.
	RedirectURL string
	// SendMessage has Entra send the invitation by e-mail.
	SendMessage bool
	// Language is the mail's language, e.g. en-GB; empty for Entra's default, en-US. A Body overrides it.
	Language string
	// Body is a text of one's own in the mail (customizedMessageBody). Entra leaves it out, without a word, where an application
	// invites. https://learn.microsoft.com/entra/external-id/troubleshoot
	Body string
	// CcRecipients get a copy of the mail. Entra supports one.
	CcRecipients []string
	// Sponsors are stored with a user who is made for this invitation, at most MaxSponsors. One who does not exist makes it fail with
	// ReferenceNotReady.
	Sponsors []SponsorRef
	// WantRedeemURL has Invited carry the link. Without it the link is never read from the answer.
	WantRedeemURL bool
}

// Invited is the answer to an invitation. Only the id of the user is known at once; everything else of the user follows with
// the first read, seconds to minutes later.
type Invited struct {
	UserID string
	// RedeemURL is the link by which whoever has it can accept the invitation, and which makes every earlier one invalid. It cannot be
	// read again. It is empty where it was not wanted, and where the answer held none.
	RedeemURL Secret
}
