package directory

// Organization is the tenant itself.
// https://learn.microsoft.com/graph/api/resources/organization
type Organization struct {
	ID              string
	DisplayName     string
	VerifiedDomains []string
}

// AllowInvitesFrom is the tenant's setting of who may invite guests.
// https://learn.microsoft.com/graph/api/resources/authorizationpolicy
type AllowInvitesFrom string

// AllowInvitesFromNone is the only value that keeps an application with User.Invite.All from inviting.
const AllowInvitesFromNone AllowInvitesFrom = "none"

// Permissions are the application permissions in the operator's access token.
type Permissions struct {
	// Known is false where the token does not tell, e.g. a static token for a simulated tenant.
	Known   bool
	Granted []string
}
