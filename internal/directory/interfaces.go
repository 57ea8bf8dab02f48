package directory

import "context"

// Users finds, reads and deletes user objects. Every method asks the directory live. Errors are of type *Error.
type Users interface {
	// FindByAddress looks for everybody with the address (mail, otherMails, proxyAddresses, #EXT# name), among the users and
	// among the deleted items. Nobody found is an empty Lookup and no error; a replica that lags can hide somebody.
	FindByAddress(ctx context.Context, address string) (Lookup, error)
	// GetUser is NotFound for a user that does not exist, has been deleted, or has not reached the replica.
	GetUser(ctx context.Context, id string) (User, error)
	// GetDeletedUser is NotFound for a user that is not in the deleted items.
	GetDeletedUser(ctx context.Context, id string) (User, error)
	// DeleteUser moves the user to the deleted items, where it can be restored for 30 days. NotFound where it is not there.
	DeleteUser(ctx context.Context, id string) error
}

// Inviter sends invitations.
type Inviter interface {
	// Invite sends POST /invitations once and never again by itself. Unless the error is OutcomeUnknown, an error means that
	// nothing was carried out.
	Invite(ctx context.Context, invitation Invitation) (Invited, error)
}

// MaxMembersPerAddition is how many users one request adds to a group.
const MaxMembersPerAddition = 20

// Groups reads groups and changes their members.
type Groups interface {
	GetGroup(ctx context.Context, id string) (Group, error)
	// FindGroups gives the groups with exactly this display name, none is no error. Display names are not unique.
	FindGroups(ctx context.Context, displayName string) ([]Group, error)
	// IsMember asks live whether the user is a direct member.
	IsMember(ctx context.Context, groupID, userID string) (bool, error)
	// AddMember is Invalid with AlreadyMember where the user is in the group already.
	AddMember(ctx context.Context, groupID, userID string) error
	// AddMembers adds one to MaxMembersPerAddition users, each named once, by one request: all of them or, with any error that is
	// not OutcomeUnknown, none. One who is in the group already or does not exist makes it fail as it does with AddMember.
	AddMembers(ctx context.Context, groupID string, userIDs []string) error
	// RemoveMember is NotFound where the user is not a member or one of the two does not exist. It never deletes the user.
	RemoveMember(ctx context.Context, groupID, userID string) error
}

// Lister lists in pages what the mirror holds. A page is only valid until yield returns; an error from yield ends the listing.
type Lister interface {
	// ListGuests lists the users of userType Guest and, since a guest can be given another userType, whoever was invited.
	ListGuests(ctx context.Context, yield func([]User) error) error
	// ListPending lists the users whose externalUserState is PendingAcceptance.
	ListPending(ctx context.Context, yield func([]User) error) error
	// ListMembers lists the ids of the direct members that are users.
	ListMembers(ctx context.Context, groupID string, yield func(userIDs []string) error) error
}

// Settings reads what is true of the tenant as a whole.
type Settings interface {
	Organization(ctx context.Context) (Organization, error)
	AllowInvitesFrom(ctx context.Context) (AllowInvitesFrom, error)
	// Permissions reads the access token; it costs a call only where there is no token yet.
	Permissions(ctx context.Context) (Permissions, error)
}

// Directory is one tenant, with everything that the operator asks of it.
type Directory interface {
	Users
	Inviter
	Groups
	Lister
	Changes
	Settings
}
