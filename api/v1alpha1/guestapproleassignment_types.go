package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// GuestAppRoleAssignmentSpec is which guest may use which application, and in which role.
//
// +kubebuilder:validation:XValidation:rule="has(self.role) == has(oldSelf.role)",message="role is immutable: delete this GuestAppRoleAssignment and create another"
type GuestAppRoleAssignmentSpec struct {
	// guest is who. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="guest is immutable: delete this GuestAppRoleAssignment and create another"
	// +required
	Guest MembershipGuest `json:"guest"`

	// application is the enterprise application, by appID or by displayName. A name is looked up only among the applications
	// that a GuestPolicy grants to the namespace. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="application is immutable: delete this GuestAppRoleAssignment and create another"
	// +required
	Application ApplicationReference `json:"application"`

	// role is the value of an app role of the application that is enabled and may be assigned to users. Absent: default access,
	// which there is only where the application has no such role. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="role is immutable: delete this GuestAppRoleAssignment and create another"
	// +optional
	Role AppRoleValue `json:"role,omitempty"`

	// grantWhen is how far the guest must have come to be assigned the role.
	// +kubebuilder:default=Invited
	// +optional
	GrantWhen Milestone `json:"grantWhen,omitempty"`

	// expirationTime ends the assignment: the role is taken back, whatever deletionPolicy says. A later time renews it. Absent: it
	// ends with the invitation that it names. Where it names an address, a GuestPolicy can require it.
	// +optional
	ExpirationTime *metav1.Time `json:"expirationTime,omitempty"`

	// deletionPolicy says what becomes of the assignment when this object goes, or the invitation that it names goes or expires: it
	// is taken back, or stays.
	// +kubebuilder:default=Delete
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// regrantToken asks for the role to be assigned again, after somebody else has taken it back, whenever it takes a new
	// value.
	// +optional
	RegrantToken Token `json:"regrantToken,omitempty"`

	// suspend leaves the assignment as it is: nothing is written to the tenant on behalf of this object.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// GuestAppRoleAssignmentStatus is what has become of an assignment.
type GuestAppRoleAssignmentStatus struct {
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

	// servicePrincipalID is the object ID of the application's service principal in the tenant.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ServicePrincipalID string `json:"servicePrincipalID,omitempty"`

	// assignmentID is the ID of the app role assignment in the tenant.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	AssignmentID string `json:"assignmentID,omitempty"`
}

// GuestAppRoleAssignment lets a guest use an enterprise application, in one of its app roles.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=gara,categories=entraguests
// +kubebuilder:printcolumn:name="Guest",type=string,JSONPath=`.spec.guest['invitationRef.name','emailAddress']`
// +kubebuilder:printcolumn:name="App",type=string,JSONPath=`.spec.application['displayName','appID']`
// +kubebuilder:printcolumn:name="Role",type=string,JSONPath=`.spec.role`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="User ID",type=string,priority=1,JSONPath=`.status.userID`
// +kubebuilder:printcolumn:name="Service Principal ID",type=string,priority=1,JSONPath=`.status.servicePrincipalID`
// +kubebuilder:printcolumn:name="Expires",type=string,priority=1,JSONPath=`.spec.expirationTime`
type GuestAppRoleAssignment struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is which guest may use which application.
	// +required
	Spec GuestAppRoleAssignmentSpec `json:"spec"`

	// status is what has become of the assignment.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status GuestAppRoleAssignmentStatus `json:"status,omitzero"`
}

// GuestAppRoleAssignmentList is a list of GuestAppRoleAssignments.
//
// +kubebuilder:object:root=true
type GuestAppRoleAssignmentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []GuestAppRoleAssignment `json:"items"`
}

// GetConditions returns the conditions of the status.
func (a *GuestAppRoleAssignment) GetConditions() []metav1.Condition { return a.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (a *GuestAppRoleAssignment) SetConditions(conditions []metav1.Condition) {
	a.Status.Conditions = conditions
}
