package controllers

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// linkSecret is a Secret that was announced to hold the link of one invitation of a guest.
type linkSecret struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Owner is the GuestInvitation that asked for it.
	Owner types.UID `json:"owner"`
	// Attempt is the number of the latest attempt whose link it was to hold.
	Attempt int `json:"attempt"`
}

// wantedLink is the Secret in which the author wants the link, nil where it wants none.
func (l *guestLife) wantedLink() *linkSecret {
	if l.author == nil || l.author.Spec.RedeemURLSecretRef == nil {
		return nil
	}
	return &linkSecret{Namespace: l.author.Namespace, Name: l.author.Spec.RedeemURLSecretRef.Name, Owner: l.author.UID}
}

// announceLink takes down where the link of the attempt just announced will go, so that it is removed again whatever comes.
func (l *guestLife) announceLink() {
	wanted := l.wantedLink()
	if wanted == nil {
		return
	}
	wanted.Attempt = l.record.last().Number
	l.record.dropLink(*wanted)
	l.record.Links = append(l.record.Links, *wanted)
}

// nameOf names an attempt of a Guest for good: numbers begin anew in another Guest for the same person.
func (l *guestLife) nameOf(a *attempt) string {
	return string(l.guest.UID) + "/" + strconv.Itoa(a.Number)
}

func (r *record) dropLink(link linkSecret) {
	r.Links = slices.DeleteFunc(r.Links, func(other linkSecret) bool {
		return other.Namespace == link.Namespace && other.Name == link.Name && other.Owner == link.Owner
	})
}

// dropLinks is the step that removes a Secret whose link is of no use any more: the guest has redeemed or is gone (all), a newer
// invitation has put an end to the link, or nobody wants it there. Nil where there is none.
func (k *guestKind) dropLinks(ctx context.Context, life *guestLife, all bool) *lifecycle.Step {
	latest := life.record.latest()
	for _, link := range life.record.Links {
		superseded := latest != nil && latest.Number > link.Attempt
		if all || superseded || !k.isLinkWanted(ctx, life, link) {
			return &lifecycle.Step{Name: "the end of a Secret with a link", Announce: func(ctx context.Context) error {
				if err := k.removeLink(ctx, life, link); err != nil {
					return err
				}
				life.record.dropLink(link)
				return k.storeLife(ctx, life)
			}}
		}
	}
	return nil
}

// isLinkWanted reports whether the invitation that asked for a Secret still names it. One that cannot be read just now is given the
// benefit of the doubt.
func (k *guestKind) isLinkWanted(ctx context.Context, life *guestLife, link linkSecret) bool {
	for _, claim := range life.guest.Spec.Claims {
		if claim.UID != link.Owner {
			continue
		}
		invitation := &b2b.GuestInvitation{}
		err := k.Client.Get(ctx, types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name}, invitation)
		if err != nil || invitation.UID != link.Owner {
			return true
		}
		return invitation.Spec.RedeemURLSecretRef != nil && invitation.Spec.RedeemURLSecretRef.Name == link.Name
	}
	return false
}

// removeLink deletes a Secret, if it is the one that was made for the invitation. Where the operator may not do that any more, it stays,
// and goes with its invitation.
func (k *guestKind) removeLink(ctx context.Context, life *guestLife, link linkSecret) error {
	secret, err := k.Secrets.get(ctx, link.Namespace, link.Name)
	if err == nil && secret != nil && holdsLinkFor(link.Owner, secret) {
		err = k.Secrets.remove(ctx, secret)
	}
	if apierrors.IsForbidden(err) {
		k.Events.SecretLeft(life.guest, link.Namespace, link.Name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing Secret %s/%s: %w", link.Namespace, link.Name, err)
	}
	return nil
}
