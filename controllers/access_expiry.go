package controllers

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// accessEnding says how access that was given to a guest has run out, nil where it holds: by its own date, or with the invitation that it
// rests on, where it names one.
func (d Dependencies) accessEnding(ctx context.Context, tenant tenant, own *metav1.Time, invitation *b2b.GuestInvitation) (*ending, error) {
	if ended := endingAt(own, d.Now()); ended != nil || invitation == nil {
		return ended, nil
	}
	var rec *record
	if tenant.EntraTenant != nil {
		guest, err := d.guestOf(ctx, tenant.EntraTenant, invitation.Spec.EmailAddress)
		if err != nil {
			return nil, err
		}
		if guest != nil {
			if rec, err = readRecord(guest); err != nil {
				return nil, err
			}
		}
	}
	ended := endingOf(invitation, rec, d.Now())
	if ended == nil {
		return nil, nil
	}
	return &ending{
		reason:  b2b.ReasonInvitationExpired,
		message: fmt.Sprintf("ended with GuestInvitation %q: %s", invitation.Name, ended.message),
	}, nil
}

// accessEnds is when access ends by itself as things stand: on its own date or its invitation's; zero for never.
func accessEnds(own *metav1.Time, invitation *b2b.GuestInvitation) time.Time {
	ends := timeAt(own)
	if invitation != nil {
		ends = earlier(ends, timeAt(invitation.Spec.ExpirationTime))
	}
	return ends
}

// decideExpired decides about an object that has run out: the pairs that it still holds are left one by one. The objects are read live
// first: a cache can be behind, and their dates moved on. Where the object is itself a claim on the Guest, the Guest drops it.
func (k *accesses) decideExpired(ctx context.Context, want *access, ended ending,
	leave func(leaving) (lifecycle.Decision, error)) (lifecycle.Decision, error) {
	held, err := k.held(ctx, k.Client, want.object)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	claims, err := k.claims(ctx, want)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	switch {
	case (len(held) > 0 || claims) && want.tenant.suspension(want.terms().suspend) != "": // it does not run out meanwhile
		return lifecycle.Say(lifecycle.Verdict{Outcome: lifecycle.Unchanged}), nil
	case len(held) > 0:
		live, err := k.readEnding(ctx, want)
		if err != nil {
			return lifecycle.Decision{}, err
		}
		if live == nil { // the change that has not come yet wakes the object
			return lifecycle.Say(lifecycle.LookAgain(lifecycle.Soon)), nil
		}
		held[0].retain = held[0].retain && ended.reason != b2b.ReasonExpirationTime
		return leave(held[0])
	case claims:
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, ended.message+". Its claim on the guest is being taken back", 0)), nil
	}
	return lifecycle.Say(hasExpired(want.object, ended)), nil
}

// claims reports whether the object is itself a claim on its Guest.
func (k *accesses) claims(ctx context.Context, want *access) (bool, error) {
	if want.terms().guest.EmailAddress == "" || want.tenant.EntraTenant == nil {
		return false, nil
	}
	guest, err := k.guestOf(ctx, want.tenant.EntraTenant, want.address)
	return want.claiming().holds(guest), err
}

// readEnding reads the object and its invitation live, and says how it has run out; nil where it holds.
func (k *accesses) readEnding(ctx context.Context, want *access) (*ending, error) {
	kind, key := want.terms().kind, client.ObjectKeyFromObject(want.object)
	object := newAccessObject(kind)
	if err := k.Reader.Get(ctx, key, object); err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", kind, key, err)
	}
	invitation := want.invitation
	if invitation != nil {
		invitation = &b2b.GuestInvitation{}
		if err := k.Reader.Get(ctx, client.ObjectKeyFromObject(want.invitation), invitation); err != nil {
			return nil, fmt.Errorf("reading GuestInvitation %s/%s: %w", want.invitation.Namespace, want.invitation.Name, err)
		}
	}
	return k.accessEnding(ctx, want.tenant, termsOf(object).expirationTime, invitation)
}

// withhold takes an object out of a pair and remembers that somebody else had taken the target from the guest, so that only a new regrant
// token gives it to them again once the object is renewed.
func (k *accesses) withhold(l leaving) lifecycle.Step {
	forget := k.pairs.forget(l, stay{})
	return lifecycle.Step{Name: "a removal by others", Announce: func(ctx context.Context) error {
		err := k.amend(ctx, l.guestLife, func() bool {
			return l.record.withhold(withheld{target: l.pair.target, UserID: l.pair.UserID, claimant: l.claimant})
		})
		if err != nil {
			return err
		}
		return forget.Announce(ctx)
	}}
}
