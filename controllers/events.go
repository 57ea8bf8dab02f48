package controllers

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
)

// Events tells the story of an object to whoever describes it. No event carries an address, a link or a secret: objects can be
// read by people who may not know them.
type Events struct{ recorder events.EventRecorder }

// NewEvents gives events that go to a recorder.
func NewEvents(recorder events.EventRecorder) *Events { return &Events{recorder: recorder} }

// Invited says on the invitation that decided that the guest has been invited.
func (e *Events) Invited(invitation runtime.Object) {
	e.normal(invitation, "Invited", "Invite", "Invited the guest into the tenant")
}

// Resent says on the invitation that asked for it that it went out once more, or that a new link was made where no mail is wanted.
func (e *Events) Resent(invitation runtime.Object, mailed bool) {
	what := "Sent the invitation once more"
	if !mailed {
		what = "Made a new link, without a mail"
	}
	e.normal(invitation, "Resent", "Invite", "%s, as a new resendToken asked", what)
}

// Reminded says on the invitation that decides that a reminder went out.
func (e *Events) Reminded(invitation runtime.Object, number, of int32) {
	e.normal(invitation, "Reminded", "Invite", "Sent reminder %d of %d: the guest has not accepted the invitation yet", number, of)
}

// MessageNotAsAsked says on an invitation what Microsoft Entra leaves out of it.
func (e *Events) MessageNotAsAsked(invitation runtime.Object, what string) {
	e.warning(invitation, "MessageNotAsAsked", "Invite", "%s", what)
}

// LinkMade says on the invitation that decides that a link which was lost has been made anew.
func (e *Events) LinkMade(invitation runtime.Object) {
	e.normal(invitation, "LinkMade", "Invite", "Made a new link in place of one that was lost; earlier links are not good any more")
}

// SecretLeft says that a Secret may be left over whose link is of no use any more.
func (e *Events) SecretLeft(guest runtime.Object, namespace, name string) {
	e.warning(guest, "SecretLeft", "RemoveSecret", "Could not remove Secret %s in namespace %s, whose link is of no use any more, because the operator may "+
		"not write Secrets there: delete it if it is there", name, namespace)
}

// Adopted says that somebody who was in the tenant before is used as they are.
func (e *Events) Adopted(guest runtime.Object) {
	e.normal(guest, "Adopted", "Adopt", "Found the person in the tenant; the operator will never delete this user")
}

// Accepted says that a guest has redeemed the invitation.
func (e *Events) Accepted(guest runtime.Object) {
	e.normal(guest, "Accepted", "Observe", "The guest has accepted the invitation")
}

// ProfileSet says on the invitation that decides which properties of the profile were set.
func (e *Events) ProfileSet(invitation runtime.Object, properties string) {
	e.normal(invitation, "ProfileSet", "SetProfile", "Set these properties of the guest as the invitation says: %s", properties)
}

// ProfileRefused says that the directory does not take the profile as it is.
func (e *Events) ProfileRefused(invitation runtime.Object, properties string) {
	e.warning(invitation, "ProfileRefused", "SetProfile",
		"Microsoft Entra refuses these properties of the guest, for which the message of condition Ready says why: %s", properties)
}

// SponsorsChanged says how many sponsors were added and removed.
func (e *Events) SponsorsChanged(invitation runtime.Object, added, removed int) {
	e.normal(invitation, "SponsorsChanged", "SetSponsors", "Sponsors of the guest: %d added, %d removed", added, removed)
}

// SponsorsNotSet says that the guest lacks sponsors that the invitation names.
func (e *Events) SponsorsNotSet(invitation runtime.Object) {
	e.warning(invitation, "SponsorsNotSet", "SetSponsors", "The guest does not have all of the sponsors that are named: see condition SponsorsSet")
}

// Released says what was done when nobody asked for a guest any more, when and why.
func (e *Events) Released(guest runtime.Object, summary string) {
	e.normal(guest, "Released", "Release", "Released the guest: %s", summary)
}

// Retained says why a guest stays in the tenant although deletion was asked for.
func (e *Events) Retained(guest runtime.Object, why string) {
	e.warning(guest, "Retained", "Release", "Left the user in the tenant: %s", why)
}

// GuestGone says that somebody else has deleted the user, or that the guest has left.
func (e *Events) GuestGone(guest runtime.Object) {
	e.warning(guest, "GuestGone", "Observe", "The guest has been deleted or has left; nobody is invited again without a new resendToken")
}

// Restored says on the invitation that decided that a guest whom this operator had deleted is back.
func (e *Events) Restored(invitation runtime.Object) {
	e.normal(invitation, "Restored", "Restore", "Restored the guest, whom this operator had deleted, with their id and groups; nobody was mailed")
}

// Enabled says on the invitation that decided that a guest who was blocked may sign in again.
func (e *Events) Enabled(invitation runtime.Object, why string) {
	e.normal(invitation, "Enabled", "Enable", "Let the guest sign in again: %s", why)
}

// GuestDisabled says that somebody else has blocked a guest from signing in.
func (e *Events) GuestDisabled(guest runtime.Object) {
	e.warning(guest, "GuestDisabled", "Observe", "Somebody else has blocked the guest from signing in; they are not let in again by themselves")
}

// Removed says that a guest was taken out of a group.
func (e *Events) Removed(membership runtime.Object, groupID string) {
	e.normal(membership, "Removed", "RemoveMember", "Removed the guest from group %s", groupID)
}

// GroupLeft says why a guest stays in a group although the membership ends.
func (e *Events) GroupLeft(membership runtime.Object, why string) {
	e.warning(membership, "GroupLeft", "RemoveMember", "Left the guest in the group: %s", why)
}

// RemovedExternally says that somebody else has taken a guest out of a group.
func (e *Events) RemovedExternally(membership runtime.Object) {
	e.warning(membership, "RemovedExternally", "Observe", "Somebody else has removed the guest from the group; nobody is added again without a new regrantToken")
}

// Assigned says that a guest was assigned an app role.
func (e *Events) Assigned(assignment runtime.Object, servicePrincipalID string) {
	e.normal(assignment, "Assigned", "GrantAppRole", "Assigned the app role of service principal %s to the guest", servicePrincipalID)
}

// Revoked says that an app role was taken from a guest.
func (e *Events) Revoked(assignment runtime.Object, servicePrincipalID string) {
	e.normal(assignment, "Revoked", "RevokeAppRole", "Took the app role of service principal %s from the guest", servicePrincipalID)
}

// AssignmentLeft says why a guest keeps an app role although the GuestAppRoleAssignment ends.
func (e *Events) AssignmentLeft(assignment runtime.Object, why string) {
	e.warning(assignment, "AssignmentLeft", "RevokeAppRole", "Left the app role with the guest: %s", why)
}

// RoleRemovedExternally says that somebody else has taken an app role from a guest.
func (e *Events) RoleRemovedExternally(assignment runtime.Object) {
	e.warning(assignment, "RemovedExternally", "Observe", "Somebody else has taken the app role from the guest; it is not assigned "+
		"again without a new regrantToken")
}

// ExpiringSoon says of an object when it will expire.
func (e *Events) ExpiringSoon(object runtime.Object, message string) {
	e.warning(object, "ExpiringSoon", "Expire", "%s", sentence(message))
}

// Expired says of an object that it has run out, and what renews it.
func (e *Events) Expired(object runtime.Object, message string) {
	e.normal(object, "Expired", "Expire", "%s", sentence(message))
}

// Connected says that an EntraTenant is connected.
func (e *Events) Connected(tenant runtime.Object) {
	e.normal(tenant, "Connected", "Connect", "Connected the tenant")
}

// Disconnected says why an EntraTenant is not connected any more.
func (e *Events) Disconnected(tenant runtime.Object, why string) {
	e.warning(tenant, "Disconnected", "Connect", "Disconnected the tenant: %s", why)
}

// sentence begins a condition's message with a capital.
func sentence(message string) string {
	return strings.ToUpper(message[:1]) + message[1:]
}

func (e *Events) normal(object runtime.Object, reason, action, note string, args ...any) {
	e.recorder.Eventf(object, nil, corev1.EventTypeNormal, reason, action, note, args...)
}

func (e *Events) warning(object runtime.Object, reason, action, note string, args ...any) {
	e.recorder.Eventf(object, nil, corev1.EventTypeWarning, reason, action, note, args...)
}
