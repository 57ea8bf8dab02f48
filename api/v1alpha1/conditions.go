package v1alpha1

// Conditions of type Ready, Reconciling and Stalled follow kstatus. Reconciling is True while there is work in hand or
// something is waited for, Stalled is True when a person must decide something; each is absent where it does not apply,
// and they are never both True. Reasons are part of the API: each says below what it means, what its reader should do, and in
// its last lines of which condition of which kinds it can be ("Of Ready: Guest, GuestInvitation."). A condition that is False
// may also repeat a reason of its kind's Reconciling or Stalled: Ready does so, and Invited. Tests hold the operator and the
// documentation to these lines.

// Types of conditions.
const (
	// ConditionReady says whether what the spec asks for is there. Every kind has it.
	ConditionReady = "Ready"
	// ConditionReconciling is True while the operator works on the object or waits for something. Nobody needs to act yet.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when the object gets no further without a person. It goes by itself once its cause is gone.
	ConditionStalled = "Stalled"
	// ConditionSuspended is True while nothing is written to the tenant for the object. It leaves Ready as it is.
	ConditionSuspended = "Suspended"

	// ConditionInvited says on a GuestInvitation whether the guest exists and the invitation is out.
	ConditionInvited = "Invited"
	// ConditionAccepted says on a GuestInvitation whether the guest has redeemed it.
	ConditionAccepted = "Accepted"
	// ConditionAuthor says on a GuestInvitation whether it is the one that decides for a guest whom several ask for.
	ConditionAuthor = "Author"
	// ConditionResent says on a GuestInvitation what came of its latest resendToken, and on a Guest what came of that of the
	// invitation which decides.
	ConditionResent = "Resent"
	// ConditionSponsorsSet says on a GuestInvitation that names sponsors, and on its Guest where it decides, whether the guest has all of
	// them. It leaves Ready as it is.
	ConditionSponsorsSet = "SponsorsSet"

	// ConditionExpiringSoon is True on an object whose expirationTime is less than 7 days ahead. It is absent otherwise.
	ConditionExpiringSoon = "ExpiringSoon"
	// ConditionExpired is True on an object that has run out, once what it had brought about has been taken away. It is absent otherwise.
	ConditionExpired = "Expired"

	// ConditionMessageAsAsked is False on a GuestInvitation that asks for something which an application cannot send or set, and
	// which Microsoft Entra leaves out without a word. Absent where everything is as asked.
	ConditionMessageAsAsked = "MessageAsAsked"
	// ConditionRedeemLinkStored says on a GuestInvitation with a redeemURLSecretRef whether the link is in the Secret. Absent once
	// the guest has redeemed.
	ConditionRedeemLinkStored = "RedeemLinkStored"

	// ConditionPermissionsGranted says on an EntraTenant whether the operator has the Graph permissions that it needs.
	ConditionPermissionsGranted = "PermissionsGranted"
	// ConditionInvitationsAllowed says on an EntraTenant whether the tenant's settings let an application invite guests.
	ConditionInvitationsAllowed = "InvitationsAllowed"
)

// Reasons of Ready=True.
const (
	// ReasonInvited: the guest exists and the invitation is out. Nothing to do; the guest has yet to redeem it.
	// Of Ready: Guest, GuestInvitation. Of Invited: GuestInvitation.
	ReasonInvited = "Invited"
	// ReasonAdopted: the person was a guest already and is used as they are. Nothing to do; the operator never deletes this
	// user, and changes nothing but sponsors and profile, where a GuestPolicy has allowAdoptedWrites.
	// Of Ready: Guest, GuestInvitation.
	ReasonAdopted = "Adopted"
	// ReasonAccepted: the guest has redeemed the invitation. Nothing to do. Also of Accepted=True.
	// Of Ready: Guest, GuestInvitation. Of Accepted: GuestInvitation.
	ReasonAccepted = "Accepted"
	// ReasonGranted: the guest is in the group, or has the app role. Nothing to do. Also of PermissionsGranted=True.
	// Of Ready: GuestAppRoleAssignment, GuestGroupMembership. Of PermissionsGranted: EntraTenant.
	ReasonGranted = "Granted"
	// ReasonConnected: the tenant answers and the credential is accepted. Nothing to do.
	// Of Ready: EntraTenant.
	ReasonConnected = "Connected"
	// ReasonReleased: nobody asks for the guest any more, and what was to be done about it has been done. Nothing to do; the
	// Guest says what that was for 30 days, or for as long as this operator keeps the user from signing in, and goes then.
	// Of Ready: Guest.
	ReasonReleased = "Released"
	// ReasonValid: the policy is in force. Nothing to do; groups and applications that were not found are named in the message.
	// Of Ready: GuestPolicy.
	ReasonValid = "Valid"
	// ReasonExpired: what was asked for has run out, and has been taken away: what is wanted is nothing. Nothing to do, or delete
	// the object. Condition Expired says why it ended, and what renews it.
	// Of Ready: GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation. Of Invited: GuestInvitation.
	ReasonExpired = "Expired"
)

// Reasons of Ready=False with Reconciling=True: what is waited for. They go by themselves, or when the thing named is there.
const (
	// ReasonWaitingForTenant: the EntraTenant is missing or not Ready. Create it, or look at its conditions.
	// Of Reconciling: Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation, GuestPolicy.
	ReasonWaitingForTenant = "WaitingForTenant"
	// ReasonWaitingForPolicy: no GuestPolicy for this tenant selects the namespace. Ask the platform team for one, or look
	// at the labels of the namespace.
	// Of Reconciling: GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonWaitingForPolicy = "WaitingForPolicy"
	// ReasonWaitingForInvitation: the GuestInvitation that is named does not exist or is not Ready. Create it, or look at its
	// conditions.
	// Of Reconciling: Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonWaitingForInvitation = "WaitingForInvitation"
	// ReasonWaitingForGuest: the guest is not in the tenant yet, or was brought back a moment ago. Wait; where only an address is
	// named, somebody else must bring the person in. Where a GuestPolicy requires a sponsor, none of those named is in the tenant
	// yet: name one who is.
	// Of Reconciling: Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonWaitingForGuest = "WaitingForGuest"
	// ReasonWaitingForAcceptance: the guest has not redeemed the invitation. Ask them to, or send it again with a new
	// resendToken.
	// Of Reconciling: GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonWaitingForAcceptance = "WaitingForAcceptance"
	// ReasonWaitingForGroup: the group was not found, or is not to be seen everywhere in the tenant yet. Check its name or ID
	// if this lasts.
	// Of Reconciling: GuestGroupMembership.
	ReasonWaitingForGroup = "WaitingForGroup"
	// ReasonWaitingForApplication: the application was not found, has no such role, or is not to be seen everywhere in the tenant
	// yet. Check its name or appID, and the value of the role, if this lasts. Also of Stalled=True, where the application does not
	// let the role be assigned to users: the message says why; choose another role, or have the application changed.
	// Of Reconciling: GuestAppRoleAssignment. Of Stalled: GuestAppRoleAssignment.
	ReasonWaitingForApplication = "WaitingForApplication"
	// ReasonThrottled: Microsoft Graph asked to slow down. Wait; the message says until when.
	// Of Reconciling: EntraTenant, Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation, GuestPolicy.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonThrottled = "Throttled"
	// ReasonDirectoryUnavailable: Microsoft Graph or the sign-in service cannot be reached or fails. Wait, or check the
	// network and Microsoft's service health if this lasts.
	// Of Reconciling: EntraTenant, Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation, GuestPolicy.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonDirectoryUnavailable = "DirectoryUnavailable"
	// ReasonPermissionMissing: the operator's app registration lacks a permission. Grant the one that the message names, with
	// admin consent. Also of PermissionsGranted=False and SponsorsSet=False.
	// Of Reconciling: EntraTenant, Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation, GuestPolicy.
	// Of PermissionsGranted: EntraTenant.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonPermissionMissing = "PermissionMissing"
	// ReasonInvitationsBlocked: the tenant's external collaboration settings forbid invitations. Change them in Entra. Also of
	// InvitationsAllowed=False.
	// Of Reconciling: Guest, GuestInvitation. Of InvitationsAllowed: EntraTenant.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonInvitationsBlocked = "InvitationsBlocked"
	// ReasonOutcomeUnknown: the answer to a write was lost, and the operator looks whether the write was carried out before
	// it does anything else. Wait for the replication window. Also of Resent=False: the invitation may or may not have been
	// sent again, and is not repeated; set another resendToken if the guest has no mail. And of RedeemLinkStored=False: another link
	// is made in a moment, without a mail.
	// Of Reconciling: Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation. Of Resent: Guest, GuestInvitation.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonOutcomeUnknown = "OutcomeUnknown"
	// ReasonCredentialInvalid: the tenant refuses the credential, or it cannot be read. Check the Secret, its expiry date
	// or the federated credential of the app registration.
	// Of Reconciling: EntraTenant, Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation, GuestPolicy.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonCredentialInvalid = "CredentialInvalid"
	// ReasonReleasing: what was granted is being taken away. Wait.
	// Of Reconciling: EntraTenant, Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonReleasing = "Releasing"
)

// Reasons of Ready=False with Stalled=True: what a person must decide.
const (
	// ReasonPolicyDenied: a GuestPolicy selects the namespace, and none allows this request. Change the request, or ask the
	// platform team to change a policy; the message says what is not allowed. On a GuestPolicy: its namespaceSelector has no
	// meaning, so that it allows nothing. Correct it. Also of SponsorsSet=False: no policy lets the sponsors of a guest be written
	// who was in the tenant before.
	// Of Stalled: GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation, GuestPolicy. Of SponsorsSet: Guest, GuestInvitation.
	ReasonPolicyDenied = "PolicyDenied"
	// ReasonInvalidAddress: Microsoft Entra does not accept the address. Create the object anew with the right one.
	// Of Stalled: Guest, GuestInvitation.
	ReasonInvalidAddress = "InvalidAddress"
	// ReasonAddressIsInternal: the address belongs to a user or a domain of the tenant itself, who needs no invitation.
	// Delete the object.
	// Of Stalled: Guest, GuestInvitation.
	ReasonAddressIsInternal = "AddressIsInternal"
	// ReasonAlreadyAGuest: the person is a guest already, and adoptionPolicy Never forbids using that guest. Set it to
	// Adopt, or delete the object.
	// Of Stalled: GuestInvitation.
	ReasonAlreadyAGuest = "AlreadyAGuest"
	// ReasonInvitationRefused: Microsoft Entra refused the invitation, or to restore a deleted guest, with the words in the
	// message. It is tried again when the spec changes; restoring also by itself, now and then.
	// Of Stalled: Guest, GuestInvitation. Of Resent: Guest, GuestInvitation.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonInvitationRefused = "InvitationRefused"
	// ReasonGroupNotWritable: the group is one that guests are never put into: role-assignable, dynamic, synchronised, for
	// mail, or under restricted management. Choose another group.
	// Of Stalled: GuestGroupMembership.
	ReasonGroupNotWritable = "GroupNotWritable"
	// ReasonGuestGone: the guest was in the tenant and has been deleted or has left since. Invite anew with a new resendToken,
	// have an administrator restore the user, or delete the object.
	// Of Stalled: Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonGuestGone = "GuestGone"
	// ReasonGuestDisabled: somebody else has blocked the guest from signing in. Let them in again with a new resendToken, if this
	// operator created them; ask an administrator of the tenant; or delete the object.
	// Of Stalled: Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonGuestDisabled = "GuestDisabled"
	// ReasonRemovedExternally: somebody else has taken the guest out of the group, or the app role from the guest. Give it to them
	// again with a new regrantToken, or delete the object.
	// Of Stalled: GuestAppRoleAssignment, GuestGroupMembership.
	ReasonRemovedExternally = "RemovedExternally"
	// ReasonTenantAlreadyConnected: an older EntraTenant serves this tenantID. Use that one, and delete this one.
	// Of Stalled: EntraTenant.
	ReasonTenantAlreadyConnected = "TenantAlreadyConnected"
	// ReasonNameCollision: the Guest of this name stands for another address or tenant. Delete the Guest if nobody uses it,
	// and report it: it was not made by this operator.
	// Of Stalled: GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonNameCollision = "NameCollision"
)

// Reasons of the other conditions.
const (
	// ReasonSuspended of Suspended=True: spec.suspend is set. Unset it to go on.
	// Of Suspended: EntraTenant, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonSuspended = "Suspended"
	// ReasonTenantSuspended of Suspended=True: the EntraTenant is suspended. The platform team decides when to go on.
	// Of Suspended: Guest, GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonTenantSuspended = "TenantSuspended"

	// ReasonPendingAcceptance of Accepted=False: the guest has not redeemed the invitation. Nothing to do but to ask them.
	// Of Accepted: GuestInvitation.
	ReasonPendingAcceptance = "PendingAcceptance"

	// ReasonFirstClaim of Author=True: this invitation was the first of those in force, and decides for the guest.
	// Of Author: GuestInvitation.
	ReasonFirstClaim = "FirstClaim"
	// ReasonEarlierClaim of Author=False: an earlier invitation decides for the guest, also about sending again. The claims of the
	// Guest tell which, to those who may see it; agree with its owner on what differs.
	// Of Author: GuestInvitation.
	ReasonEarlierClaim = "EarlierClaim"

	// ReasonSent of Resent=True: the invitation was sent once more. Nothing to do.
	// Of Resent: Guest, GuestInvitation.
	ReasonSent = "Sent"
	// ReasonTooSoon of Resent=False: the invitation was sent again less than 24 hours ago. Wait; it is sent when they are over.
	// Of Resent: Guest, GuestInvitation.
	ReasonTooSoon = "TooSoon"
	// ReasonAlreadyAccepted of Resent=False: the guest has redeemed the invitation, so that it is not sent again. Nothing to do.
	// Of Resent: Guest, GuestInvitation.
	ReasonAlreadyAccepted = "AlreadyAccepted"

	// ReasonSponsorsSet of SponsorsSet=True: the guest has the sponsors that the spec names. Nothing to do.
	// Of SponsorsSet: Guest, GuestInvitation.
	ReasonSponsorsSet = "SponsorsSet"
	// ReasonSponsorNotFound of SponsorsSet=False: a sponsor does not exist in the tenant, or has been deleted. Name somebody else; one
	// who has only just been created shows by itself.
	// Of SponsorsSet: Guest, GuestInvitation.
	ReasonSponsorNotFound = "SponsorNotFound"
	// ReasonSponsorDisabled of SponsorsSet=False: a sponsor is blocked from signing in, as those are who have left. Name somebody else.
	// Of SponsorsSet: Guest, GuestInvitation.
	ReasonSponsorDisabled = "SponsorDisabled"
	// ReasonTooManySponsors of SponsorsSet=False: others have set so many sponsors that there is no room left: a user has at most 5. Have
	// an administrator of the tenant remove one, or name fewer.
	// Of SponsorsSet: Guest, GuestInvitation.
	ReasonTooManySponsors = "TooManySponsors"
	// ReasonSponsorRefused of SponsorsSet=False: Microsoft Entra does not take a sponsor, with the words in the message. Name somebody
	// else.
	// Of SponsorsSet: Guest, GuestInvitation.
	ReasonSponsorRefused = "SponsorRefused"
	// ReasonUserNotWritable of SponsorsSet=False: the user is not the operator's to write: synchronised from on-premises, or cared for
	// under another address of the same person. Have the sponsors set where the user comes from.
	// Of SponsorsSet: Guest, GuestInvitation.
	ReasonUserNotWritable = "UserNotWritable"

	// ReasonNothingToSend of Resent=False: message.send is false and no redeemURLSecretRef is set, so that another invitation would
	// reach nobody. Set one of them; the token is heeded then.
	// Of Resent: Guest, GuestInvitation.
	ReasonNothingToSend = "NothingToSend"

	// ReasonBodyLeftOut of MessageAsAsked=False: Microsoft Entra leaves message.body out of mails that an application sends, and
	// need not heed message.language. Remove the body; write to the guest yourself where its words matter.
	// Of MessageAsAsked: Guest, GuestInvitation.
	ReasonBodyLeftOut = "BodyLeftOut"
	// ReasonOtherUserType of MessageAsAsked=False: the user is not of the userType that was asked for. Have an administrator of the
	// tenant change it, or ask for what it is: userType is sent with the invitation only.
	// Of MessageAsAsked: Guest, GuestInvitation.
	ReasonOtherUserType = "OtherUserType"

	// ReasonStored of RedeemLinkStored=True: the link is in the Secret. Hand it to the guest, over a way that only they read.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonStored = "Stored"
	// ReasonSecretForbidden of RedeemLinkStored=False: the operator may not write Secrets in this namespace. Ask the platform team
	// to bind ClusterRole entra-guests-redeem-secrets there to the operator's service account. Also where a quota forbids it.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonSecretForbidden = "SecretForbidden"
	// ReasonSecretNotOurs of RedeemLinkStored=False: a Secret of that name is there and does not belong to this object. Delete it,
	// or name another one.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonSecretNotOurs = "SecretNotOurs"
	// ReasonSecretNotWritten of RedeemLinkStored=False: the API server did not take the Secret. It is tried again; look at the
	// message if this lasts.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonSecretNotWritten = "SecretNotWritten"
	// ReasonLinkNotOurs of RedeemLinkStored=False: the latest link was made for somebody else: another invitation that decided
	// before, or whoever invited the guest by hand. A new one would put an end to it. Set a new resendToken to have one made.
	// Of RedeemLinkStored: Guest, GuestInvitation.
	ReasonLinkNotOurs = "LinkNotOurs"

	// ReasonExpirationTime of ExpiringSoon=True and Expired=True: spec.expirationTime is near, or has been reached. A later one
	// renews what is asked for.
	// Of ExpiringSoon: GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	// Of Expired: GuestAppRoleAssignment, GuestGroupMembership, GuestInvitation.
	ReasonExpirationTime = "ExpirationTime"
	// ReasonNotRedeemed of Expired=True: the guest had not redeemed the invitation within its pendingExpiryDays. Nothing is sent
	// again before somebody sets a new resendToken.
	// Of Expired: GuestInvitation.
	ReasonNotRedeemed = "NotRedeemed"
	// ReasonInvitationExpired of Expired=True: the GuestInvitation that is named has expired, and what rests on it has ended with it.
	// It comes back when the invitation does.
	// Of Expired: GuestAppRoleAssignment, GuestGroupMembership.
	ReasonInvitationExpired = "InvitationExpired"

	// ReasonAllowed of InvitationsAllowed=True: the tenant lets an application invite. Nothing to do.
	// Of InvitationsAllowed: EntraTenant.
	ReasonAllowed = "Allowed"
	// ReasonNotDetermined of PermissionsGranted=Unknown and InvitationsAllowed=Unknown: the operator cannot tell. Nothing is
	// held up by it; a refusal by the tenant decides.
	// Of PermissionsGranted: EntraTenant. Of InvitationsAllowed: EntraTenant.
	ReasonNotDetermined = "NotDetermined"
)
