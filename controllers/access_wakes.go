package controllers

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// accessWakes finds the objects of one kind that ask for something for a guest, when something changes that they depend on.
type accessWakes struct {
	Dependencies
	kind b2b.ClaimKind
}

// watching has the controller of the kind wake its objects.
func (w accessWakes) watching(controller *builder.Builder) *builder.Builder {
	return controller.
		Watches(&b2b.GuestInvitation{}, mapped(w.ofInvitation), builder.WithPredicates(specChanged())).
		Watches(&b2b.Guest{}, mapped(w.ofGuest), builder.WithPredicates(predicate.Or(guestReported(), pairsTaken()))).
		Watches(&b2b.EntraTenant{}, mapped(w.ofTenant), builder.WithPredicates(tenantChanged())).
		Watches(&b2b.GuestPolicy{}, mapped(w.ofPolicy), builder.WithPredicates(policyChanged())).
		Watches(&corev1.Namespace{}, mapped(w.ofNamespace), builder.WithPredicates(labelsChanged()))
}

func (w accessWakes) list() client.ObjectList { return newAccessList(w.kind) }

func newAccessList(kind b2b.ClaimKind) client.ObjectList {
	if kind == b2b.ClaimKindGuestAppRoleAssignment {
		return &b2b.GuestAppRoleAssignmentList{}
	}
	return &b2b.GuestGroupMembershipList{}
}

func (w accessWakes) ofInvitation(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, w.Cache, w.list(), client.InNamespace(object.GetNamespace()),
		client.MatchingFields{indexAccessByInvitation: object.GetName()})
}

// ofGuest finds the objects of a Guest: through its invitations, by address, and those that are recorded for it.
func (w accessWakes) ofGuest(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	guest, isGuest := object.(*b2b.Guest)
	if !isGuest {
		return nil, nil
	}
	requests, err := requestsFor(ctx, w.Cache, w.list(),
		client.MatchingFields{indexAccessByAddress: addressKey(guest.Spec.TenantRef.Name, guest.Spec.EmailAddress)})
	if err != nil {
		return nil, err
	}
	rec, err := readRecord(guest)
	if err != nil {
		return requests, err
	}
	for _, invitation := range invitationsBehind(guest, rec) {
		found, err := requestsFor(ctx, w.Cache, w.list(), client.InNamespace(invitation.Namespace),
			client.MatchingFields{indexAccessByInvitation: invitation.Name})
		if err != nil {
			return nil, err
		}
		requests = append(requests, found...)
	}
	for _, p := range rec.Pairs {
		if p.claimKind() != w.kind {
			continue
		}
		for _, c := range p.Claimants {
			requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: c.Namespace, Name: c.Name}})
		}
	}
	return requests, nil
}

// invitationsBehind names the invitations that claim a Guest, and those that have lapsed.
func invitationsBehind(guest *b2b.Guest, rec *record) (invitations []types.NamespacedName) {
	for _, claim := range guest.Spec.Claims {
		if claim.Kind == b2b.ClaimKindGuestInvitation {
			invitations = append(invitations, types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name})
		}
	}
	for _, lapse := range rec.Lapses {
		invitations = append(invitations, types.NamespacedName{Namespace: lapse.Namespace, Name: lapse.Name})
	}
	return invitations
}

// ofTenant finds the objects that name an address in a tenant, and those of its invitations.
func (w accessWakes) ofTenant(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	invitations, err := requestsFor(ctx, w.Cache, &b2b.GuestInvitationList{}, client.MatchingFields{indexInvitationByTenant: object.GetName()})
	if err != nil {
		return nil, err
	}
	return accessOfTenant(ctx, w.Cache, w.kind, object.GetName(), invitations)
}

// accessOfTenant finds the objects of a kind that name an address in a tenant, and those of its invitations.
func accessOfTenant(ctx context.Context, cache client.Reader, kind b2b.ClaimKind, tenantName string,
	invitations []reconcile.Request) ([]reconcile.Request, error) {
	requests, err := requestsFor(ctx, cache, newAccessList(kind), client.MatchingFields{indexAccessByTenant: tenantName})
	if err != nil {
		return nil, err
	}
	for _, invitation := range invitations {
		found, err := requestsFor(ctx, cache, newAccessList(kind), client.InNamespace(invitation.Namespace),
			client.MatchingFields{indexAccessByInvitation: invitation.Name})
		if err != nil {
			return nil, err
		}
		requests = append(requests, found...)
	}
	return requests, nil
}

func (w accessWakes) ofPolicy(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return w.inSelectedNamespaces(ctx, object, w.list)
}

func (w accessWakes) ofNamespace(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, w.Cache, w.list(), client.InNamespace(object.GetName()))
}
