package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// accessObject is an object that asks for something for a guest: a GuestGroupMembership or a GuestAppRoleAssignment.
type accessObject interface {
	client.Object
	conditioned
}

func newAccessObject(kind b2b.ClaimKind) accessObject {
	if kind == b2b.ClaimKindGuestAppRoleAssignment {
		return &b2b.GuestAppRoleAssignment{}
	}
	return &b2b.GuestGroupMembership{}
}

// terms is what the specs of the objects that ask for something have in common.
type terms struct {
	kind           b2b.ClaimKind
	guest          b2b.MembershipGuest
	grantWhen      b2b.Milestone
	deletionPolicy b2b.DeletionPolicy
	regrantToken   b2b.Token
	suspend        bool
	expirationTime *metav1.Time
}

func termsOf(object accessObject) terms {
	switch object := object.(type) {
	case *b2b.GuestAppRoleAssignment:
		spec := object.Spec
		return terms{b2b.ClaimKindGuestAppRoleAssignment, spec.Guest, spec.GrantWhen, spec.DeletionPolicy, spec.RegrantToken, spec.Suspend,
			spec.ExpirationTime}
	case *b2b.GuestGroupMembership:
		spec := object.Spec
		return terms{b2b.ClaimKindGuestGroupMembership, spec.Guest, spec.GrantWhen, spec.DeletionPolicy, spec.RegrantToken, spec.Suspend,
			spec.ExpirationTime}
	}
	return terms{}
}

// access is what an object asks for a guest, with all that a decision about it rests on and that both kinds have in common.
type access struct {
	object     accessObject
	tenantName string
	tenant     tenant
	address    string
	// invitation is what spec.guest.invitationRef names, nil where there is none; ended says that it was there and is gone.
	invitation *b2b.GuestInvitation
	ended      bool
	// life is the Guest, and target what it is to be given, once both are resolved.
	life   *guestLife
	target target
	// assignmentID is the app role assignment, where one has been seen.
	assignmentID string
	// allowedFrom is when the policies will allow what they do not allow yet; zero for never.
	allowedFrom time.Time
}

func (a *access) terms() terms { return termsOf(a.object) }

// accesses is what the kinds that ask for something for a guest have in common. What they announce is kept in the Guest's
// record, which no namespace user can forge.
type accesses struct {
	Dependencies
	pairs *pairs
}

func newAccesses(d Dependencies) accesses { return accesses{Dependencies: d, pairs: newPairs(d)} }

// readAccess reads the invitation that the object names, and the tenant.
func (k *accesses) readAccess(ctx context.Context, object accessObject) (access, error) {
	guest := termsOf(object).guest
	want := access{object: object, tenantName: guest.TenantName(), address: guest.EmailAddress}
	if ref := guest.InvitationRef; ref != nil {
		invitation, err := k.invitationOf(ctx, types.NamespacedName{Namespace: object.GetNamespace(), Name: ref.Name})
		if err != nil {
			return want, err
		}
		want.invitation, want.ended = invitation, invitation == nil
		if invitation != nil {
			want.tenantName, want.address = invitation.Spec.TenantRef.Name, invitation.Spec.EmailAddress
		}
	}
	var err error
	want.tenant, err = k.tenantOf(ctx, want.tenantName)
	return want, err
}

// invitationOf gives an invitation, nil where it is gone: not in the cache, nor, for a cache can be behind, live.
func (k *accesses) invitationOf(ctx context.Context, key types.NamespacedName) (*b2b.GuestInvitation, error) {
	invitation := &b2b.GuestInvitation{}
	err := k.Client.Get(ctx, key, invitation)
	if apierrors.IsNotFound(err) {
		err = k.Reader.Get(ctx, key, invitation)
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading GuestInvitation %s: %w", key, err)
	}
	return invitation, nil
}

// recorded gives the pair and what this object is recorded as in it, nil where it is not.
func (a *access) recorded() (*pair, *claimant) {
	p := a.life.record.pair(a.target)
	return p, p.claimant(a.object.GetNamespace(), a.object.GetName())
}

// regrants reports whether a new token asks for the guest to be given the target again.
func (a *access) regrants() bool {
	_, c := a.recorded()
	if held := a.withheld(); c == nil && held != nil {
		c = &held.claimant
	}
	return c != nil && newer(a.terms().regrantToken, c.RegrantToken)
}

// withheld gives what is remembered of a removal by others before the object ran out, nil for nothing.
func (a *access) withheld() *withheld {
	return a.life.record.withheldFrom(a.target, a.life.userID(), a.entry())
}

// announce stores the finalizer, then the pair with this object in it. A pair that was found needs no finalizer, for there is
// nothing to undo.
func (k *accesses) announce(ctx context.Context, want *access, found bool) error {
	if !found && controllerutil.AddFinalizer(want.object, b2b.Finalizer) {
		if err := k.Client.Update(ctx, want.object); err != nil {
			return err
		}
	}
	return k.amend(ctx, want.life, func() bool { return k.record(want, found) })
}

// record puts the pair with this object into the Guest's record, and reports whether that changed anything.
func (k *accesses) record(want *access, found bool) bool {
	rec := want.life.record
	p := rec.pair(want.target)
	if p == nil {
		rec.Pairs = append(rec.Pairs, pair{target: want.target})
		p = &rec.Pairs[len(rec.Pairs)-1]
	}
	before := *p
	before.Claimants = slices.Clone(p.Claimants)
	if !found || p.UserID == "" {
		p.AnnouncedAt = k.Now().UTC().Truncate(time.Second)
	}
	p.UserID, p.GuestUID, p.Found, p.AssignmentID = want.life.userID(), want.life.guest.UID, found, want.assignmentID
	want.enter(p)
	return !before.same(*p) || p.AnnouncedAt.Sub(before.AnnouncedAt) >= k.ReplicationWindow
}

// enter records the object in the pair.
func (a *access) enter(p *pair) {
	entry := a.entry()
	a.life.record.dropWithheld(p.target, entry)
	if c := p.claimant(entry.Namespace, entry.Name); c != nil {
		*c = entry
		return
	}
	p.Claimants = append(p.Claimants, entry)
}

// entry is what the object is recorded as.
func (a *access) entry() claimant {
	return claimant{Namespace: a.object.GetNamespace(), Name: a.object.GetName(), UID: a.object.GetUID(), RegrantToken: a.terms().regrantToken}
}

// leave leaves the pairs that this object is recorded for and does not want any more. A copy restored from a backup does not leave
// before its invitation has come back. Released says that the object leaves because its Guest is being released, and may come back in the
// next life.
func (k *accesses) leave(ctx context.Context, want *access) (decision *lifecycle.Decision, released bool, err error) {
	held, err := k.held(ctx, k.Cache, want.object) // a change of the record wakes the object
	if err != nil {
		return nil, false, err
	}
	for _, l := range held {
		keeps := want.life != nil && l.guest.UID == want.life.guest.UID && l.pair.target == want.target &&
			(l.pair.UserID == want.life.userID() || want.life.userID() == "")
		unresolved := !want.ended && (want.life == nil || want.target == target{})
		restored := want.ended && l.claimant.UID != want.object.GetUID()
		released := l.record.releasing() && l.claimant.UID == want.object.GetUID() // the release waits for it
		if !released && (keeps || unresolved || restored) {
			continue
		}
		decision, err := k.pairs.release(ctx, l)
		return &decision, released, err
	}
	return nil, false, nil
}

// held gives the pairs that the object is recorded for.
func (k *accesses) held(ctx context.Context, reader client.Reader, object accessObject) ([]leaving, error) {
	guests, terms := &b2b.GuestList{}, termsOf(object)
	key := client.MatchingFields{indexGuestByPairClaimant: claimantKey(terms.kind, object.GetNamespace(), object.GetName())}
	if err := reader.List(ctx, guests, key); err != nil {
		return nil, fmt.Errorf("listing Guests of %s %s/%s: %w", terms.kind, object.GetNamespace(), object.GetName(), err)
	}
	var held []leaving
	for i := range guests.Items {
		life, err := k.readLife(ctx, &guests.Items[i])
		if err != nil {
			return nil, err
		}
		for _, p := range life.record.Pairs {
			if c := p.claimant(object.GetNamespace(), object.GetName()); c != nil && p.claimKind() == terms.kind {
				held = append(held, leaving{guestLife: life, pair: p, claimant: *c, about: object,
					retain: terms.deletionPolicy == b2b.DeletionPolicyRetain})
			}
		}
	}
	return held, nil
}

// decideEnd ends an object that is being deleted: its pairs first, then the finalizer.
func (k *accesses) decideEnd(ctx context.Context, object accessObject) (lifecycle.Decision, error) {
	held, err := k.held(ctx, k.Client, object)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if len(held) > 0 {
		return k.pairs.release(ctx, held[0])
	}
	if !controllerutil.ContainsFinalizer(object, b2b.Finalizer) {
		return lifecycle.Say(lifecycle.Verdict{Outcome: lifecycle.Unchanged}), nil
	}
	return lifecycle.Do(lifecycle.Step{Name: "the end of " + object.GetName(), Announce: func(ctx context.Context) error {
		controllerutil.RemoveFinalizer(object, b2b.Finalizer)
		return k.Client.Update(ctx, object)
	}}), nil
}
