package controllers

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
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
