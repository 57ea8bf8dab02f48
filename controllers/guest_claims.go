package controllers

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// reviewClaims gives the claims that still hold, bound to the objects that make them now: an object that was restored from a
// backup has a new uid. A claim is dropped only when a live read finds its object gone or run out, for a cache can be behind.
func (k *guestKind) reviewClaims(ctx context.Context, life *guestLife) ([]b2b.GuestClaim, error) {
	kept := make([]b2b.GuestClaim, 0, len(life.guest.Spec.Claims))
	life.claimers = nil
	for _, claim := range life.guest.Spec.Claims {
		by, err := k.claimerOf(ctx, k.Client, life.guest, claim)
		if err == nil && (by.uid != claim.UID || life.ranOut(by, k.Now())) {
			by, err = k.claimerOf(ctx, k.Reader, life.guest, claim)
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s %s/%s: %w", claim.Kind, claim.Namespace, claim.Name, err)
		}
		twice := slices.ContainsFunc(kept, func(other b2b.GuestClaim) bool { return other.UID == by.uid })
		if by.uid == "" || twice || life.ranOut(by, k.Now()) {
			continue
		}
		claim.UID = by.uid
		kept = append(kept, claim)
		life.claimers = append(life.claimers, by)
	}
	return kept, nil
}

// claimer is the object that makes a claim.
type claimer struct {
	uid            types.UID // "" where none does: it is gone, or asks for somebody else
	suspended      bool
	expirationTime *metav1.Time
	invitation     *b2b.GuestInvitation // nil where it is none
}

// claimerOf reads the object that makes a claim.
func (k *guestKind) claimerOf(ctx context.Context, reader client.Reader, guest *b2b.Guest, claim b2b.GuestClaim) (claimer, error) {
	key := types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name}
	var object client.Object
	var asks func() (tenant, address string)
	var by claimer
	switch claim.Kind {
	case b2b.ClaimKindGuestInvitation:
		invitation := &b2b.GuestInvitation{}
		object, by.invitation = invitation, invitation
		asks = func() (string, string) {
			by.suspended, by.expirationTime = invitation.Spec.Suspend, invitation.Spec.ExpirationTime
			return invitation.Spec.TenantRef.Name, invitation.Spec.EmailAddress
		}
	case b2b.ClaimKindGuestGroupMembership, b2b.ClaimKindGuestAppRoleAssignment:
		wants := newAccessObject(claim.Kind)
		object = wants
		asks = func() (string, string) {
			terms := termsOf(wants)
			by.suspended, by.expirationTime = terms.suspend, terms.expirationTime
			return terms.guest.TenantName(), terms.guest.EmailAddress
		}
	default:
		return claimer{uid: claim.UID}, nil // made by a newer version of this operator
	}
	if err := reader.Get(ctx, key, object); err != nil {
		return claimer{}, client.IgnoreNotFound(err)
	}
	tenant, address := asks()
	if tenant != guest.Spec.TenantRef.Name || b2b.NormalizeEmailAddress(address) != guest.Spec.EmailAddress {
		return claimer{}, nil
	}
	by.uid = object.GetUID()
	return by, nil
}

// keepClaims stores the claims that hold, where they differ. When none is left, the release begins in the same write: a claim
// that somebody adds meanwhile makes it fail.
func (k *guestKind) keepClaims(life *guestLife, claims []b2b.GuestClaim) *lifecycle.Step {
	guest := life.guest
	if slices.Equal(claims, guest.Spec.Claims) && len(claims) > 0 {
		return k.keepFinalizer(life)
	}
	return &lifecycle.Step{Name: "the claims on the guest", Announce: func(ctx context.Context) error {
		for _, claim := range guest.Spec.Claims {
			if !slices.ContainsFunc(claims, func(c b2b.GuestClaim) bool { return sameClaimant(c, claim) }) {
				life.record.DeletionPolicy = stronger(life.record.DeletionPolicy, claim.DeletionPolicy)
			}
		}
		guest.Spec.Claims = claims
		for _, lapsed := range life.lapsed {
			life.record.addLapse(lapsed)
		}
		if len(claims) == 0 {
			k.beginRelease(life)
		}
		if err := k.storeLife(ctx, life); err != nil {
			return err
		}
		if life.record.released() {
			k.tellRelease(life)
		}
		return nil
	}}
}

// sameClaimant reports whether two claims are made by the object of one name, whatever its uid.
func sameClaimant(a, b b2b.GuestClaim) bool {
	return a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name
}

// keepFinalizer puts the finalizer back where somebody has taken it away. A Guest that is being deleted cannot get one.
func (k *guestKind) keepFinalizer(life *guestLife) *lifecycle.Step {
	if controllerutil.ContainsFinalizer(life.guest, b2b.Finalizer) || life.guest.DeletionTimestamp != nil {
		return nil
	}
	return &lifecycle.Step{Name: "the finalizer of the guest", Announce: func(ctx context.Context) error {
		controllerutil.AddFinalizer(life.guest, b2b.Finalizer)
		return k.storeLife(ctx, life)
	}}
}

// chooseAuthor gives the first claim that is an unsuspended GuestInvitation which the policies allow, nil where there is none.
func (k *guestKind) chooseAuthor(ctx context.Context, life *guestLife, claims []b2b.GuestClaim) (*b2b.GuestInvitation, error) {
	for _, claim := range claims {
		if claim.Kind != b2b.ClaimKindGuestInvitation {
			continue
		}
		invitation := &b2b.GuestInvitation{}
		err := k.Client.Get(ctx, types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name}, invitation)
		if apierrors.IsNotFound(err) {
			continue // the cache is behind; the object's arrival wakes this Guest
		}
		if err != nil {
			return nil, fmt.Errorf("reading GuestInvitation %s/%s: %w", claim.Namespace, claim.Name, err)
		}
		if invitation.UID != claim.UID || invitation.Spec.Suspend {
			continue
		}
		decision, err := k.decideInvitation(ctx, life.tenant, invitation)
		if err != nil {
			return nil, err
		}
		if decision.Allowed {
			return invitation, nil
		}
		life.allowedFrom = earlier(life.allowedFrom, decision.From)
	}
	return nil, nil
}

// decideInvitation asks the policies: about the invitation, or about one that is otherwise the same.
func (d Dependencies) decideInvitation(ctx context.Context, tenant tenant, invitation *b2b.GuestInvitation,
	otherwise ...func(*policy.Invitation)) (policy.Decision, error) {
	grants, err := d.grants(ctx, invitation.Spec.TenantRef.Name, invitation.Namespace)
	if err != nil {
		return policy.Decision{}, err
	}
	request := policy.Invitation{
		EmailAddress:      b2b.NormalizeEmailAddress(invitation.Spec.EmailAddress),
		RedirectURL:       invitation.Spec.RedirectURL,
		UserType:          invitation.Spec.UserType,
		MessageBody:       invitation.Spec.Message.Body != "",
		CcRecipients:      invitation.Spec.Message.CcRecipients,
		TenantRedirectURL: tenant.Spec.RedirectURL,
		Sponsored:         len(invitation.Spec.Sponsors) > 0,
		ProfileFields:     profileFields(invitation.Spec.Profile),
		Lifetime:          policy.Lifetime{Ends: timeAt(invitation.Spec.ExpirationTime), Now: d.Now()},
	}
	for _, change := range otherwise {
		change(&request)
	}
	return grants.Invitation(request), nil
}
