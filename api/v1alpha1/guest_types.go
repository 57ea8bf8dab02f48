package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// GuestSpec is who a guest is and who asks for the guest. Only the operator writes it.
type GuestSpec struct {
	// tenantRef names the tenant. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="tenantRef is immutable: a Guest belongs to one tenant for good"
	// +required
	TenantRef TenantReference `json:"tenantRef"`

	// tenantID is the ID of the tenant. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="tenantID is immutable: a Guest belongs to one tenant for good"
	// +required
	TenantID GUID `json:"tenantID"`

	// emailAddress is the address that is invited, in lower case. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == self.lowerAscii()",message="emailAddress must be in lower case"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="emailAddress is immutable: a Guest stands for one address for good"
	// +required
	EmailAddress EmailAddress `json:"emailAddress"`

	// claims are the objects that ask for the guest, in order of arrival. When the last one goes, the guest is released.
	// One object is one claim, known by its UID; an update keeps the order, a server-side apply need not.
	// +kubebuilder:validation:MaxItems=256
	// +listType=map
	// +listMapKey=uid
	// +optional
	Claims []GuestClaim `json:"claims,omitempty"`
}

// ClaimKind is a kind whose objects can claim a Guest.
//
// +kubebuilder:validation:Enum=GuestInvitation;GuestGroupMembership;GuestAppRoleAssignment
type ClaimKind string

const (
	// ClaimKindGuestInvitation is an invitation.
	ClaimKindGuestInvitation ClaimKind = "GuestInvitation"
	// ClaimKindGuestGroupMembership is a membership that names the guest by emailAddress.
	ClaimKindGuestGroupMembership ClaimKind = "GuestGroupMembership"
	// ClaimKindGuestAppRoleAssignment is an app role assignment that names the guest by emailAddress.
	ClaimKindGuestAppRoleAssignment ClaimKind = "GuestAppRoleAssignment"
)

// GuestClaim is an object that asks for a guest.
type GuestClaim struct {
	// kind of the object.
	// +required
	Kind ClaimKind `json:"kind"`

	// namespace of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	Namespace string `json:"namespace"`

	// name of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`

	// uid of the object.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +required
	UID types.UID `json:"uid"`

	// deletionPolicy is what the object wants to become of the guest when nobody asks for the guest any more. Absent where
	// the object has no say in it, as a membership or an app role assignment has not.
	// +optional
	DeletionPolicy GuestDeletionPolicy `json:"deletionPolicy,omitempty"`
}

// GuestState is where a guest stands.
//
// +kubebuilder:validation:Enum=Pending;Accepted;Gone;Released
type GuestState string

const (
	// GuestStatePending means that the guest has not redeemed the invitation, or is not in the tenant yet.
	GuestStatePending GuestState = "Pending"
	// GuestStateAccepted means that the guest has redeemed the invitation, or came without one and has nothing to redeem.
	GuestStateAccepted GuestState = "Accepted"
	// GuestStateGone means that the guest was in the tenant and is no more, through somebody else's doing.
	GuestStateGone GuestState = "Gone"
	// GuestStateReleased means that nobody asks for the guest any more and that the deletion policy has been carried out.
	GuestStateReleased GuestState = "Released"
)

// GuestOrigin is how a guest came into the tenant.
//
// +kubebuilder:validation:Enum=Invited;Adopted;SelfServiceSignUp
type GuestOrigin string

const (
	// GuestOriginInvited means that this operator created the user.
	GuestOriginInvited GuestOrigin = "Invited"
	// GuestOriginAdopted means that the user was there before. This operator never deletes it, and writes nothing to it but sponsors and
	// profile, where a GuestPolicy has allowAdoptedWrites.
	GuestOriginAdopted GuestOrigin = "Adopted"
	// GuestOriginSelfServiceSignUp means that the person signed up without an invitation. Treated as adopted.
	GuestOriginSelfServiceSignUp GuestOrigin = "SelfServiceSignUp"
)

// GuestStatus is what is known of a guest.
type GuestStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first reconcile.
	// +kubebuilder:validation:Minimum=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready and, while they apply, Reconciling, Stalled, Suspended and what the invitation that decides is told: Resent,
	// SponsorsSet, MessageAsAsked and RedeemLinkStored.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// state is where the guest stands.
	// +optional
	State GuestState `json:"state,omitempty"`

	// origin is how the guest came into the tenant.
	// +optional
	Origin GuestOrigin `json:"origin,omitempty"`

	// userID is the object ID of the user in the tenant.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	UserID string `json:"userID,omitempty"`

	// userPrincipalName is the sign-in name that the tenant gave to the user.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	UserPrincipalName string `json:"userPrincipalName,omitempty"`

	// externalUserState says in Graph's words whether the guest has redeemed. Absent where Graph has none.
	// +optional
	ExternalUserState ExternalUserState `json:"externalUserState,omitempty"`

	// invitedTime is when the user came into the tenant: for a guest that this operator invited, when the invitation was made.
	// +optional
	InvitedTime *metav1.Time `json:"invitedTime,omitempty"`

	// acceptedTime is when the guest redeemed the invitation, as far as Graph says it.
	// +optional
	AcceptedTime *metav1.Time `json:"acceptedTime,omitempty"`

	// invitationsSent is the number of invitations that this operator has made for the guest, or may have: the first one, those
	// that a resendToken asked for, reminders, and new links.
	// +kubebuilder:validation:Minimum=0
	// +optional
	InvitationsSent int32 `json:"invitationsSent,omitempty"`

	// claimCount is the number of claims in the spec.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ClaimCount *int32 `json:"claimCount,omitempty"`
}

// Guest is one person in a tenant, by one address, however many namespaces ask for them. Only the operator writes Guests:
// ask for one with a GuestInvitation.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=guest,categories=entraguests
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.spec.emailAddress`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Origin",type=string,JSONPath=`.status.origin`
// +kubebuilder:printcolumn:name="Claims",type=integer,JSONPath=`.status.claimCount`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="User ID",type=string,priority=1,JSONPath=`.status.userID`
type Guest struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata. GuestName says what the name is.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is who the guest is and who asks for the guest.
	// +required
	Spec GuestSpec `json:"spec"`

	// status is what is known of the guest.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status GuestStatus `json:"status,omitzero"`
}

// GuestList is a list of Guests.
//
// +kubebuilder:object:root=true
type GuestList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []Guest `json:"items"`
}

// GetConditions returns the conditions of the status.
func (g *Guest) GetConditions() []metav1.Condition { return g.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (g *Guest) SetConditions(conditions []metav1.Condition) { g.Status.Conditions = conditions }
