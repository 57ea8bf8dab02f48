package controllers

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// guestKind is the Guest in the generic loop: the only writer of users.
type guestKind struct {
	Dependencies
	doubts *doubts
	pairs  *pairs
	// deletions are when this process deleted users, by Guest: a directory that is slow to show it is not asked twice.
	deletions *syncMap[types.UID, time.Time]
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
	if life.record.Release != nil {
		return k.decideRelease(ctx, life)
	}
	claims, err := k.reviewClaims(ctx, life)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if step := k.keepClaims(life, claims); step != nil {
		return lifecycle.Do(*step), nil
	}
	if decision, err := k.sweepPairs(ctx, life); decision != nil || err != nil {
		return valueOf(decision), err
	}
	if verdict := life.tenant.waiting(guest.Spec.TenantRef.Name); verdict != nil {
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
}

// userID is the user that this life is about, "" where none is known: a status may still name the user of an earlier life.
func (l *guestLife) userID() string {
	if id := l.guest.Status.UserID; id != "" && !l.record.excuses(id) {
		return id
	}
	return ""
}

// keepAuthor records who decides, when that has changed. The token that the new author brings counts as heeded.
func (k *guestKind) keepAuthor(life *guestLife) *lifecycle.Step {
	var uid types.UID
	if life.author != nil {
		uid = life.author.UID
	}
	if uid == "" || life.record.Author != nil && life.record.Author.UID == uid {
		return nil // a life without an author keeps the last one, so that its return changes nothing
	}
	return &lifecycle.Step{Name: "the author of the guest", Announce: func(ctx context.Context) error {
		life.record.Author = &author{UID: uid, ResendToken: life.author.Spec.ResendToken}
		return k.storeLife(ctx, life)
	}}
}
