package controllers

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// decideBlocked decides about a user who may not sign in, or whom this operator has blocked and of whom the mirror alone says that they may.
// Whom this operator has blocked it lets in again, now that an invitation asks for them; whom somebody else has blocked, only when a new
// resend token does. Users whom it did not create it never lets in.
func (k *guestKind) decideBlocked(ctx context.Context, life *guestLife, user directory.User) lifecycle.Decision {
	byUs := life.record.disabled(user.ID)
	if byUs && (partial(user) || user.AccountEnabled) {
		now, decision := k.confirmBlocked(ctx, life, user)
		if decision != nil {
			return *decision
		}
		user = now
	}
	notOurs := life.notOurs(user)
	switch {
	case notOurs != "":
		return lifecycle.Say(lifecycle.Stall(b2b.ReasonGuestDisabled, blockedMessage(byUs)+". They are not let in again by this operator, for "+
			notOurs+": an administrator of the tenant can enable the account"))
	case byUs && life.author == nil:
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonWaitingForInvitation, blockedMessage(byUs)+", when nobody asked for them any more. "+
			"They are let in again when a GuestInvitation that is allowed and unsuspended asks for them", 0))
	case byUs:
		return lifecycle.Do(k.enableStep(life, user, "a GuestInvitation asks for them again", func(now time.Time) bool {
			return life.record.announceReturn(user.ID, now, k.ReplicationWindow)
		}))
	case !life.knowsBlocked(user):
		return lifecycle.Do(k.keepBlocked(life, user))
	case life.asksToUnblock():
		return lifecycle.Do(k.enableStep(life, user, "a new resendToken asks for it", func(now time.Time) bool {
			announced := now.Sub(life.record.Blocked.AnnouncedAt) < k.ReplicationWindow
			if !announced {
				life.record.Blocked.AnnouncedAt = now
			}
			return !announced
		}))
	}
	return lifecycle.Say(lifecycle.Stall(b2b.ReasonGuestDisabled, blockedMessage(byUs)+". They are let in again when somebody sets a new "+
		"spec.resendToken, or when an administrator of the tenant enables the account"))
}

// confirmBlocked reads a user live whom this operator has blocked. That somebody else has let them in again counts once every replica
// must have seen the block.
func (k *guestKind) confirmBlocked(ctx context.Context, life *guestLife, user directory.User) (directory.User, *lifecycle.Decision) {
	var decision lifecycle.Decision
	now, err := life.tenant.Directory.GetUser(ctx, user.ID)
	if err != nil {
		verdict := lifecycle.LookAgain(lifecycle.Soon) // it may have vanished since the mirror saw it
		if !directory.IsNotFound(err) {
			verdict = failure(err, "reading the user", permissionReadUsers)
		}
		decision = lifecycle.Say(verdict)
		return now, &decision
	}
	if !now.AccountEnabled {
		life.tenant.Mirror.Saw(now)
		return now, nil
	}
	if seen := life.record.disabledAt(user.ID).Add(k.ReplicationWindow); k.Now().Before(seen) {
		return now, nil
	}
	life.tenant.Mirror.Saw(now)
	if step := k.keepFound(life, now, true); step != nil {
		decision = lifecycle.Do(*step)
	}
	return now, &decision
}

func blockedMessage(byUs bool) string {
	if byUs {
		return "this operator has blocked the guest from signing in"
	}
	return "somebody else has blocked the guest from signing in"
}

// knowsBlocked reports whether it is in the record that somebody else has blocked the user, and which token the author had then.
func (l *guestLife) knowsBlocked(user directory.User) bool {
	known := l.record.Blocked
	return known != nil && known.UserID == user.ID && (l.author == nil || known.AuthorUID == l.author.UID)
}

// keepBlocked stores that somebody else has blocked the user. The token that the author has by then asks for nothing, for it may be older
// than the block.
func (k *guestKind) keepBlocked(life *guestLife, user directory.User) lifecycle.Step {
	return lifecycle.Step{Name: "that somebody else has blocked the user", Announce: func(ctx context.Context) error {
		life.record.Blocked = &blockedUser{UserID: user.ID}
		if life.author != nil {
			life.record.Blocked.AuthorUID, life.record.Blocked.ResendToken = life.author.UID, life.author.Spec.ResendToken
		}
		return k.storeLife(ctx, life)
	}}
}

// asksToUnblock reports whether the author's resend token asks for a user to be let in again whom somebody else has blocked.
func (l *guestLife) asksToUnblock() bool {
	return l.author != nil && l.author.Spec.ResendToken != "" && l.author.Spec.ResendToken != l.record.Blocked.ResendToken
}

// enableStep lets the user sign in again, if they are still blocked and still ours. Announce puts it into the record, and reports whether
// that changed anything.
func (k *guestKind) enableStep(life *guestLife, user directory.User, why string, announce func(time.Time) bool) lifecycle.Step {
	return lifecycle.Step{
		Name:  "letting the user sign in again",
		Await: k.turnToReturn(life),
		Announce: func(ctx context.Context) error {
			if !announce(k.Now().UTC().Truncate(time.Second)) {
				return nil
			}
			return k.storeLife(ctx, life)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			defer k.Users.lock(user.ID)()
			again := lifecycle.LookAgain(lifecycle.Soon)
			now, err := life.tenant.Directory.GetUser(ctx, user.ID)
			switch {
			case directory.IsNotFound(err): // the mirror will tell
				return &again
			case err != nil:
				return failureOf(err, "reading the user", permissionReadUsers)
			}
			// What this operator has blocked is enabled whatever a replica shows: it may not have seen the block yet.
			if life.notOurs(now) != "" || now.AccountEnabled && !life.record.disabled(user.ID) {
				life.tenant.Mirror.Saw(now)
				return nil
			}
			if err := life.tenant.Directory.SetAccountEnabled(ctx, user.ID, true); directory.IsNotFound(err) {
				return &again
			} else if err != nil {
				return failureOf(err, "letting the user sign in again", permissionEnableUsers)
			}
			k.did(life, actEnabled)
			now.AccountEnabled = true
			life.tenant.Mirror.Saw(now)
			k.Events.Enabled(life.author, why)
			log.FromContext(ctx).Info("Let user sign in again", "userID", user.ID)
			return nil
		},
	}
}

// turnToReturn waits for the turn to bring a user back. It is no invitation, so that none has to wait for it.
func (k *guestKind) turnToReturn(life *guestLife) awaiting {
	life.tenant.Breaker.Leave(turnKey(life.guest))
	return life.tenant.turn(life.guest, life.author.Namespace, classOf(life.guest), costOfReturn)
}

// waitsForReturn is the verdict on an access of a guest whom this operator has blocked and has not let in again yet.
func waitsForReturn(guestReady *metav1.Condition) lifecycle.Verdict {
	if guestReady == nil || guestReady.Status == metav1.ConditionTrue {
		return lifecycle.Wait(b2b.ReasonWaitingForGuest, blockedMessage(true)+", and has not let them in again yet", 0)
	}
	return lifecycle.Wait(guestReady.Reason, fmt.Sprintf("%s, and has not let them in again yet: %s", blockedMessage(true), guestReady.Message), 0)
}
