package controllers

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestgroupmemberships,verbs=get;list;watch;update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestgroupmemberships/status,verbs=update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestgroupmemberships/finalizers,verbs=update

// SetupGuestGroupMembership registers the controller of GuestGroupMemberships.
func SetupGuestGroupMembership(mgr ctrl.Manager, d Dependencies) error {
	kind := &membershipKind{Dependencies: d, pairs: newPairs(d)}
	return ctrl.NewControllerManagedBy(mgr).
		For(&b2b.GuestGroupMembership{}, builder.WithPredicates(specChanged())).
		Watches(&b2b.GuestInvitation{}, mapped(kind.ofInvitation), builder.WithPredicates(specChanged())).
		Watches(&b2b.Guest{}, mapped(kind.ofGuest), builder.WithPredicates(guestReported())).
		Watches(&b2b.EntraTenant{}, mapped(kind.ofTenant), builder.WithPredicates(tenantChanged())).
		Watches(&b2b.GuestPolicy{}, mapped(kind.ofPolicy), builder.WithPredicates(policyChanged())).
		Watches(&corev1.Namespace{}, mapped(kind.ofNamespace), builder.WithPredicates(labelsChanged())).
		WatchesRawSource(d.Feeds.Memberships()).
		Complete(&lifecycle.Loop[*b2b.GuestGroupMembership]{Client: d.Client, Kind: kind})
}

func (k *membershipKind) ofInvitation(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Client, &b2b.GuestGroupMembershipList{}, client.InNamespace(object.GetNamespace()),
		client.MatchingFields{indexMembershipByInvitation: object.GetName()})
}

// ofGuest finds the memberships of a Guest: through its invitations, by address, and those that are recorded for it.
func (k *membershipKind) ofGuest(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	guest, isGuest := object.(*b2b.Guest)
	if !isGuest {
		return nil, nil
	}
	requests, err := requestsFor(ctx, k.Client, &b2b.GuestGroupMembershipList{},
		client.MatchingFields{indexMembershipByAddress: addressKey(guest.Spec.TenantRef.Name, guest.Spec.EmailAddress)})
	if err != nil {
		return nil, err
	}
	for _, claim := range guest.Spec.Claims {
		if claim.Kind != b2b.ClaimKindGuestInvitation {
			continue
		}
		found, err := requestsFor(ctx, k.Client, &b2b.GuestGroupMembershipList{}, client.InNamespace(claim.Namespace),
			client.MatchingFields{indexMembershipByInvitation: claim.Name})
		if err != nil {
			return nil, err
		}
		requests = append(requests, found...)
	}
	rec, err := readRecord(guest)
	if err != nil {
		return requests, err
	}
	for _, p := range rec.Pairs {
		for _, c := range p.Claimants {
			requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: c.Namespace, Name: c.Name}})
		}
	}
	return requests, nil
}

// ofTenant finds the memberships by address of a tenant, and those of its invitations.
func (k *membershipKind) ofTenant(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	requests, err := requestsFor(ctx, k.Client, &b2b.GuestGroupMembershipList{}, client.MatchingFields{indexMembershipByTenant: object.GetName()})
	if err != nil {
		return nil, err
	}
	invitations, err := requestsFor(ctx, k.Client, &b2b.GuestInvitationList{}, client.MatchingFields{indexInvitationByTenant: object.GetName()})
	if err != nil {
		return nil, err
	}
	for _, invitation := range invitations {
		found, err := requestsFor(ctx, k.Client, &b2b.GuestGroupMembershipList{}, client.InNamespace(invitation.Namespace),
			client.MatchingFields{indexMembershipByInvitation: invitation.Name})
		if err != nil {
			return nil, err
		}
		requests = append(requests, found...)
	}
	return requests, nil
}

func (k *membershipKind) ofPolicy(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return k.inSelectedNamespaces(ctx, object, func() client.ObjectList { return &b2b.GuestGroupMembershipList{} })
}

func (k *membershipKind) ofNamespace(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Client, &b2b.GuestGroupMembershipList{}, client.InNamespace(object.GetName()))
}
