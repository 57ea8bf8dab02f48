package directory

import "time"

// ServicePrincipal is an application in the tenant: what the portal calls an enterprise application.
// https://learn.microsoft.com/graph/api/resources/serviceprincipal
type ServicePrincipal struct {
	ID string
	// AppID is the application's id, the same in all tenants; in the portal, the application (client) id.
	AppID string
	// DisplayName is not unique.
	DisplayName string
	// AppRoles are all of its roles, the ones that cannot be granted to users included.
	AppRoles []AppRole
	// AssignmentRequired keeps whoever has no role, default access included, from signing in to the application.
	AssignmentRequired bool
}

// AppRole is a role that an application defines.
// https://learn.microsoft.com/graph/api/resources/approle
type AppRole struct {
	ID string
	// Value is what the application sees in tokens, unique among its roles; it can be empty.
	Value       string
	DisplayName string
	// Enabled is false for a role that cannot be granted any more.
	Enabled bool
	// ForUsers is set where users can have the role, and not only other applications.
	ForUsers bool
}

// DefaultAccess is the role id of an assignment without a role. It is for applications that define no roles.
// https://learn.microsoft.com/graph/api/resources/approleassignment
const DefaultAccess = "00000000-0000-0000-0000-000000000000"

// AppRoleAssignment is a role that was granted to a user.
// https://learn.microsoft.com/graph/api/resources/approleassignment
type AppRoleAssignment struct {
	// ID is opaque, and no GUID.
	ID string
	// RoleID is the AppRole's, or DefaultAccess.
	RoleID             string
	UserID             string
	ServicePrincipalID string
	CreatedDateTime    time.Time
}
