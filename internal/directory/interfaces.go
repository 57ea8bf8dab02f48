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

// UserWriter changes users. Each method sends one request, and is NotFound for a user that does not exist or has not reached
// the replica.
type UserWriter interface {
	// UpdateProfile sets the properties that are among the changes, at least one, and leaves the others alone.
	UpdateProfile(ctx context.Context, userID string, changes ProfileChanges) error
	// SetAccountEnabled lets the user sign in, or blocks that. What was signed in before stays so: see RevokeSignInSessions.
	SetAccountEnabled(ctx context.Context, userID string, enabled bool) error
	// RevokeSignInSessions ends what the user is signed in to, within minutes.
	RevokeSignInSessions(ctx context.Context, userID string) error
	// RestoreUser brings a user back from the deleted items, with id, groups and application roles, and blocked if it was. NotFound
	// where it is not among them, Conflict with AddressInUse where somebody else has the name or an address. The answer is complete or
	// has the id alone, as after an invitation, and reads may lag behind it.
	RestoreUser(ctx context.Context, userID string) (User, error)
}

// Sponsors reads and changes who answers for a guest.
type Sponsors interface {
	// ListSponsors is NotFound for a user that does not exist; no sponsors are no error.
	ListSponsors(ctx context.Context, userID string) ([]Sponsor, error)
	// AddSponsor is Invalid with AlreadySponsor where it is one already, and ReferenceNotReady where one of the two does not exist.
	// Beyond MaxSponsors it is Invalid.
	AddSponsor(ctx context.Context, userID string, sponsor SponsorRef) error
	// RemoveSponsor is NotFound where it is not a sponsor, or the user does not exist. It never deletes the sponsor.
	RemoveSponsor(ctx context.Context, userID, sponsorID string) error
	// GetUserByName finds a user by userPrincipalName, for a sponsor who is named so. NotFound as with Users.GetUser.
	GetUserByName(ctx context.Context, userPrincipalName string) (User, error)
}

// Applications reads enterprise applications and grants their roles to users.
type Applications interface {
	// GetServicePrincipal finds an application by its appId. NotFound where the tenant does not have it.
	GetServicePrincipal(ctx context.Context, appID string) (ServicePrincipal, error)
	// FindServicePrincipals gives the applications with exactly this display name, none is no error. Display names are not unique.
	FindServicePrincipals(ctx context.Context, displayName string) ([]ServicePrincipal, error)
	// ListAppRoleAssignments asks live which roles of an application the user has, without those that come by a group.
	ListAppRoleAssignments(ctx context.Context, userID, servicePrincipalID string) ([]AppRoleAssignment, error)
	// GrantAppRole gives the user a role, or DefaultAccess. Its refusals: AssignmentExists where the user has it, ReferenceNotReady
	// where the user or the application is not there (yet), RoleUnknown.
	GrantAppRole(ctx context.Context, servicePrincipalID, userID, roleID string) (AppRoleAssignment, error)
	// RevokeAppRole takes an assignment back. NotFound where there is none.
	RevokeAppRole(ctx context.Context, servicePrincipalID, assignmentID string) error
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
	// AddMembers adds one to MaxMembersPerAddition users, each named once, by one request: all of them or, with any error that is
	// not OutcomeUnknown, none. One who is in the group already makes it Invalid with AlreadyMember, one who does not exist fails it
	// with ReferenceNotReady.
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
	UserWriter
	Inviter
	Sponsors
	Groups
	Applications
	Lister
	Changes
	Settings
}
