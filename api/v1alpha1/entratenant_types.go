package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Cloud is the Microsoft cloud that a tenant lives in. It decides which hosts are talked to.
//
// +kubebuilder:validation:Enum=Global;USGovernment;USGovernmentDoD;China
type Cloud string

const (
	// CloudGlobal is the worldwide cloud (graph.microsoft.com).
	CloudGlobal Cloud = "Global"
	// CloudUSGovernment is GCC High (graph.microsoft.us).
	CloudUSGovernment Cloud = "USGovernment"
	// CloudUSGovernmentDoD is the cloud of the Department of Defense (dod-graph.microsoft.us).
	CloudUSGovernmentDoD Cloud = "USGovernmentDoD"
	// CloudChina is the cloud operated by 21Vianet (microsoftgraph.chinacloudapi.cn).
	CloudChina Cloud = "China"
)

// OnRelease says what becomes of guests and memberships of a tenant when nobody claims them any more.
//
// +kubebuilder:validation:Enum=AsClaimed;RetainAll
type OnRelease string

const (
	// OnReleaseAsClaimed carries out the deletionPolicy of the objects that asked for the guest or the membership.
	OnReleaseAsClaimed OnRelease = "AsClaimed"
	// OnReleaseRetainAll leaves everything in the tenant, whatever the objects say.
	OnReleaseRetainAll OnRelease = "RetainAll"
)

// EntraTenantSpec is how to reach a tenant.
type EntraTenantSpec struct {
	// tenantID is the ID of the tenant, a GUID. Immutable. Of several EntraTenants with one tenantID the oldest serves it.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="tenantID is immutable: create another EntraTenant for another tenant"
	// +required
	TenantID GUID `json:"tenantID"`

	// cloud is the Microsoft cloud that the tenant lives in. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="cloud is immutable: a tenant does not move between clouds"
	// +kubebuilder:default=Global
	// +optional
	Cloud Cloud `json:"cloud,omitempty"`

	// credential is how the operator signs in to the tenant.
	// +required
	Credential Credential `json:"credential"`

	// redirectURL is where guests land after redeeming, where their invitation does not say otherwise.
	// Every invitation may use it, whatever the policies say.
	// +kubebuilder:default="https://myapps.microsoft.com"
	// +optional
	RedirectURL RedirectURL `json:"redirectURL,omitempty"`

	// observation is how closely the tenant is watched.
	// +kubebuilder:default={}
	// +optional
	Observation Observation `json:"observation,omitzero"`

	// onRelease says what becomes of guests and memberships that nobody claims any more: AsClaimed does what their
	// deletionPolicy says, RetainAll touches nothing, which is the first step of moving to another cluster or of uninstalling.
	// +kubebuilder:default=AsClaimed
	// +optional
	OnRelease OnRelease `json:"onRelease,omitempty"`

	// suspend stops every write to the tenant. It is still observed.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// Credential is how the operator signs in to a tenant: exactly one way.
//
// +kubebuilder:validation:XValidation:rule="has(self.workloadIdentity) != has(self.clientSecret)",message="credential needs exactly one of workloadIdentity and clientSecret"
type Credential struct {
	// workloadIdentity signs in with the service account token of the operator's pod, which the app registration trusts.
	// +optional
	WorkloadIdentity *WorkloadIdentityCredential `json:"workloadIdentity,omitempty"`

	// clientSecret signs in with a secret of the app registration.
	// +optional
	ClientSecret *ClientSecretCredential `json:"clientSecret,omitempty"`
}

// WorkloadIdentityCredential is a federated identity credential: nothing secret is stored.
type WorkloadIdentityCredential struct {
	// clientID is the application (client) ID of the app registration.
	// +required
	ClientID GUID `json:"clientID"`
}

// ClientSecretCredential is a client secret, kept in a Secret.
type ClientSecretCredential struct {
	// clientID is the application (client) ID of the app registration.
	// +required
	ClientID GUID `json:"clientID"`

	// secretRef names the Secret in the operator's namespace and the key in it that hold the client secret.
	// +required
	SecretRef SecretKeyReference `json:"secretRef"`
}

// SecretKeyReference names one value of a Secret in the operator's namespace.
type SecretKeyReference struct {
	// name of the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`

	// key within the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Key string `json:"key"`
}

// Observation is how closely a tenant is watched.
type Observation struct {
	// intervalSeconds is the time between two looks at the tenant, in seconds: 5 to 3600.
	// +kubebuilder:validation:Minimum=5
	// +kubebuilder:validation:Maximum=3600
	// +kubebuilder:default=60
	// +optional
	IntervalSeconds int32 `json:"intervalSeconds,omitempty"`
}

// Interval is the time between two looks at the tenant.
func (o Observation) Interval() time.Duration {
	return time.Duration(o.IntervalSeconds) * time.Second
}

// EntraTenantStatus is what is known of a tenant.
type EntraTenantStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first reconcile.
	// +kubebuilder:validation:Minimum=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, PermissionsGranted, InvitationsAllowed and, while they apply, Reconciling, Stalled and Suspended.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// permissions are those application permissions of Microsoft Graph that the operator can use. Absent while unknown.
	// +optional
	Permissions *TenantPermissions `json:"permissions,omitempty"`

	// guests counts the guests of the tenant. It is brought up to date at most once per interval.
	// +optional
	Guests *TenantGuests `json:"guests,omitempty"`
}

// TenantPermissions are application permissions of Microsoft Graph.
type TenantPermissions struct {
	// granted lists the permissions that the operator has, among those that it uses.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	// +listType=set
	// +optional
	Granted []string `json:"granted,omitempty"`

	// missing lists the permissions that the operator needs and does not have.
	// +kubebuilder:validation:MaxItems=64
	// +listType=map
	// +listMapKey=permission
	// +optional
	Missing []MissingPermission `json:"missing,omitempty"`
}

// MissingPermission is a permission that an administrator should grant.
type MissingPermission struct {
	// permission is the name of an application permission of Microsoft Graph, such as User.Invite.All.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +required
	Permission string `json:"permission"`

	// neededFor says what cannot be done without it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +required
	NeededFor string `json:"neededFor"`
}

// TenantGuests counts the guests of a tenant.
type TenantGuests struct {
	// total is the number of guests in the tenant, whoever invited them.
	// +kubebuilder:validation:Minimum=0
	// +required
	Total int32 `json:"total"`

	// pendingAcceptance is the number of guests in the tenant who have not redeemed their invitation.
	// +kubebuilder:validation:Minimum=0
	// +required
	PendingAcceptance int32 `json:"pendingAcceptance"`

	// managed is the number of guests that this operator serves.
	// +kubebuilder:validation:Minimum=0
	// +required
	Managed int32 `json:"managed"`
}

// EntraTenant connects a Microsoft Entra tenant.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=et,categories=entraguests
// +kubebuilder:printcolumn:name="Tenant",type=string,JSONPath=`.spec.tenantID`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Guests",type=integer,JSONPath=`.status.guests.total`
// +kubebuilder:printcolumn:name="Pending",type=integer,JSONPath=`.status.guests.pendingAcceptance`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Cloud",type=string,priority=1,JSONPath=`.spec.cloud`
// +kubebuilder:printcolumn:name="Managed",type=integer,priority=1,JSONPath=`.status.guests.managed`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="the name of an EntraTenant must have at most 63 characters: the names of its Guests begin with it"
type EntraTenant struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is how to reach the tenant.
	// +required
	Spec EntraTenantSpec `json:"spec"`

	// status is what is known of the tenant.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status EntraTenantStatus `json:"status,omitzero"`
}

// EntraTenantList is a list of EntraTenants.
//
// +kubebuilder:object:root=true
type EntraTenantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []EntraTenant `json:"items"`
}

// GetConditions returns the conditions of the status.
func (t *EntraTenant) GetConditions() []metav1.Condition { return t.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (t *EntraTenant) SetConditions(conditions []metav1.Condition) { t.Status.Conditions = conditions }
