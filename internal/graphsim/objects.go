package graphsim

import (
	"slices"
	"strings"
	"time"
)

// User is a user of the tenant, in the words of Graph's user resource. An empty
// string, slice or time is Graph's null (or empty collection).
type User struct {
	ID                string `json:"id,omitempty"`
	UserPrincipalName string `json:"userPrincipalName,omitempty"`
	DisplayName       string `json:"displayName,omitempty"`
	GivenName         string `json:"givenName,omitempty"`
	Surname           string `json:"surname,omitempty"`
	JobTitle          string `json:"jobTitle,omitempty"`
	Department        string `json:"department,omitempty"`
	CompanyName       string `json:"companyName,omitempty"`
	EmployeeType      string `json:"employeeType,omitempty"`
	UsageLocation     string `json:"usageLocation,omitempty"`
	PreferredLanguage string `json:"preferredLanguage,omitempty"`
	OfficeLocation    string `json:"officeLocation,omitempty"`
	MobilePhone       string `json:"mobilePhone,omitempty"`
	MailNickname      string `json:"mailNickname,omitempty"`

	Mail           string   `json:"mail,omitempty"`
	OtherMails     []string `json:"otherMails,omitempty"`
	ProxyAddresses []string `json:"proxyAddresses,omitempty"`
	BusinessPhones []string `json:"businessPhones,omitempty"`

	// UserType is Guest or Member. It says nothing about how the user signs in.
	UserType string `json:"userType,omitempty"`
	// Disabled is the inverse of accountEnabled.
	Disabled bool `json:"disabled,omitempty"`
	// CreationType is Invitation for an invited user, SelfServiceSignUp for one who
	// came by a sign-up flow, empty for an employee.
	CreationType string `json:"creationType,omitempty"`
	// ExternalUserState is PendingAcceptance or Accepted, empty for whoever was never
	// invited.
	ExternalUserState               string     `json:"externalUserState,omitempty"`
	ExternalUserStateChangeDateTime time.Time  `json:"externalUserStateChangeDateTime,omitzero"`
	Identities                      []Identity `json:"identities,omitempty"`

	CreatedDateTime time.Time `json:"createdDateTime,omitzero"`
	DeletedDateTime time.Time `json:"deletedDateTime,omitzero"`
	// SignInSessionsValidFromDateTime is when sessions were last revoked, at first the
	// time of creation.
	SignInSessionsValidFromDateTime time.Time `json:"signInSessionsValidFromDateTime,omitzero"`

	OnPremisesSyncEnabled bool `json:"onPremisesSyncEnabled,omitempty"`
	// DirectoryRole marks a holder of an administrator role: an application
	// without such a role itself may neither delete nor reset it.
	DirectoryRole bool `json:"directoryRole,omitempty"`
	// Sponsors are object ids of users and groups, Manager is that of a user.
	Sponsors []string `json:"sponsors,omitempty"`
	Manager  string   `json:"manager,omitempty"`
	// Aliases are further addresses of the home account that the directory does
	// not know: inviting one returns this user.
	Aliases []string `json:"aliases,omitempty"`
	// Other holds the remaining writable properties and schema extensions by
	// their Graph names.
	Other map[string]any `json:"other,omitempty"`
}

// External reports whether the user signs in somewhere else.
func (u User) External() bool {
	return u.ExternalUserState != "" || u.CreationType == "Invitation" || u.CreationType == "SelfServiceSignUp" ||
		strings.Contains(u.UserPrincipalName, "#EXT#")
}

// Identity is one way in which a user signs in.
type Identity struct {
	SignInType       string `json:"signInType"`
	Issuer           string `json:"issuer"`
	IssuerAssignedID string `json:"issuerAssignedId,omitempty"`
}

// Group is a group of the tenant, in the words of Graph's group resource.
type Group struct {
	ID              string   `json:"id,omitempty"`
	DisplayName     string   `json:"displayName,omitempty"`
	Description     string   `json:"description,omitempty"`
	Mail            string   `json:"mail,omitempty"`
	MailNickname    string   `json:"mailNickname,omitempty"`
	MailEnabled     bool     `json:"mailEnabled,omitempty"`
	SecurityEnabled bool     `json:"securityEnabled,omitempty"`
	GroupTypes      []string `json:"groupTypes,omitempty"` // Unified, DynamicMembership
	MembershipRule  string   `json:"membershipRule,omitempty"`
	Visibility      string   `json:"visibility,omitempty"`

	AssignableToRole      bool `json:"isAssignableToRole,omitempty"`
	OnPremisesSyncEnabled bool `json:"onPremisesSyncEnabled,omitempty"`
	ManagementRestricted  bool `json:"isManagementRestricted,omitempty"`
	// LicenseErrors is hasMembersWithLicenseErrors.
	LicenseErrors bool `json:"hasMembersWithLicenseErrors,omitempty"`

	CreatedDateTime time.Time `json:"createdDateTime,omitzero"`
	DeletedDateTime time.Time `json:"deletedDateTime,omitzero"`
}

func (g Group) unified() bool { return slices.Contains(g.GroupTypes, "Unified") }
func (g Group) dynamic() bool { return slices.Contains(g.GroupTypes, "DynamicMembership") }

// object is anything that can be read, filtered and rendered.
type object interface {
	sequenced
	objectID() string
	resource() *resource
}

// user is a User with what the directory keeps about it but does not show.
type user struct {
	User
	seq     uint64
	reads   veil // hides a new user from reads
	writes  veil // hides a new user from writes
	leaving veil // keeps a deleted user in sight
	deleted bool // deleted, though perhaps still in sight
	died    time.Time
	ticket  *ticket
}

func (u *user) sequence() uint64    { return u.seq }
func (u *user) objectID() string    { return u.ID }
func (u *user) resource() *resource { return userResource }

func (u *user) snapshot() User {
	s := u.User
	s.OtherMails = slices.Clone(s.OtherMails)
	s.ProxyAddresses = slices.Clone(s.ProxyAddresses)
	s.BusinessPhones = slices.Clone(s.BusinessPhones)
	s.Identities = slices.Clone(s.Identities)
	s.Sponsors = slices.Clone(s.Sponsors)
	s.Aliases = slices.Clone(s.Aliases)
	return s
}

// group is a Group with its members and owners.
type group struct {
	Group
	seq      uint64
	members  ordered[*membership]
	byMember map[string]*membership
	owners   []string
}

func (g *group) sequence() uint64    { return g.seq }
func (g *group) objectID() string    { return g.ID }
func (g *group) resource() *resource { return groupResource }

func (g *group) snapshot() Group {
	s := g.Group
	s.GroupTypes = slices.Clone(s.GroupTypes)
	return s
}

// membership is one pair of a group and a member.
type membership struct {
	seq     uint64
	id      string
	since   time.Time
	adding  veil // hides a new pair from reads
	leaving veil // keeps a removed pair in sight
	removed bool // removed, though perhaps still in sight
}

func (m *membership) sequence() uint64 { return m.seq }
