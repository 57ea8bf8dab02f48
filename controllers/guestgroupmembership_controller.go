package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
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
		For(&b2b.GuestGroupMembership{}, builder.WithPredicates(ownChanged())).
		Watches(&b2b.GuestInvitation{}, mapped(kind.ofInvitation), builder.WithPredicates(specChanged())).
		Watches(&b2b.Guest{}, mapped(kind.ofGuest), builder.WithPredicates(guestReported())).
		Watches(&b2b.EntraTenant{}, mapped(kind.ofTenant), builder.WithPredicates(tenantChanged())).
		Watches(&b2b.GuestPolicy{}, mapped(kind.ofPolicy), builder.WithPredicates(policyChanged())).
		Watches(&corev1.Namespace{}, mapped(kind.ofNamespace), builder.WithPredicates(labelsChanged())).
		WatchesRawSource(d.Feeds.Memberships()).
		WithOptions(fairly(nil)).
		Complete(&lifecycle.Loop[*b2b.GuestGroupMembership]{Client: d.Client, Kind: kind})
}

func (k *membershipKind) ofInvitation(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Cache, &b2b.GuestGroupMembershipList{}, client.InNamespace(object.GetNamespace()),
		client.MatchingFields{indexMembershipByInvitation: object.GetName()})
}

// ofGuest finds the memberships of a Guest: through its invitations, by address, and those that are recorded for it.
func (k *membershipKind) ofGuest(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	guest, isGuest := object.(*b2b.Guest)
	if !isGuest {
		return nil, nil
	}
	requests, err := requestsFor(ctx, k.Cache, &b2b.GuestGroupMembershipList{},
		client.MatchingFields{indexMembershipByAddress: addressKey(guest.Spec.TenantRef.Name, guest.Spec.EmailAddress)})
	if err != nil {
		return nil, err
	}
	for _, claim := range guest.Spec.Claims {
		if claim.Kind != b2b.ClaimKindGuestInvitation {
			continue
		}
		found, err := requestsFor(ctx, k.Cache, &b2b.GuestGroupMembershipList{}, client.InNamespace(claim.Namespace),
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
	for _, l := range rec.Lapses {
		found, err := requestsFor(ctx, k.Cache, &b2b.GuestGroupMembershipList{}, client.InNamespace(l.Namespace),
			client.MatchingFields{indexMembershipByInvitation: l.Name})
		if err != nil {
			return nil, err
		}
		requests = append(requests, found...)
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
	requests, err := requestsFor(ctx, k.Cache, &b2b.GuestGroupMembershipList{}, client.MatchingFields{indexMembershipByTenant: object.GetName()})
	if err != nil {
		return nil, err
	}
	invitations, err := requestsFor(ctx, k.Cache, &b2b.GuestInvitationList{}, client.MatchingFields{indexInvitationByTenant: object.GetName()})
	if err != nil {
		return nil, err
	}
	for _, invitation := range invitations {
		found, err := requestsFor(ctx, k.Cache, &b2b.GuestGroupMembershipList{}, client.InNamespace(invitation.Namespace),
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
	return requestsFor(ctx, k.Cache, &b2b.GuestGroupMembershipList{}, client.InNamespace(object.GetName()))
}

// membershipKind is the GuestGroupMembership in the generic loop. What it announces is kept in the Guest's record, which no
// namespace user can forge.
type membershipKind struct {
	Dependencies
	pairs *pairs
}

func (k *membershipKind) New() *b2b.GuestGroupMembership { return &b2b.GuestGroupMembership{} }

func (k *membershipKind) Status(membership *b2b.GuestGroupMembership) any { return membership.Status }

// Suspended says that the membership or its tenant is suspended.
func (k *membershipKind) Suspended(ctx context.Context, membership *b2b.GuestGroupMembership) (string, error) {
	want, err := k.read(ctx, membership)
	if err != nil {
		return "", err
	}
	suspended := want.tenant.suspension(membership.Spec.Suspend)
	if suspended != "" {
		want.withdraw()
	}
	return suspended, nil
}

// Decide leaves the pairs that are not wanted any more, then sees to the one that is.
func (k *membershipKind) Decide(ctx context.Context, membership *b2b.GuestGroupMembership) (lifecycle.Decision, error) {
	want, err := k.read(ctx, membership)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if membership.DeletionTimestamp != nil {
		want.withdraw()
		return k.decideEnd(ctx, want)
	}
	ended, err := k.accessEnding(ctx, want.tenant, membership.Spec.ExpirationTime, want.invitation)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if ended != nil {
		return k.decideExpired(ctx, want, *ended)
	}
	decision, err := k.decideWanted(ctx, want)
	decision.Due = untilDates(k.Now(), membership.Spec.ExpirationTime, accessEnds(nil, want.invitation), want.allowedFrom)
	return decision, err
}

// decideWanted decides about a membership that holds.
func (k *membershipKind) decideWanted(ctx context.Context, want *wanted) (lifecycle.Decision, error) {
	blocker, err := k.resolve(ctx, want)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if decision, err := k.leave(ctx, want); decision != nil || err != nil {
		return valueOf(decision), err
	}
	if blocker != nil {
		want.withdraw()
		return lifecycle.Say(*blocker), nil
	}
	return k.decideMember(ctx, want)
}

// withdraw takes back an addition that has not left yet.
func (w *wanted) withdraw() {
	if w.tenant.Connection != nil {
		w.tenant.Additions.Forget(turnKey(w.membership))
	}
}

// leave leaves the pairs that this membership is recorded for and does not want any more. A copy restored from a backup does not
// leave before its invitation has come back.
func (k *membershipKind) leave(ctx context.Context, want *wanted) (*lifecycle.Decision, error) {
	held, err := k.held(ctx, k.Cache, want.membership) // a change of the record wakes the membership
	if err != nil {
		return nil, err
	}
	for _, l := range held {
		keeps := want.life != nil && l.guest.UID == want.life.guest.UID && l.pair.GroupID == want.groupID &&
			(l.pair.UserID == want.life.userID() || want.life.userID() == "")
		unresolved := !want.ended && (want.life == nil || want.groupID == "")
		restored := want.ended && l.claimant.UID != want.membership.UID
		released := l.record.releasing() && l.claimant.UID == want.membership.UID // the release waits for it
		if !released && (keeps || unresolved || restored) {
			continue
		}
		decision, err := k.pairs.release(ctx, l)
		if released { // to come back in the next life
			k.forgettingSeen(want, decision.Step)
		}
		want.membership.Status.MemberSince = nil
		return &decision, err
	}
	return nil, nil
}

// held gives the pairs that the membership is recorded for.
func (k *membershipKind) held(ctx context.Context, reader client.Reader, membership *b2b.GuestGroupMembership) ([]leaving, error) {
	guests := &b2b.GuestList{}
	key := client.MatchingFields{indexGuestByPairClaimant: membership.Namespace + "/" + membership.Name}
	if err := reader.List(ctx, guests, key); err != nil {
		return nil, fmt.Errorf("listing Guests of membership %s/%s: %w", membership.Namespace, membership.Name, err)
	}
	var held []leaving
	for i := range guests.Items {
		life, err := k.readLife(ctx, &guests.Items[i])
		if err != nil {
			return nil, err
		}
		for _, p := range life.record.Pairs {
			if c := p.claimant(membership.Namespace, membership.Name); c != nil {
				held = append(held, leaving{guestLife: life, pair: p, claimant: *c, about: membership,
					retain: membership.Spec.DeletionPolicy == b2b.DeletionPolicyRetain})
			}
		}
	}
	return held, nil
}

// decideEnd ends a membership that is being deleted: its pairs first, then the finalizer.
func (k *membershipKind) decideEnd(ctx context.Context, want *wanted) (lifecycle.Decision, error) {
	held, err := k.held(ctx, k.Client, want.membership)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if len(held) > 0 {
		return k.pairs.release(ctx, held[0])
	}
	if !controllerutil.ContainsFinalizer(want.membership, b2b.Finalizer) {
		return lifecycle.Say(lifecycle.Verdict{Outcome: lifecycle.Unchanged}), nil
	}
	return lifecycle.Do(lifecycle.Step{Name: "the end of the membership", Announce: func(ctx context.Context) error {
		controllerutil.RemoveFinalizer(want.membership, b2b.Finalizer)
		return k.Client.Update(ctx, want.membership)
	}}), nil
}
