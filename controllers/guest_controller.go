package controllers

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guests,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guests/status,verbs=update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guests/finalizers,verbs=update

// SetupGuest registers the controller of Guests.
func SetupGuest(mgr ctrl.Manager, d Dependencies) error {
	kind := &guestKind{
		Dependencies: d, doubts: newDoubts(d.ReplicationWindow), pairs: newPairs(d), deletions: newSyncMap[types.UID, time.Time](),
		acts:  newSyncMap[types.UID, act](),
		looks: newSponsorLooks(d.Now), profiles: newSyncMap[types.UID, profileWrite](),
		links: newSyncMap[types.UID, heldLink](),
	}
	return ctrl.NewControllerManagedBy(mgr).
		For(&b2b.Guest{}, builder.WithPredicates(predicate.Or(ownChanged(), recordChanged()))).
		Watches(&b2b.GuestInvitation{}, mapped(kind.ofClaimant), builder.WithPredicates(specChanged())).
		Watches(&b2b.GuestGroupMembership{}, mapped(kind.ofClaimant), builder.WithPredicates(specChanged())).
		Watches(&b2b.GuestAppRoleAssignment{}, mapped(kind.ofClaimant), builder.WithPredicates(specChanged())).
		Watches(&b2b.EntraTenant{}, mapped(kind.ofTenant), builder.WithPredicates(tenantChanged())).
		Watches(&b2b.GuestPolicy{}, mapped(kind.ofPolicy), builder.WithPredicates(specChanged())).
		Watches(&corev1.Namespace{}, mapped(kind.ofNamespace), builder.WithPredicates(labelsChanged())).
		WatchesRawSource(d.Feeds.Guests()).
		WithOptions(fairly(kind.laneOf)).
		Complete(&lifecycle.Loop[*b2b.Guest]{Client: d.Client, Kind: kind})
}

// ofClaimant finds the Guests that an object asks for, by the address, and those that another object than an invitation is recorded for.
func (k *guestKind) ofClaimant(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	switch claimant := object.(type) {
	case *b2b.GuestInvitation:
		return k.ofAddress(ctx, claimant.Spec.TenantRef.Name, claimant.Spec.EmailAddress)
	case accessObject:
		wants := termsOf(claimant)
		recorded, err := requestsFor(ctx, k.Cache, &b2b.GuestList{},
			client.MatchingFields{indexGuestByPairClaimant: claimantKey(wants.kind, claimant.GetNamespace(), claimant.GetName())})
		if err != nil || wants.guest.EmailAddress == "" {
			return recorded, err
		}
		claimed, err := k.ofAddress(ctx, wants.guest.TenantName(), wants.guest.EmailAddress)
		return append(recorded, claimed...), err
	}
	return nil, nil
}

func (k *guestKind) ofAddress(ctx context.Context, tenantName, emailAddress string) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Cache, &b2b.GuestList{}, client.MatchingFields{indexGuestByAddress: addressKey(tenantName, emailAddress)})
}

// laneOf gives the namespace that asked for a Guest first.
func (k *guestKind) laneOf(request reconcile.Request) string {
	guest := &b2b.Guest{}
	if err := k.Feeds.cache.Get(context.Background(), request.NamespacedName, guest, client.UnsafeDisableDeepCopy); err != nil {
		return ""
	}
	return laneOf(guest)
}

func (k *guestKind) ofTenant(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	return requestsFor(ctx, k.Cache, &b2b.GuestList{}, client.MatchingFields{indexGuestByTenant: object.GetName()})
}

// ofPolicy finds the Guests that may have been waiting for a grant: those that are not Ready, and those whom this operator did not
// create, since policies say whether they may be written to.
func (k *guestKind) ofPolicy(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	policy, isPolicy := object.(*b2b.GuestPolicy)
	if !isPolicy {
		return nil, nil
	}
	guests := &b2b.GuestList{}
	if err := k.Cache.List(ctx, guests, client.MatchingFields{indexGuestByTenant: policy.Spec.TenantRef.Name},
		client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var requests []reconcile.Request
	for i := range guests.Items {
		found := guests.Items[i].Status.Origin == b2b.GuestOriginAdopted || guests.Items[i].Status.Origin == b2b.GuestOriginSelfServiceSignUp
		if found || !meta.IsStatusConditionTrue(guests.Items[i].Status.Conditions, b2b.ConditionReady) {
			requests = append(requests, requestFor(&guests.Items[i]))
		}
	}
	return requests, nil
}

// ofNamespace finds the Guests that invitations of a namespace claim.
func (k *guestKind) ofNamespace(ctx context.Context, object client.Object) ([]reconcile.Request, error) {
	invitations := &b2b.GuestInvitationList{}
	if err := k.Cache.List(ctx, invitations, client.InNamespace(object.GetName()), client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var requests []reconcile.Request
	for i := range invitations.Items {
		if ref := invitations.Items[i].Status.GuestRef; ref != nil {
			requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Name: ref.Name}})
		}
	}
	return requests, nil
}

// guestKind is the Guest in the generic loop: the only writer of users.
type guestKind struct {
	Dependencies
	doubts *doubts
	pairs  *pairs
	// deletions are when this process deleted users, by Guest: a directory that is slow to show it is not asked twice.
	deletions *syncMap[types.UID, time.Time]
	// acts are what else this process last did to users, by Guest, for the same reason.
	acts *syncMap[types.UID, act]
	// looks are at sponsors, profiles what was last written to those of users, by Guest.
	looks    *sponsorLooks
	profiles *syncMap[types.UID, profileWrite]
	// links are those on their way into their Secrets, by Guest.
	links *syncMap[types.UID, heldLink]
}

func (k *guestKind) New() *b2b.Guest { return &b2b.Guest{} }

func (k *guestKind) Status(guest *b2b.Guest) any { return guest.Status }

// Suspended says that the tenant is suspended. A suspended invitation does not suspend the guest: others may ask for it too.
func (k *guestKind) Suspended(ctx context.Context, guest *b2b.Guest) (string, error) {
	tenant, err := k.tenantOf(ctx, guest.Spec.TenantRef.Name)
	return tenant.suspension(false), err
}

// Decide is the life of a guest: its claims, then either its release, or the user that they ask for.
func (k *guestKind) Decide(ctx context.Context, guest *b2b.Guest) (lifecycle.Decision, error) {
	life, err := k.readLife(ctx, guest)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	decision, err := k.decide(ctx, life)
	decision.Due = life.due(k.Now())
	return decision, err
}

func (k *guestKind) decide(ctx context.Context, life *guestLife) (lifecycle.Decision, error) {
	if decision, err := k.keepLapses(ctx, life); decision != nil || err != nil {
		return valueOf(decision), err
	}
	if life.record.Release != nil {
		return k.decideRelease(ctx, life)
	}
	claims, err := k.reviewClaims(ctx, life)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	claims, verdict := k.dropUnredeemed(ctx, life, claims)
	if verdict != nil {
		return lifecycle.Say(*verdict), nil
	}
	if step := k.keepClaims(life, claims); step != nil {
		return lifecycle.Do(*step), nil
	}
	if decision, err := k.sweepPairs(ctx, life); decision != nil || err != nil {
		return valueOf(decision), err
	}
	if verdict := life.tenant.waiting(life.guest.Spec.TenantRef.Name); verdict != nil {
		return lifecycle.Say(*verdict), nil
	}
	if life.author, err = k.chooseAuthor(ctx, life, claims); err != nil {
		return lifecycle.Decision{}, err
	}
	if step := k.keepAuthor(life); step != nil {
		return lifecycle.Do(*step), nil
	}
	return k.decideUser(ctx, life)
}

// guestLife is a Guest with all that a decision about it rests on.
type guestLife struct {
	guest  *b2b.Guest
	record *record
	tenant tenant
	// author is the invitation that decides, nil where none may.
	author *b2b.GuestInvitation
	upkeep upkeep
	// claimers are the objects that make the claims, and lapsed those that run out in this moment because the guest has not redeemed.
	claimers []claimer
	lapsed   []lapse
	// asked says that the directory was asked whether the guest has redeemed at last.
	asked bool
	// mailDue is when another invitation to a guest who has not redeemed falls due by the clock; zero for never.
	mailDue time.Time
	// allowedFrom is when an invitation that the policies do not allow yet will be allowed; zero for never.
	allowedFrom time.Time
}

// userID is the user that this life is about, "" where none is known: a status may still name the user of an earlier life.
func (l *guestLife) userID() string {
	if id := l.guest.Status.UserID; id != "" && !l.record.excuses(id) {
		return id
	}
	return ""
}

// keepAuthor records who decides, when that has changed, and since when. The token that the new author brings counts as heeded.
func (k *guestKind) keepAuthor(life *guestLife) *lifecycle.Step {
	var uid types.UID
	if life.author != nil {
		uid = life.author.UID
	}
	if uid == "" || life.record.Author != nil && life.record.Author.UID == uid {
		return nil // a life without an author keeps the last one, so that its return changes nothing
	}
	return &lifecycle.Step{Name: "the author of the guest", Announce: func(ctx context.Context) error {
		life.record.Author = &author{
			UID: uid, ResendToken: life.record.takeToken(life.author), Since: k.Now().UTC().Truncate(time.Second),
		}
		return k.storeLife(ctx, life)
	}}
}
