package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AdoptionPolicy says what to do when the person is already a guest of the tenant.
//
// +kubebuilder:validation:Enum=Adopt;Never
type AdoptionPolicy string

const (
	// AdoptionPolicyAdopt uses the guest that is there. Nothing is written to it but sponsors and profile, where a GuestPolicy lets
	// them be (allowAdoptedWrites).
	AdoptionPolicyAdopt AdoptionPolicy = "Adopt"
	// AdoptionPolicyNever refuses a guest that this operator did not create.
	AdoptionPolicyNever AdoptionPolicy = "Never"
)

// GuestDeletionPolicy says what becomes of a guest when nobody asks for them any more. It is never applied to a user that this
// operator did not create.
//
// +kubebuilder:validation:Enum=Delete;Disable;Retain
type GuestDeletionPolicy string

const (
	// GuestDeletionPolicyDelete deletes the user. For 30 days, an invitation of the same person restores them.
	GuestDeletionPolicyDelete GuestDeletionPolicy = "Delete"
	// GuestDeletionPolicyDisable blocks the user from signing in and revokes their sessions. An invitation of the same person lets
	// them in again, whenever it comes.
	GuestDeletionPolicyDisable GuestDeletionPolicy = "Disable"
	// GuestDeletionPolicyRetain leaves the user in the tenant as they are.
	GuestDeletionPolicyRetain GuestDeletionPolicy = "Retain"
)

// GuestInvitationSpec is whom to invite, and how.
//
// +kubebuilder:validation:XValidation:rule="!has(self.redeemURLSecretRef) || has(self.message) && has(self.message.send) && !self.message.send",message="redeemURLSecretRef needs message.send: false: the link either goes to the guest by mail or into a Secret"
type GuestInvitationSpec struct {
	// tenantRef names the tenant to invite into. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="tenantRef is immutable: delete this GuestInvitation and create another"
	// +kubebuilder:default={name: "default"}
	// +optional
	TenantRef TenantReference `json:"tenantRef,omitzero"`

	// emailAddress is the address of the person to invite. Capitals mean nothing. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="emailAddress is immutable: delete this GuestInvitation and create another"
	// +required
	EmailAddress EmailAddress `json:"emailAddress"`

	// displayName is sent with the invitation only: at redemption the person's own name takes its place.
	// +optional
	DisplayName DisplayName `json:"displayName,omitempty"`

	// userType is the kind of user to create. A GuestPolicy must allow Member.
	// +kubebuilder:default=Guest
	// +optional
	UserType UserType `json:"userType,omitempty"`

	// redirectURL is where the guest lands after redeeming. A GuestPolicy must allow its host. Absent: the tenant's redirectURL.
	// +optional
	RedirectURL RedirectURL `json:"redirectURL,omitempty"`

	// message is the mail that Microsoft sends to the guest.
	// +kubebuilder:default={}
	// +optional
	Message InvitationMessage `json:"message,omitzero"`

	// sponsors are who answers for the guest in the tenant: users or groups of it, each named once, at most 5. They are set with
	// the invitation and kept afterwards. One who is taken out of the list is removed if this operator had added them; one whom
	// somebody else has set stays. Absent or empty: sponsors are not looked at, and those that were added for this list before go.
	// Of a guest who was in the tenant before, sponsors are written only where a GuestPolicy has allowAdoptedWrites. Condition
	// SponsorsSet says how it stands. https://learn.microsoft.com/entra/external-id/b2b-sponsors
	// +kubebuilder:validation:MaxItems=5
	// +kubebuilder:validation:XValidation:rule="self.all(s, self.exists_one(o, o == s))",message="a sponsor must be named once"
	// +listType=atomic
	// +optional
	Sponsors []Sponsor `json:"sponsors,omitempty"`

	// profile is what the tenant is to know about the guest. Only what is set here is managed: it is set back where somebody
	// changes it, and whatever is absent or empty is never written. What is taken out of here keeps the value that it has. A
	// GuestPolicy must list each property in allowedProfileFields, and have allowAdoptedWrites for a guest who was in the tenant
	// before. Of several invitations of one person, the one that decides counts.
	// +optional
	Profile Profile `json:"profile,omitzero"`

	// readyWhen is how far the guest must have come for this object to be Ready.
	// +kubebuilder:default=Invited
	// +optional
	ReadyWhen Milestone `json:"readyWhen,omitempty"`

	// adoptionPolicy says what to do when the person is already a guest of the tenant: use that guest, or refuse.
	// +kubebuilder:default=Adopt
	// +optional
	AdoptionPolicy AdoptionPolicy `json:"adoptionPolicy,omitempty"`

	// deletionPolicy says what becomes of the guest when nobody asks for the guest any more. Of several claims, those that
	// have gone included, Retain wins, then Disable, then Delete. A guest that this operator did not create is always retained.
	// +kubebuilder:default=Delete
	// +optional
	DeletionPolicy GuestDeletionPolicy `json:"deletionPolicy,omitempty"`

	// expirationTime ends the invitation: from then on it asks for the guest no more than if it had been deleted, and deletionPolicy
	// counts. A later time renews it, and brings the guest back where they have been released. A GuestPolicy can require it
	// and limit how far ahead it may lie. A time as in RFC 3339, best in UTC: 2027-06-30T00:00:00Z. Absent: no end.
	// +kubebuilder:validation:XValidation:rule="self > timestamp('2000-01-01T00:00:00Z') && self < timestamp('3000-01-01T00:00:00Z')",message="must be a time as in 2027-06-30T00:00:00Z, in this millennium"
	// +optional
	ExpirationTime *metav1.Time `json:"expirationTime,omitempty"`

	// resendToken asks for the invitation to be sent once more whenever it takes a new value, at most once in 24 hours: a later
	// value waits. With message.send: false it asks for a new link, which puts an end to the one before. It also asks for a guest to
	// come back: one who is gone is invited anew, one whom somebody else has blocked from signing in is let in again, if this
	// operator created them. Of several invitations of one person, the token of the one that decides counts, and a value that is
	// there when it begins to decide asks for nothing.
	// +optional
	ResendToken Token `json:"resendToken,omitempty"`

	// reminders sends the invitation again by itself for as long as the guest has not redeemed it. Absent: never. Nothing is
	// sent while message.send is false.
	// +optional
	Reminders *Reminders `json:"reminders,omitempty"`

	// pendingExpiryDays ends the invitation when the guest has not redeemed it so many days after the mail, or after this object
	// asked for it where that was later. The mail is the first one or that of the latest resendToken; reminders do not count.
	// Nothing is sent again before resendToken takes a new value. Absent: an invitation may stay pending for good.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3650
	// +optional
	PendingExpiryDays int32 `json:"pendingExpiryDays,omitempty"`

	// redeemURLSecretRef names the Secret of this namespace into which the link is written with which the guest redeems, and which
	// no mail brings them: of type b2b.entraguests.dev/redeem-url, with the link under the key redeemURL. Whoever has the link can
	// become the guest. The Secret goes when the guest has redeemed, or when it is no longer named here. One that is there already
	// and does not belong to this object is left alone. The platform team must let the operator write Secrets in this namespace:
	// ClusterRole entra-guests-redeem-secrets.
	// +optional
	RedeemURLSecretRef *LocalSecretReference `json:"redeemURLSecretRef,omitempty"`

	// suspend leaves the guest as they are: nothing is written to the tenant on behalf of this invitation, and it does not run out
	// meanwhile.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// InvitationMessage is the mail that Microsoft sends to a guest.
type InvitationMessage struct {
	// send the mail.
	// +kubebuilder:default=true
	// +optional
	Send *bool `json:"send,omitempty"`

	// language of the mail, such as de or en-GB. Absent: Microsoft's choice, en-US.
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$')",message="must be a language tag, such as de or en-GB"
	// +optional
	Language string `json:"language,omitempty"`

	// body is a text of your own in the mail, without formatting. A GuestPolicy must allow it. Microsoft Entra leaves it out of
	// mails that an application sends, as this operator does, and then need not heed language either: condition MessageAsAsked
	// says so. https://learn.microsoft.com/graph/api/resources/invitedusermessageinfo
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Body string `json:"body,omitempty"`

	// ccRecipients are further addresses that get a copy of the mail, and with it the link. Microsoft Entra supports one. A
	// GuestPolicy must allow its domain.
	// +kubebuilder:validation:MaxItems=1
	// +listType=set
	// +optional
	CcRecipients []CopyAddress `json:"ccRecipients,omitempty"`
}

// Reminders says when an invitation is sent again by itself.
type Reminders struct {
	// afterDays is how many days after the last mail a reminder is sent: 1 to 365. Each mail counts: the first one, one that a
	// resendToken asked for, and the reminder before.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=365
	// +required
	AfterDays int32 `json:"afterDays"`

	// maxCount is how many reminders are sent at most to a guest who does not redeem: 1 to 20. Those that were sent while another
	// invitation decided for the guest count too.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=20
	// +required
	MaxCount int32 `json:"maxCount"`
}

// Wanted tells whether the mail is to be sent.
func (m InvitationMessage) Wanted() bool { return m.Send == nil || *m.Send }

// Sponsor names a user or a group of the tenant that answers for a guest: exactly one of userPrincipalName, id and groupID.
//
// +kubebuilder:validation:XValidation:rule="[has(self.userPrincipalName), has(self.id), has(self.groupID)].filter(named, named).size() == 1",message="a sponsor needs exactly one of userPrincipalName, id and groupID"
type Sponsor struct {
	// userPrincipalName is the sign-in name of a user. Capitals mean nothing.
	// +optional
	UserPrincipalName UserPrincipalName `json:"userPrincipalName,omitempty"`

	// id is the object ID of a user.
	// +optional
	ID GUID `json:"id,omitempty"`

	// groupID is the object ID of a group, whose members answer for the guest together.
	// +optional
	GroupID GUID `json:"groupID,omitempty"`
}

// Profile are properties of a user that say who somebody is at work. Dynamic groups can go by them. An empty one is not managed, as
// if it were absent: nothing here clears a property. https://learn.microsoft.com/graph/api/resources/user
type Profile struct {
	// givenName of the guest. Redemption can put the one in its place that the guest's own organisation knows; it is set back then.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	GivenName ProfileText `json:"givenName,omitempty"`

	// surname of the guest. As with givenName.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Surname ProfileText `json:"surname,omitempty"`

	// companyName is the company that the guest works for.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	CompanyName ProfileText `json:"companyName,omitempty"`

	// department in which the guest works.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Department ProfileText `json:"department,omitempty"`

	// jobTitle of the guest.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	JobTitle ProfileText `json:"jobTitle,omitempty"`

	// employeeType is what kind of worker the guest is, such as Contractor or Vendor.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	EmployeeType ProfileText `json:"employeeType,omitempty"`

	// usageLocation is the country in which the guest uses licensed services, by its two letters (ISO 3166), such as DE.
	// +kubebuilder:validation:MaxLength=2
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[A-Za-z]{2}$')",message="must be a country in two letters (ISO 3166), such as DE"
	// +optional
	UsageLocation string `json:"usageLocation,omitempty"`
}

// GuestInvitationStatus is what has become of an invitation.
type GuestInvitationStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first reconcile.
	// +kubebuilder:validation:Minimum=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, Invited, Accepted and, while they apply, Reconciling, Stalled, Suspended, Author, Resent, SponsorsSet,
	// MessageAsAsked, RedeemLinkStored, ExpiringSoon and Expired.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// guestRef names the Guest that this invitation claims.
	// +optional
	GuestRef *GuestReference `json:"guestRef,omitempty"`

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

	// invitedTime is when the user came into the tenant: when the guest was invited or, for a guest that was adopted, when the
	// user was created.
	// +optional
	InvitedTime *metav1.Time `json:"invitedTime,omitempty"`

	// acceptedTime is when the guest redeemed.
	// +optional
	AcceptedTime *metav1.Time `json:"acceptedTime,omitempty"`

	// invitationsSent is the number of invitations that this operator has made for the guest, or may have: the first one, those
	// that a resendToken asked for, reminders, and new links.
	// +kubebuilder:validation:Minimum=0
	// +optional
	InvitationsSent int32 `json:"invitationsSent,omitempty"`

	// expiredResendToken is the resendToken that the invitation had when pendingExpiryDays ended it: another one has the guest
	// invited again. Absent unless it has ended so.
	// +optional
	ExpiredResendToken Token `json:"expiredResendToken,omitempty"`
}

// GuestReference names a Guest.
type GuestReference struct {
	// name of the Guest.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
}

// GuestInvitation asks for a person to be a guest of a tenant.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=gi,categories=entraguests
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.spec.emailAddress`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.externalUserState`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Guest",type=string,priority=1,JSONPath=`.status.guestRef.name`
// +kubebuilder:printcolumn:name="User ID",type=string,priority=1,JSONPath=`.status.userID`
type GuestInvitation struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is whom to invite, and how.
	// +required
	Spec GuestInvitationSpec `json:"spec"`

	// status is what has become of the invitation.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status GuestInvitationStatus `json:"status,omitzero"`
}

// GuestInvitationList is a list of GuestInvitations.
//
// +kubebuilder:object:root=true
type GuestInvitationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []GuestInvitation `json:"items"`
}

// GetConditions returns the conditions of the status.
func (i *GuestInvitation) GetConditions() []metav1.Condition { return i.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (i *GuestInvitation) SetConditions(conditions []metav1.Condition) {
	i.Status.Conditions = conditions
}
