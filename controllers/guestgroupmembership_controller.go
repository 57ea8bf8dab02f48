package controllers

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestgroupmemberships,verbs=get;list;watch;update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestgroupmemberships/status,verbs=update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestgroupmemberships/finalizers,verbs=update

// SetupGuestGroupMembership registers the controller of GuestGroupMemberships.
func SetupGuestGroupMembership(mgr ctrl.Manager, d Dependencies) error {
	kind, wakes := &membershipKind{newAccesses(d)}, accessWakes{d, b2b.ClaimKindGuestGroupMembership}
	return wakes.watching(ctrl.NewControllerManagedBy(mgr).For(&b2b.GuestGroupMembership{}, builder.WithPredicates(ownChanged()))).
		WatchesRawSource(d.Feeds.Memberships()).
		WithOptions(fairly(nil)).
		Complete(&lifecycle.Loop[*b2b.GuestGroupMembership]{Client: d.Client, Kind: kind})
}

// membershipKind is the GuestGroupMembership in the generic loop.
type membershipKind struct{ accesses }

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
		return k.decideEnd(ctx, membership)
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

// leave leaves the pairs that the membership does not want any more: then it is not a member any more.
func (k *membershipKind) leave(ctx context.Context, want *wanted) (*lifecycle.Decision, error) {
	decision, released, err := k.accesses.leave(ctx, &want.access)
	if released { // to come back in the next life
		k.forgettingSeen(want, decision.Step)
	}
	if decision != nil {
		want.membership.Status.MemberSince = nil
	}
	return decision, err
}
