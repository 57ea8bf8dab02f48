package directory

import (
	"strings"
	"time"
)

// ExternalUserState says whether a guest has redeemed the invitation. It is empty for users that were not invited
// (self-service sign-up, employees) and right after an invitation, until the directory has settled.
// https://learn.microsoft.com/graph/api/resources/user (externalUserState)
type ExternalUserState string

// The values that Microsoft Graph documents.
const (
	PendingAcceptance ExternalUserState = "PendingAcceptance"
	Accepted          ExternalUserState = "Accepted"
)

// UserType is what the directory lets a user see. It is independent of how the user signs in.
type UserType string

// The values that Microsoft Graph documents.
const (
	UserTypeGuest  UserType = "Guest"
	UserTypeMember UserType = "Member"
)

// CreationTypeSelfServiceSignUp marks users who came by a sign-up user flow.
const CreationTypeSelfServiceSignUp = "SelfServiceSignUp"

// externalNameMark is in the user principal name of every user whose account lives in another directory.
const externalNameMark = "#EXT#"

// User is a user object of the tenant, with the properties that this operator reads.
// https://learn.microsoft.com/graph/api/resources/user
type User struct {
	ID                string
	UserPrincipalName string
	DisplayName       string
	Mail              string
	OtherMails        []string
	// ProxyAddresses carry their protocol, e.g. "SMTP:ada@partner.example".
	ProxyAddresses    []string
	UserType          UserType
	CreationType      string
	ExternalUserState ExternalUserState
	// ExternalUserStateChangeDateTime is when ExternalUserState last changed: for a guest who has accepted, the redemption.
	ExternalUserStateChangeDateTime time.Time
	// AccountEnabled is false for a user whose sign-in is blocked.
	AccountEnabled bool
	// OnPremisesSyncEnabled is set for a user who is kept in step with a directory on-premises, which is where they are changed.
	OnPremisesSyncEnabled bool
	// CreatedDateTime has a resolution of one second.
	CreatedDateTime time.Time
	// DeletedDateTime is set only for users in the deleted items.
	DeletedDateTime time.Time
	Identities      []Identity
	Profile         Profile
}

// Identity is one way in which a user can sign in.
// https://learn.microsoft.com/graph/api/resources/objectidentity
type Identity struct {
	SignInType       string
	Issuer           string
	IssuerAssignedID string
}

// External reports whether the user's account lives outside of the tenant: the name carries #EXT#, or an identity was issued
// elsewhere. Everybody else is an employee to us, whatever the userType says.
func (u User) External() bool {
	if strings.Contains(strings.ToUpper(u.UserPrincipalName), externalNameMark) {
		return true
	}
	for _, identity := range u.Identities {
		if identity.SignInType == "federated" {
			return true
		}
	}
	return false
}

// HasAddress reports whether mail can reach the user at address: it is the mail, one of otherMails or a proxy address.
func (u User) HasAddress(address string) bool {
	if strings.EqualFold(u.Mail, address) {
		return true
	}
	for _, other := range u.OtherMails {
		if strings.EqualFold(other, address) {
			return true
		}
	}
	for _, proxy := range u.ProxyAddresses {
		if strings.EqualFold(proxy, "smtp:"+address) {
			return true
		}
	}
	return false
}

// KnownAs reports whether the user was invited under address, or can be reached there: the name given at the invitation stays
// when the mail is changed.
func (u User) KnownAs(address string) bool {
	prefix := ExternalNamePrefix(address)
	return u.HasAddress(address) ||
		len(u.UserPrincipalName) >= len(prefix) && strings.EqualFold(u.UserPrincipalName[:len(prefix)], prefix)
}

// ExternalNamePrefix is how the user principal name of somebody invited under address begins; the tenant's initial domain
// follows: ada@partner.example becomes ada_partner.example#EXT#@.
func ExternalNamePrefix(address string) string {
	at := strings.LastIndex(address, "@")
	if at < 0 {
		return address + externalNameMark + "@"
	}
	return address[:at] + "_" + address[at+1:] + externalNameMark + "@"
}

// SignedUp reports whether the user came by a self-service sign-up flow.
func (u User) SignedUp() bool { return u.CreationType == CreationTypeSelfServiceSignUp }

// Lookup is what a live search for an address found.
type Lookup struct {
	Users []User
	// Deleted are the users with the address that are in the deleted items (for 30 days) and can be restored.
	Deleted []User
	// At is the directory's own time at the start of the search, from the Date header, in whole seconds.
	At time.Time
}
