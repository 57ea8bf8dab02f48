package v1alpha1

// The string types of this file are aliases: one place says what the API server checks, and Go code sees plain strings.

// GUID is an identifier as Microsoft Entra writes it. Only lower case is accepted, so that equal identifiers are equal strings.
//
// +kubebuilder:validation:MinLength=36
// +kubebuilder:validation:MaxLength=36
// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')",message="must be a GUID in lower case, such as 11111111-2222-3333-4444-555555555555"
type GUID = string

// EmailAddress is an address that Microsoft Entra can invite: ASCII, without the characters that its invitation service
// refuses (https://learn.microsoft.com/graph/api/resources/invitation), with a domain that can exist on the internet.
// Capitals are accepted and mean nothing.
//
// The character class is what remains of printable ASCII once the refused characters are taken away; \x60 is the backtick.
// The plus sign is in it only because the next rule refuses it with a better message.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=254
// +kubebuilder:validation:XValidation:rule="self.matches('^[^@]{1,64}@[^@]+$')",message="an e-mail address must have exactly one @, with 1 to 64 characters before it"
// +kubebuilder:validation:XValidation:rule=`self.matches("^[A-Za-z0-9@+._'\\x60-]*$")`,message="an e-mail address may contain only ASCII letters, digits, dot, hyphen, underscore and apostrophe: Microsoft Entra refuses other characters"
// +kubebuilder:validation:XValidation:rule="!self.contains('+')",message="plus addressing is not supported: Microsoft Entra refuses to invite an address with a +; use the mailbox's own address"
// +kubebuilder:validation:XValidation:rule="!self.matches('^[.-]|[.-]@|[.][.].*@')",message="the part of an e-mail address before the @ must not begin or end with a dot or a hyphen, nor have two dots in a row"
// +kubebuilder:validation:XValidation:rule="self.matches('@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$')",message="the part of an e-mail address after the @ must be a full domain name, such as partner.example"
type EmailAddress = string

// CopyAddress is an address that gets a copy of a mail: ASCII, one @, and a domain that can exist on the internet.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=254
// +kubebuilder:validation:XValidation:rule=`self.matches("^[A-Za-z0-9!#$%&'*+/=?^_{|}~.\x60-]{1,64}@[^@]+$")`,message="a copy goes to one e-mail address, such as owner@contoso.example, without a name beside it"
// +kubebuilder:validation:XValidation:rule="self.matches('@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$')",message="the part of an e-mail address after the @ must be a full domain name, such as partner.example"
type CopyAddress = string

// RedirectURL is where a guest lands after redeeming: https and a host name, nothing that could lead astray. The part of
// the host before the first slash is matched as a whole, so that neither a user name nor a port nor an address fits in.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=2048
// +kubebuilder:validation:XValidation:rule="self.startsWith('https://')",message="a redirect URL must begin with https://"
// +kubebuilder:validation:XValidation:rule="!self.startsWith('https://') || self.matches('^https://([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([/?#]|$)')",message="a redirect URL must name a host, such as https://wiki.contoso.example/start: no user name, no port, no IP address"
// +kubebuilder:validation:XValidation:rule="isURL(self) && self.matches('^[!-~]*$')",message="a redirect URL must be a valid URL in ASCII without spaces"
type RedirectURL = string

// HostName is the name of a host, in lower case.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$')",message="must be a host name in lower case, such as wiki.contoso.example: no scheme, no port, no path, no IP address"
type HostName = string

// DomainPattern says which e-mail domains are meant: `*` any, `*.x` every domain below x but not x itself, else exactly
// the one named.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^([*]|([*]|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+)$')",message="must be * (any domain), *.partner.example (every domain below it) or a domain such as partner.example, in lower case"
type DomainPattern = string

// DisplayName is a name for people to read: one line of text that shows as what it is.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=256
// +kubebuilder:validation:XValidation:rule=`!self.matches("[\\p{Cc}\\p{Zl}\\p{Zp}\\x{200B}\\x{200E}\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{FEFF}]")`,message="must be one line of text without control characters, invisible characters or changes of writing direction"
type DisplayName = string

// UserPrincipalName is a sign-in name of Microsoft Entra. That of a guest carries #EXT#.
//
// +kubebuilder:validation:MinLength=3
// +kubebuilder:validation:MaxLength=256
// +kubebuilder:validation:XValidation:rule=`self.matches("^[^@/\\\\\\s\\pZ\\pC]+@[^@/\\\\\\s\\pZ\\pC]+$")`,message="must be a user principal name, such as owner@contoso.example: no spaces and no slashes"
type UserPrincipalName = string

// ProfileText is a property of a profile: one line of text without spaces at its ends, that shows as what it is. Microsoft Entra need
// not store anything else as it was sent. Each property has its own limit of characters, which is Microsoft's.
//
// +kubebuilder:validation:XValidation:rule=`!self.matches("^[\\s\\pZ]|[\\s\\pZ]$")`,message="must not begin or end with a space"
// +kubebuilder:validation:XValidation:rule=`!self.matches("[\\p{Cc}\\p{Zl}\\p{Zp}\\x{200B}\\x{200E}\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{FEFF}]")`,message="must be one line of text without control characters, invisible characters or changes of writing direction"
type ProfileText = string

// Token is a text that asks for something to be done once more whenever it takes a new value. What it says means nothing.
//
// +kubebuilder:validation:MaxLength=256
type Token = string

// TenantName is the name of an EntraTenant.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$')",message="must be the name of an EntraTenant: lower-case letters, digits, hyphens and dots"
type TenantName = string

// TenantReference names the EntraTenant that is meant.
type TenantReference struct {
	// name of the EntraTenant.
	// +required
	Name TenantName `json:"name"`
}

// DefaultTenantName is the tenant that is meant where none is named.
const DefaultTenantName = "default"

// GroupReference names a group of the tenant: exactly one of id and displayName.
//
// +kubebuilder:validation:XValidation:rule="has(self.id) != has(self.displayName)",message="a group needs exactly one of id and displayName"
type GroupReference struct {
	// id is the object ID of the group.
	// +optional
	ID GUID `json:"id,omitempty"`

	// displayName is the name of the group, which must be unique among the groups of the tenant.
	// +optional
	DisplayName DisplayName `json:"displayName,omitempty"`
}

// ApplicationReference names an enterprise application of the tenant: exactly one of appID and displayName.
//
// +kubebuilder:validation:XValidation:rule="has(self.appID) != has(self.displayName)",message="an application needs exactly one of appID and displayName"
type ApplicationReference struct {
	// appID is the application (client) ID, which is the same in every tenant; not the object ID of the service principal.
	// +optional
	AppID GUID `json:"appID,omitempty"`

	// displayName is the name of the enterprise application, which must be unique among those of the tenant.
	// +optional
	DisplayName DisplayName `json:"displayName,omitempty"`
}

// AppRoleValue is the value of an app role, as it stands in the roles claim of a token
// (https://learn.microsoft.com/graph/api/resources/approle): printable ASCII without spaces, and no dot at the beginning.
//
// The character class is printable ASCII without the double quote and the backslash, which Microsoft Entra refuses; \x23 to \x5b
// are # to [.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=120
// +kubebuilder:validation:XValidation:rule=`self.matches("^[!\\x23-\\x5b\\x5d-~]*$") && !self.startsWith(".")`,message="must be the value of an app role: ASCII without spaces, double quotes and backslashes, and no dot at the beginning"
type AppRoleValue = string

// LocalSecretReference names a Secret in the namespace of the object that refers to it.
type LocalSecretReference struct {
	// name of the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, hyphens and dots"
	// +required
	Name string `json:"name"`
}

// UserType is what Microsoft Entra calls a user's relationship to the tenant.
//
// +kubebuilder:validation:Enum=Guest;Member
type UserType string

const (
	// UserTypeGuest has the limited rights of a guest.
	UserTypeGuest UserType = "Guest"
	// UserTypeMember has the rights of an employee. A GuestPolicy must allow it.
	UserTypeMember UserType = "Member"
)

// Milestone is how far a guest must have come.
//
// +kubebuilder:validation:Enum=Invited;Accepted
type Milestone string

const (
	// MilestoneInvited is reached when the guest exists in the tenant and the invitation is out.
	MilestoneInvited Milestone = "Invited"
	// MilestoneAccepted is reached when the guest has redeemed the invitation.
	MilestoneAccepted Milestone = "Accepted"
)

// DeletionPolicy says what becomes of an access when the object that asked for it goes. GuestDeletionPolicy is that of a guest.
//
// +kubebuilder:validation:Enum=Delete;Retain
type DeletionPolicy string

const (
	// DeletionPolicyDelete takes away what was made on the object's behalf.
	DeletionPolicyDelete DeletionPolicy = "Delete"
	// DeletionPolicyRetain leaves everything in the tenant as it is.
	DeletionPolicyRetain DeletionPolicy = "Retain"
)

// ExternalUserState says in Graph's words whether a guest has redeemed an invitation. Guests that were never invited have none.
//
// +kubebuilder:validation:Enum=PendingAcceptance;Accepted
type ExternalUserState string

const (
	// ExternalUserStatePendingAcceptance means that the guest has not redeemed the invitation.
	ExternalUserStatePendingAcceptance ExternalUserState = "PendingAcceptance"
	// ExternalUserStateAccepted means that the guest has redeemed the invitation.
	ExternalUserStateAccepted ExternalUserState = "Accepted"
)
