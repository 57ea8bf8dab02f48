package controllers

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestinvitations,verbs=get;list;watch
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestinvitations/status,verbs=update
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch

// SetupGuestInvitation registers the controller of GuestInvitations.
func SetupGuestInvitation(mgr ctrl.Manager, d Dependencies) error {
	kind := &guestInvitationKind{Dependencies: d}
	return ctrl.NewControllerManagedBy(mgr).
		For(&b2b.GuestInvitation{}, builder.WithPredicates(specChanged())).
		Watches(&b2b.Guest{}, mapped(kind.ofGuest), builder.WithPredicates(guestReported())).
		Watches(&b2b.EntraTenant{}, mapped(kind.ofTenant), builder.WithPredicates(tenantChanged())).
		Watches(&b2b.GuestPolicy{}, mapped(kind.ofPolicy), builder.WithPredicates(specChanged())).
		Watches(&corev1.Namespace{}, mapped(kind.ofNamespace), builder.WithPredicates(labelsChanged())).
		Complete(&lifecycle.Loop[*b2b.GuestInvitation]{Client: d.Client, Kind: kind})
}

// ofGuest finds the invitations that ask for a Guest, those that still wait for it included.
func (k *guestInvitationKind) ofGuest(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	guest, isGuest := object.(*b2b.Guest)
	if !isGuest {
		return nil, nil
	}
	return requestsFor(ctx, k.Client, &b2b.GuestInvitationList{},
		client.MatchingFields{indexInvitationByAddress: addressKey(guest.Spec.TenantRef.Name, guest.Spec.EmailAddress)})
}

func (k *guestInvitationKind) ofTenant(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Client, &b2b.GuestInvitationList{}, client.MatchingFields{indexInvitationByTenant: object.GetName()})
}

func (k *guestInvitationKind) ofPolicy(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return k.inSelectedNamespaces(ctx, object, func() client.ObjectList { return &b2b.GuestInvitationList{} })
}

func (k *guestInvitationKind) ofNamespace(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Client, &b2b.GuestInvitationList{}, client.InNamespace(object.GetName()))
}
