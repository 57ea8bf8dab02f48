package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// GuestGroupMembershipSpec is which guest to put into which group.
type GuestGroupMembershipSpec struct {
	// guest is who. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="guest is immutable: delete this GuestGroupMembership and create another"
	// +required
	Guest MembershipGuest `json:"guest"`

	// group is the group, by id or by displayName. A name is looked up only among the groups that a GuestPolicy grants to
	// the namespace. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="group is immutable: delete this GuestGroupMembership and create another"
	// +required
	Group GroupReference `json:"group"`

	// grantWhen is how far the guest must have come to be put into the group.
	// +kubebuilder:default=Invited
	// +optional
	GrantWhen Milestone `json:"grantWhen,omitempty"`

	// expirationTime ends the membership: the guest leaves the group, whatever deletionPolicy says. A later time renews it. Where
	// the membership names an address, a GuestPolicy can require it and limit how far ahead it may lie. A time as in RFC 3339, best in
	// UTC: 2027-03-31T00:00:00Z. Absent: it ends with the invitation that it names.
	// +kubebuilder:validation:XValidation:rule="self > timestamp('2000-01-01T00:00:00Z') && self < timestamp('3000-01-01T00:00:00Z')",message="must be a time as in 2027-06-30T00:00:00Z, in this millennium"
	// +optional
	ExpirationTime *metav1.Time `json:"expirationTime,omitempty"`

	// deletionPolicy says what becomes of the membership when this object goes, or the invitation that it names goes or expires: the
	// guest leaves the group, or stays.
	// +kubebuilder:default=Delete
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// regrantToken asks for the guest to be put into the group again, after somebody else has removed them, whenever it takes
	// a new value.
	// +optional
	RegrantToken Token `json:"regrantToken,omitempty"`

	// suspend leaves the membership as it is: nothing is written to the tenant on behalf of this object.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// MembershipGuest names a guest by a GuestInvitation, or by address where the person came another way. The latter never invites.
//
// +kubebuilder:validation:XValidation:rule="has(self.invitationRef) != has(self.emailAddress)",message="guest needs exactly one of invitationRef and emailAddress"
// +kubebuilder:validation:XValidation:rule="!has(self.tenantRef) || has(self.emailAddress)",message="tenantRef goes with emailAddress only: an invitation names its tenant itself"
type MembershipGuest struct {
	// invitationRef names a GuestInvitation of the same namespace. What the guest is given here ends with it.
	// +optional
	InvitationRef *InvitationReference `json:"invitationRef,omitempty"`

	// emailAddress is the address of a guest who is in the tenant already. Capitals mean nothing.
	// +optional
	EmailAddress EmailAddress `json:"emailAddress,omitempty"`

	// tenantRef names the tenant of the guest with this emailAddress. Absent: the EntraTenant called default.
	// +optional
	TenantRef *TenantReference `json:"tenantRef,omitempty"`
}

// TenantName is the name of the tenant that a guest named by emailAddress belongs to.
func (g MembershipGuest) TenantName() string {
	if g.TenantRef == nil {
		return DefaultTenantName
	}
	return g.TenantRef.Name
}

// InvitationReference names a GuestInvitation of the same namespace.
type InvitationReference struct {
	// name of the GuestInvitation.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
}

// GuestGroupMembershipStatus is what has become of a membership.
type GuestGroupMembershipStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first reconcile.
	// +kubebuilder:validation:Minimum=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready and, while they apply, Reconciling, Stalled, Suspended, ExpiringSoon and Expired.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// userID is the object ID of the guest in the tenant.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	UserID string `json:"userID,omitempty"`

	// groupID is the object ID of the group in the tenant.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	GroupID string `json:"groupID,omitempty"`

	// memberSince is when the guest was first seen in the group.
	// +optional
	MemberSince *metav1.Time `json:"memberSince,omitempty"`
}

// GuestGroupMembership puts a guest into a group.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ggm,categories=entraguests
// +kubebuilder:printcolumn:name="Guest",type=string,JSONPath=`.spec.guest['invitationRef.name','emailAddress']`
// +kubebuilder:printcolumn:name="Group",type=string,JSONPath=`.spec.group['displayName','id']`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="User ID",type=string,priority=1,JSONPath=`.status.userID`
// +kubebuilder:printcolumn:name="Group ID",type=string,priority=1,JSONPath=`.status.groupID`
type GuestGroupMembership struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is which guest to put into which group.
	// +required
	Spec GuestGroupMembershipSpec `json:"spec"`

	// status is what has become of the membership.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status GuestGroupMembershipStatus `json:"status,omitzero"`
}

// GuestGroupMembershipList is a list of GuestGroupMemberships.
//
// +kubebuilder:object:root=true
type GuestGroupMembershipList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []GuestGroupMembership `json:"items"`
}

// GetConditions returns the conditions of the status.
func (m *GuestGroupMembership) GetConditions() []metav1.Condition { return m.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (m *GuestGroupMembership) SetConditions(conditions []metav1.Condition) {
	m.Status.Conditions = conditions
}
