package controllers

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// release lets an EntraTenant go when nothing needs it any more: its last step removes the finalizer. Until then it stays
// connected, so that what refers to it can be released, and the verdict says what that is.
func (r *tenantReconciler) release(ctx context.Context, tenant *b2b.EntraTenant, connection lifecycle.Verdict) (lifecycle.Verdict, error) {
	remaining, err := r.remaining(ctx, tenant.Name)
	if err != nil {
		return connection, err
	}
	if remaining.unreleased == 0 && len(remaining.held) == 0 {
		if err := r.deleteReleased(ctx, remaining.released); err != nil {
			return connection, err
		}
	}
	if message := remaining.message(); message != "" {
		if connection.Outcome != lifecycle.Ready {
			message += ". The tenant is not in order: " + connection.Message
		}
		return lifecycle.Wait(b2b.ReasonReleasing, message, lifecycle.Later).Within(connection.After), nil
	}
	r.links.forget(tenant.Name)
	controllerutil.RemoveFinalizer(tenant, b2b.Finalizer)
	if err := r.Client.Update(ctx, tenant); err != nil {
		return connection, fmt.Errorf("removing finalizer: %w", err)
	}
	return connection, nil
}

// remaining is what still needs an EntraTenant.
type remaining struct {
	unreleased int
	released   []b2b.Guest
	// held are the objects with something to undo in the tenant.
	held map[heldObject]bool
}

// heldObject is a GuestGroupMembership or a GuestAppRoleAssignment.
type heldObject struct {
	kind b2b.ClaimKind
	key  types.NamespacedName
}

// count is how many objects of a kind have something to undo.
func (r remaining) count(kind b2b.ClaimKind) (n int) {
	for object := range r.held {
		if object.kind == kind {
			n++
		}
	}
	return n
}

func (r remaining) message() string {
	var parts []string
	if r.unreleased > 0 {
		parts = append(parts, plural(r.unreleased, "Guest that is not released", "Guests that are not released"))
	}
	if n := r.count(b2b.ClaimKindGuestGroupMembership); n > 0 {
		parts = append(parts, plural(n, "GuestGroupMembership that is not undone", "GuestGroupMemberships that are not undone"))
	}
	if n := r.count(b2b.ClaimKindGuestAppRoleAssignment); n > 0 {
		parts = append(parts, plural(n, "GuestAppRoleAssignment that is not undone", "GuestAppRoleAssignments that are not undone"))
	}
	if len(parts) > 0 {
		return "still needed by " + strings.Join(parts, " and ") +
			": delete the GuestInvitations, GuestGroupMemberships and GuestAppRoleAssignments for this tenant"
	}
	if n := len(r.released); n > 0 {
		return "waiting until " + plural(n, "released Guest is", "released Guests are") + " deleted"
	}
	return ""
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// remaining counts what still needs an EntraTenant. When the cache has nothing left, a live look has the last word: a Guest that
// was made a moment ago must not lose its tenant.
func (r *tenantReconciler) remaining(ctx context.Context, tenantName string) (remaining, error) {
	result := remaining{held: map[heldObject]bool{}}
	guests := &b2b.GuestList{}
	if err := r.Client.List(ctx, guests, client.MatchingFields{indexGuestByTenant: tenantName}); err != nil {
		return result, fmt.Errorf("listing Guests: %w", err)
	}
	for i := range guests.Items {
		result.add(guests.Items[i])
	}
	for _, kind := range []b2b.ClaimKind{b2b.ClaimKindGuestGroupMembership, b2b.ClaimKindGuestAppRoleAssignment} {
		if err := r.findHeld(ctx, kind, tenantName, guests, result.held); err != nil {
			return result, err
		}
	}
	if result.message() != "" {
		return result, nil
	}
	return result, r.eachLiveGuest(ctx, func(guest b2b.Guest) {
		if guest.Spec.TenantRef.Name == tenantName {
			result.add(guest)
		}
	})
}

// add takes a Guest in. One that was released and is asked for again counts as not released.
func (r *remaining) add(guest b2b.Guest) {
	if guest.Status.State == b2b.GuestStateReleased && len(guest.Spec.Claims) == 0 {
		r.released = append(r.released, guest)
		return
	}
	r.unreleased++
}

// findHeld finds the objects of a kind that have something to undo in the tenant: those that name an address in it, and those of its
// invitations and of its guests.
func (r *tenantReconciler) findHeld(ctx context.Context, kind b2b.ClaimKind, tenantName string, guests *b2b.GuestList,
	found map[heldObject]bool) error {
	collect := func(options ...client.ListOption) error {
		list := newAccessList(kind)
		if err := r.Client.List(ctx, list, append(options, client.UnsafeDisableDeepCopy)...); err != nil {
			return fmt.Errorf("listing %ss: %w", kind, err)
		}
		return meta.EachListItem(list, func(item runtime.Object) error {
			if object, ok := item.(client.Object); ok && controllerutil.ContainsFinalizer(object, b2b.Finalizer) {
				found[heldObject{kind, client.ObjectKeyFromObject(object)}] = true
			}
			return nil
		})
	}
	if err := collect(client.MatchingFields{indexAccessByTenant: tenantName}); err != nil {
		return err
	}
	invitations := &b2b.GuestInvitationList{}
	if err := r.Client.List(ctx, invitations, client.MatchingFields{indexInvitationByTenant: tenantName}); err != nil {
		return fmt.Errorf("listing GuestInvitations: %w", err)
	}
	for i := range invitations.Items {
		err := collect(client.InNamespace(invitations.Items[i].Namespace),
			client.MatchingFields{indexAccessByInvitation: invitations.Items[i].Name})
		if err != nil {
			return err
		}
	}
	for i := range guests.Items {
		if id := guests.Items[i].Status.UserID; id != "" {
			if err := collect(client.MatchingFields{indexAccessByUserID: id}); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachLiveGuest reads all Guests from the API server, page by page. It is done once in the life of an EntraTenant.
func (r *tenantReconciler) eachLiveGuest(ctx context.Context, visit func(b2b.Guest)) error {
	const page = 500
	guests := &b2b.GuestList{}
	for {
		if err := r.Reader.List(ctx, guests, client.Limit(page), client.Continue(guests.Continue)); err != nil {
			return fmt.Errorf("listing Guests live: %w", err)
		}
		for i := range guests.Items {
			visit(guests.Items[i])
		}
		if guests.Continue == "" {
			return nil
		}
	}
}

// deleteReleased deletes the Guests that are kept only to remember what was done. One that has changed since is left.
func (r *tenantReconciler) deleteReleased(ctx context.Context, released []b2b.Guest) error {
	for i := range released {
		guest := &released[i]
		if guest.DeletionTimestamp != nil {
			continue
		}
		unchanged := client.Preconditions{UID: &guest.UID, ResourceVersion: &guest.ResourceVersion}
		if err := r.Client.Delete(ctx, guest, unchanged); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting released Guest %s: %w", guest.Name, err)
		}
	}
	return nil
}
