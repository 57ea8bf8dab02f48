package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// ranOut reports whether a claim has run out by itself. One that is suspended, or whose tenant is, waits.
func (l *guestLife) ranOut(by claimer, now time.Time) bool {
	if l.tenant.suspension(by.suspended) != "" {
		return false
	}
	if by.invitation != nil {
		return endingOf(by.invitation, l.record, now) != nil
	}
	return endingAt(by.expirationTime, now) != nil
}

// redeemBy is until when the guest has to redeem for the invitation's claim to go on; zero where there is no such time. An invitation
// that asked for the guest later than the mail, or was let in again later, gives the guest its own time.
func (l *guestLife) redeemBy(invitation *b2b.GuestInvitation) time.Time {
	days := invitation.Spec.PendingExpiryDays
	if days == 0 || l.userID() == "" || l.guest.Status.State != b2b.GuestStatePending {
		return time.Time{}
	}
	since := l.record.askedAt()
	if created := invitation.CreationTimestamp.Time; created.After(since) {
		since = created
	}
	if lapsed := l.record.lapse(invitation.Namespace, invitation.Name); lapsed != nil && lapsed.BackAt != nil && lapsed.BackAt.After(since) {
		since = *lapsed.BackAt
	}
	return since.Add(time.Duration(days) * 24 * time.Hour)
}

// overdue reports whether the guest should have redeemed by now for a claim to go on. Whoever has asked for another mail, which waits for
// its time, gives the guest more.
func (l *guestLife) overdue(by claimer, now time.Time) bool {
	if by.invitation == nil || l.tenant.suspension(by.suspended) != "" {
		return false
	}
	decides := l.record.Author
	if decides != nil && decides.UID == by.uid && newer(by.invitation.Spec.ResendToken, decides.ResendToken) {
		return false
	}
	redeemBy := l.redeemBy(by.invitation)
	return !redeemBy.IsZero() && !now.Before(redeemBy)
}

// dropUnredeemed drops the claims of invitations that the guest has not redeemed in time, of those that hold otherwise. What the status
// says is confirmed by a live read, for the guest may have redeemed a moment ago.
func (k *guestKind) dropUnredeemed(ctx context.Context, life *guestLife, claims []b2b.GuestClaim) ([]b2b.GuestClaim, *lifecycle.Verdict) {
	now := k.Now()
	overdue := func(by claimer) bool { return life.overdue(by, now) }
	if life.tenant.Connection == nil || !slices.ContainsFunc(life.claimers, overdue) {
		return claims, nil
	}
	life.asked = true
	user, err := life.tenant.Directory.GetUser(ctx, life.userID())
	switch {
	case directory.IsNotFound(err):
		return claims, nil // what has become of the user is looked into below
	case err != nil:
		return nil, failureOf(err, "reading the user", permissionReadUsers)
	}
	life.tenant.Mirror.Saw(user)
	if user.ExternalUserState != directory.PendingAcceptance {
		return claims, nil
	}
	var kept []b2b.GuestClaim
	for i, by := range life.claimers {
		if !overdue(by) {
			kept = append(kept, claims[i])
			continue
		}
		life.lapsed = append(life.lapsed, lapse{
			Namespace: by.invitation.Namespace, Name: by.invitation.Name, UID: by.uid, GuestUID: life.guest.UID,
			ResendToken: by.invitation.Spec.ResendToken, At: now.UTC().Truncate(time.Second),
		})
	}
	return kept, nil
}

// due is how long it is until a claim runs out, or is allowed, or a mail falls due; 0 where nothing does by itself.
func (l *guestLife) due(now time.Time) time.Duration {
	var next time.Time
	for _, by := range l.claimers {
		if l.tenant.suspension(by.suspended) != "" {
			continue // that it is suspended no longer wakes the Guest
		}
		next = earlier(next, timeAt(by.expirationTime))
		if by.invitation == nil || l.tenant.Connection == nil {
			continue
		}
		redeemBy := l.redeemBy(by.invitation)
		switch overdue := l.overdue(by, now); {
		case overdue && l.asked: // and the directory does not say that the guest is pending
			redeemBy = now.Add(lifecycle.Seldom)
		case !overdue && !redeemBy.After(now):
			continue
		}
		next = earlier(next, redeemBy)
	}
	for _, date := range []time.Time{l.allowedFrom, l.mailDue} {
		if date.After(now) {
			next = earlier(next, date)
		}
	}
	if next.IsZero() {
		return 0
	}
	return max(next.Sub(now), time.Millisecond)
}

// keepLapses forgets the lapses whose objects are gone, and binds the others to the objects as they are now. Gone is gone when a live
// read says so, as for claims; a Guest that was restored from a backup keeps those that may be restored later.
func (k *guestKind) keepLapses(ctx context.Context, life *guestLife) (*lifecycle.Decision, error) {
	if life.record.releasing() || len(life.record.Lapses) == 0 {
		return nil, nil
	}
	kept := make([]lapse, 0, len(life.record.Lapses))
	for _, l := range life.record.Lapses {
		claim := b2b.GuestClaim{Kind: b2b.ClaimKindGuestInvitation, Namespace: l.Namespace, Name: l.Name, UID: l.UID}
		by, err := k.claimerOf(ctx, k.Client, life.guest, claim)
		if err == nil && by.uid != l.UID {
			by, err = k.claimerOf(ctx, k.Reader, life.guest, claim)
		}
		if err != nil {
			return nil, fmt.Errorf("reading GuestInvitation %s/%s: %w", l.Namespace, l.Name, err)
		}
		if by.uid == "" && l.GuestUID == life.guest.UID {
			continue
		}
		if by.uid != "" {
			l.UID = by.uid
		}
		kept = append(kept, l)
	}
	if slices.Equal(kept, life.record.Lapses) {
		return nil, nil
	}
	decision := lifecycle.Do(lifecycle.Step{Name: "what is remembered of invitations that ended", Announce: func(ctx context.Context) error {
		life.record.Lapses = kept
		return k.storeLife(ctx, life)
	}})
	return &decision, nil
}

// redeemedAfterAll reports whether the guest, whose claims went because they had not redeemed, has done so since.
func (l *guestLife) redeemedAfterAll(user directory.User) bool {
	return l.record.Release.Unredeemed && user.ExternalUserState == directory.Accepted
}

// endRedeemed ends a release whose cause has gone: the guest stays, and the claims may come back without anything being sent.
func (k *guestKind) endRedeemed(life *guestLife) lifecycle.Decision {
	decision := k.end(life, deedRetained, "the guest has redeemed the invitation meanwhile")
	announce := decision.Step.Announce
	decision.Step.Announce = func(ctx context.Context) error {
		for i := range life.record.Lapses {
			life.record.Lapses[i].Redeemed = true
		}
		return announce(ctx)
	}
	return decision
}
