package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// GuestPolicySpec is what some namespaces may ask for in one tenant. A request is allowed when one policy that selects
// its namespace allows all of it.
type GuestPolicySpec struct {
	// tenantRef names the tenant that the policy speaks of.
	// +required
	TenantRef TenantReference `json:"tenantRef"`

	// namespaceSelector selects the namespaces that the policy is for, by their labels. An empty selector selects every
	// namespace.
	// +kubebuilder:validation:XValidation:rule="(!has(self.matchLabels) || self.matchLabels.size() <= 32) && (!has(self.matchExpressions) || self.matchExpressions.size() <= 32)",message="namespaceSelector may have at most 32 matchLabels and 32 matchExpressions"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || self.matchExpressions.all(e, e.operator in ['In', 'NotIn', 'Exists', 'DoesNotExist'])",message="operator must be In, NotIn, Exists or DoesNotExist"
	// +required
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector"`

	// invitations is whom the namespaces may invite, and on which terms. Absent: nobody.
	// +optional
	Invitations *InvitationGrant `json:"invitations,omitempty"`

	// groups are the groups that the namespaces may put guests into. Absent: none. A displayName must be unique in the
	// tenant; it is pinned to the ID of its group when it is first found.
	// +kubebuilder:validation:MaxItems=128
	// +listType=atomic
	// +optional
	Groups []GroupReference `json:"groups,omitempty"`

	// applications are the enterprise applications that the namespaces may let guests use, and in which roles. Absent: none. A
	// displayName must be unique in the tenant; it is pinned to the ID of its application when it is first found.
	// +kubebuilder:validation:MaxItems=128
	// +listType=atomic
	// +optional
	Applications []ApplicationGrant `json:"applications,omitempty"`
}

// ApplicationGrant is an enterprise application that guests may be let use, and in which roles.
type ApplicationGrant struct {
	ApplicationReference `json:",inline"`

	// roles are the values of the app roles that may be assigned. Absent or empty: none of them but default access, which there
	// is only where the application has no app role for users. An application that is listed several times grants all of
	// what is listed.
	// +kubebuilder:validation:MaxItems=64
	// +listType=set
	// +optional
	Roles []AppRoleValue `json:"roles,omitempty"`
}

// InvitationGrant is whom some namespaces may invite, and on which terms.
type InvitationGrant struct {
	// allowedDomains are the e-mail domains that may be invited: "*" is any domain, "*.x" every domain below x but not x
	// itself. Absent: none.
	// +kubebuilder:validation:MaxItems=256
	// +listType=set
	// +optional
	AllowedDomains []DomainPattern `json:"allowedDomains,omitempty"`

	// deniedDomains are taken away from allowedDomains. They bind this policy's own grant only: another policy may allow them.
	// +kubebuilder:validation:MaxItems=256
	// +listType=set
	// +optional
	DeniedDomains []DomainPattern `json:"deniedDomains,omitempty"`

	// allowedRedirectHosts are the hosts that the redirectURL of an invitation may name, besides the tenant's own redirectURL.
	// +kubebuilder:validation:MaxItems=64
	// +listType=set
	// +optional
	AllowedRedirectHosts []HostName `json:"allowedRedirectHosts,omitempty"`

	// allowedProfileFields are the properties of spec.profile that an invitation may set. Whoever may set one can bring a guest into
	// every dynamic group that goes by it. Absent: none.
	// +kubebuilder:validation:MaxItems=7
	// +listType=set
	// +optional
	AllowedProfileFields []ProfileField `json:"allowedProfileFields,omitempty"`

	// requireSponsor demands that an invitation names sponsors, and that nobody is invited before at least one of them is there. A
	// guest who is in the tenant already stays, also when all of the sponsors have left.
	// +optional
	RequireSponsor bool `json:"requireSponsor,omitempty"`

	// allowAdoptedWrites lets invitations set the sponsors and the profile of guests who were in the tenant before, and whom this
	// operator did not create. It never changes anything else about them, and never deletes them.
	// +optional
	AllowAdoptedWrites bool `json:"allowAdoptedWrites,omitempty"`

	// maxLifetimeDays limits how far ahead the end of what the namespaces ask for may lie, at any time: expirationTime must be set, and
	// be no later than so many days from now. So whatever is granted ends within that time unless somebody moves its date on. It binds
	// invitations, and memberships and app role assignments, which end with the invitation that they name where they have no
	// earlier date of their own.
	// 0 allows nothing. Absent: no limit.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3650
	// +optional
	MaxLifetimeDays *int32 `json:"maxLifetimeDays,omitempty"`

	// allowedCcDomains are the e-mail domains whose addresses may get a copy of the mail, written as in allowedDomains. A copy has
	// the link, with which its reader can become the guest. Absent: none.
	// +kubebuilder:validation:MaxItems=64
	// +listType=set
	// +optional
	AllowedCcDomains []DomainPattern `json:"allowedCcDomains,omitempty"`

	// allowMessageBody allows invitations with a message.body of their own.
	// +optional
	AllowMessageBody bool `json:"allowMessageBody,omitempty"`

	// allowMemberUserType allows invitations with userType Member.
	// +optional
	AllowMemberUserType bool `json:"allowMemberUserType,omitempty"`
}

// ProfileField names a property of spec.profile.
//
// +kubebuilder:validation:Enum=givenName;surname;companyName;department;jobTitle;employeeType;usageLocation
type ProfileField string

// GuestPolicyStatus is what a policy amounts to.
type GuestPolicyStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first reconcile.
	// +kubebuilder:validation:Minimum=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready and, while they apply, Reconciling and Stalled.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// namespaces is the number of namespaces that the policy selects.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Namespaces *int32 `json:"namespaces,omitempty"`

	// guests is the number of guests that the selected namespaces have invited into the policy's tenant.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Guests *int32 `json:"guests,omitempty"`

	// groups are the groups of the spec that have been found in the tenant. A displayName stays with its group here, also
	// after the group has been renamed or another one has taken the name.
	// +kubebuilder:validation:MaxItems=128
	// +listType=atomic
	// +optional
	Groups []ResolvedGroup `json:"groups,omitempty"`

	// applications are the applications of the spec that have been found in the tenant. A displayName stays with its
	// application here, also after the application has been renamed or another one has taken the name.
	// +kubebuilder:validation:MaxItems=128
	// +listType=atomic
	// +optional
	Applications []ResolvedApplication `json:"applications,omitempty"`
}

// ResolvedGroup is a group of a policy as it was found in the tenant.
type ResolvedGroup struct {
	// id is the object ID of the group.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +required
	ID string `json:"id"`

	// displayName is the name by which the group can be asked for: the one that the policy grants, or the one that the group
	// had when its ID was first looked up.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	DisplayName string `json:"displayName,omitempty"`
}

// ResolvedApplication is an application of a policy as it was found in the tenant.
type ResolvedApplication struct {
	// appID is the application (client) ID.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +required
	AppID string `json:"appID"`

	// servicePrincipalID is the object ID of the application's service principal, to which roles are assigned.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +required
	ServicePrincipalID string `json:"servicePrincipalID"`

	// displayName is the name by which the application can be asked for: the one that the policy grants, or the one that the
	// application had when its ID was first looked up.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	DisplayName string `json:"displayName,omitempty"`
}

// GuestPolicy allows namespaces to invite guests, to put them into groups and to let them use applications. What no policy allows is not allowed.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=gpol,categories=entraguests
// +kubebuilder:printcolumn:name="Tenant",type=string,JSONPath=`.spec.tenantRef.name`
// +kubebuilder:printcolumn:name="Namespaces",type=integer,JSONPath=`.status.namespaces`
// +kubebuilder:printcolumn:name="Guests",type=integer,JSONPath=`.status.guests`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type GuestPolicy struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is what the policy allows, and to whom.
	// +required
	Spec GuestPolicySpec `json:"spec"`

	// status is what the policy amounts to.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status GuestPolicyStatus `json:"status,omitzero"`
}

// GuestPolicyList is a list of GuestPolicies.
//
// +kubebuilder:object:root=true
type GuestPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []GuestPolicy `json:"items"`
}

// GetConditions returns the conditions of the status.
func (p *GuestPolicy) GetConditions() []metav1.Condition { return p.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (p *GuestPolicy) SetConditions(conditions []metav1.Condition) { p.Status.Conditions = conditions }
