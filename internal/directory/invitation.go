package directory

import "log/slog"

// Invitation is what POST /invitations is asked for.
// https://learn.microsoft.com/graph/api/invitation-post
type Invitation struct {
	EmailAddress string
	// DisplayName is a first guess only: redemption overwrites it with the name from the guest's home directory.
	DisplayName string
	UserType    UserType
	// RedirectURL is where the guest lands after redemption.
	RedirectURL string
	// SendMessage has Entra send the invitation by e-mail.
	SendMessage bool
	// Language is the mail's language, e.g. en-GB; empty for Entra's default, en-US.
	Language string
}

// Invited is the answer to an invitation. Only the id of the user is known at once; everything else of the user follows with
// the first read, seconds to minutes later.
type Invited struct {
	UserID    string
	RedeemURL RedeemURL
}

// RedeemURL is a bearer secret: whoever has it can accept the invitation. It shows itself nowhere by accident.
type RedeemURL string

// String hides the link from fmt and from loggers.
func (RedeemURL) String() string { return "[redacted]" }

// GoString hides the link from %#v.
func (RedeemURL) GoString() string { return "[redacted]" }

// LogValue hides the link from structured loggers.
func (RedeemURL) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText hides the link from JSON and YAML encoders.
func (RedeemURL) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// Reveal gives the link itself, for the Secret that its author asked for and for nothing else.
func (u RedeemURL) Reveal() string { return string(u) }
