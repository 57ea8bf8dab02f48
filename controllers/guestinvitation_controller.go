package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		For(&b2b.GuestInvitation{}, builder.WithPredicates(ownChanged())).
		Watches(&b2b.Guest{}, mapped(kind.ofGuest), builder.WithPredicates(guestReported())).
		Watches(&b2b.EntraTenant{}, mapped(kind.ofTenant), builder.WithPredicates(tenantChanged())).
		Watches(&b2b.GuestPolicy{}, mapped(kind.ofPolicy), builder.WithPredicates(specChanged())).
		Watches(&corev1.Namespace{}, mapped(kind.ofNamespace), builder.WithPredicates(labelsChanged())).
		WatchesRawSource(d.Feeds.Invitations()).
		WithOptions(fairly(nil)).
		Complete(&lifecycle.Loop[*b2b.GuestInvitation]{Client: d.Client, Kind: kind})
}

// ofGuest finds the invitations that ask for a Guest, those that still wait for it included.
func (k *guestInvitationKind) ofGuest(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	guest, isGuest := object.(*b2b.Guest)
	if !isGuest {
		return nil, nil
	}
	return requestsFor(ctx, k.Cache, &b2b.GuestInvitationList{},
		client.MatchingFields{indexInvitationByAddress: addressKey(guest.Spec.TenantRef.Name, guest.Spec.EmailAddress)})
}

func (k *guestInvitationKind) ofTenant(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Cache, &b2b.GuestInvitationList{}, client.MatchingFields{indexInvitationByTenant: object.GetName()})
}

func (k *guestInvitationKind) ofPolicy(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return k.inSelectedNamespaces(ctx, object, func() client.ObjectList { return &b2b.GuestInvitationList{} })
}

func (k *guestInvitationKind) ofNamespace(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Cache, &b2b.GuestInvitationList{}, client.InNamespace(object.GetName()))
}

// guestInvitationKind is the GuestInvitation in the generic loop: it claims a Guest and mirrors its state. It has no external
// side of its own.
type guestInvitationKind struct{ Dependencies }

func (k *guestInvitationKind) New() *b2b.GuestInvitation { return &b2b.GuestInvitation{} }

func (k *guestInvitationKind) Status(invitation *b2b.GuestInvitation) any { return invitation.Status }

// Suspended says that the invitation or its tenant is suspended.
func (k *guestInvitationKind) Suspended(ctx context.Context, invitation *b2b.GuestInvitation) (string, error) {
	tenant, err := k.tenantOf(ctx, invitation.Spec.TenantRef.Name)
	return tenant.suspension(invitation.Spec.Suspend), err
}

// Decide asks the policies, claims the Guest, and says how it stands. A claim that is in the Guest stays whatever the policies
// and the tenant say now, for a lost grant ends nobody's access by itself, and is kept in step with the spec.
func (k *guestInvitationKind) Decide(ctx context.Context, invitation *b2b.GuestInvitation) (lifecycle.Decision, error) {
	if invitation.DeletionTimestamp != nil { // the Guest sees its claims go
		return lifecycle.Say(lifecycle.Verdict{Outcome: lifecycle.Unchanged}), nil
	}
	tenant, err := k.tenantOf(ctx, invitation.Spec.TenantRef.Name)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	guest, rec, err := k.claimed(ctx, tenant, invitation)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if ended := endingOf(invitation, rec, k.Now()); ended != nil {
		return k.decideExpired(invitation, tenant, k.claimingOf(tenant, invitation), guest, rec, *ended), nil
	}
	if tenant.EntraTenant == nil {
		return lifecycle.Say(*tenant.waiting(invitation.Spec.TenantRef.Name)), nil
	}
	mayNot, allowedFrom, err := k.mayNotClaim(ctx, tenant, invitation)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	decision := lifecycle.Decision{}
	if claiming := k.claimingOf(tenant, invitation); mayNot != nil && !claiming.holds(guest) {
		mirrorGuest(invitation, nil)
		decision = lifecycle.Say(*mayNot)
	} else if decision, err = k.claim(ctx, invitation, claiming, mayNot); err != nil {
		return lifecycle.Decision{}, err
	}
	decision.Due = untilDates(k.Now(), invitation.Spec.ExpirationTime, allowedFrom)
	return decision, nil
}

// claimed gives the Guest that the invitation asks for, with its record; nil where there is none.
func (k *guestInvitationKind) claimed(ctx context.Context, tenant tenant, invitation *b2b.GuestInvitation) (*b2b.Guest, *record, error) {
	if tenant.EntraTenant == nil {
		return nil, nil, nil
	}
	guest, err := k.guestOf(ctx, tenant.EntraTenant, invitation.Spec.EmailAddress)
	if guest == nil || err != nil {
		return nil, nil, err
	}
	rec, err := readRecord(guest)
	return guest, rec, err
}

// mayNotClaim says why the invitation may not claim a Guest now, nil where it may, and when the policies will allow it by themselves.
func (k *guestInvitationKind) mayNotClaim(ctx context.Context, tenant tenant, invitation *b2b.GuestInvitation) (
	mayNot *lifecycle.Verdict, allowedFrom time.Time, err error) {
	decision, err := k.decideInvitation(ctx, tenant, invitation)
	if err != nil {
		return nil, time.Time{}, err
	}
	if !decision.Allowed {
		verdict := verdictOf(decision)
		return &verdict, decision.From, nil
	}
	if tenant.suspension(invitation.Spec.Suspend) != "" {
		return &lifecycle.Verdict{Outcome: lifecycle.Unchanged}, time.Time{}, nil
	}
	if tenant.DeletionTimestamp != nil {
		verdict := lifecycle.Wait(b2b.ReasonWaitingForTenant,
			fmt.Sprintf("EntraTenant %q is being deleted and takes nobody in any more", tenant.Name), 0)
		return &verdict, time.Time{}, nil
	}
	return tenant.waiting(tenant.Name), time.Time{}, nil
}

// claim puts the claim in and says how the Guest stands, or what was found to be in the way of the invitation.
func (k *guestInvitationKind) claim(ctx context.Context, invitation *b2b.GuestInvitation, claiming claiming,
	inTheWay *lifecycle.Verdict) (lifecycle.Decision, error) {
	guest, fresh, verdict, err := k.ensureClaim(ctx, claiming)
	switch {
	case err != nil:
		return lifecycle.Decision{}, err
	case verdict != nil:
		mirrorGuest(invitation, nil)
		return lifecycle.Say(*verdict), nil
	case fresh, readiness(guest.Status.Conditions) == said{}, outdated(guest): // the Guest says more in a moment, and wakes this invitation
		return lifecycle.Say(lifecycle.Verdict{Outcome: lifecycle.Unchanged}), nil
	}
	k.mirror(invitation, guest)
	if inTheWay != nil && inTheWay.Outcome == lifecycle.Stalled || inTheWay != nil && inTheWay.Reason == b2b.ReasonWaitingForPolicy {
		return lifecycle.Say(*inTheWay), nil
	}
	return lifecycle.Say(standingOf(invitation, guest)), nil
}

// mirror copies what is known of the Guest, and makes an event of what Microsoft Entra turns out to leave out of the invitation.
func (k *guestInvitationKind) mirror(invitation *b2b.GuestInvitation, guest *b2b.Guest) {
	before := whatSays(invitation.Status.Conditions, b2b.ConditionMessageAsAsked)
	mirrorGuest(invitation, guest)
	if now := whatSays(invitation.Status.Conditions, b2b.ConditionMessageAsAsked); now != before && now.status == metav1.ConditionFalse {
		k.Events.MessageNotAsAsked(invitation, now.message)
	}
}

func (k *guestInvitationKind) claimingOf(tenant tenant, invitation *b2b.GuestInvitation) claiming {
	return claiming{
		tenant:  tenant.EntraTenant,
		address: invitation.Spec.EmailAddress,
		claim: b2b.GuestClaim{
			Kind: b2b.ClaimKindGuestInvitation, Namespace: invitation.Namespace, Name: invitation.Name, UID: invitation.UID,
			DeletionPolicy: invitation.Spec.DeletionPolicy,
		},
		resendToken: invitation.Spec.ResendToken,
	}
}
