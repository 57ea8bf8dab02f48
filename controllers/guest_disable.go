package controllers

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// act is what this process last did to a Guest's user.
type act struct {
	what actKind
	at   time.Time
}

type actKind string

const (
	actDisabled actKind = "Disabled"
	actRevoked  actKind = "Revoked"
	actEnabled  actKind = "Enabled"
	actRestored actKind = "Restored"
)

// did remembers what has just been done.
func (k *guestKind) did(life *guestLife, what actKind) {
	k.acts.set(life.guest.UID, act{what: what, at: k.Now()})
}

// lately reports whether one of these was the last thing that this process did to the user, so short a time ago that the tenant need
// not show it yet.
func (k *guestKind) lately(life *guestLife, kinds ...actKind) bool {
	last, ok := k.acts.get(life.guest.UID)
	for _, what := range kinds {
		if ok && last.what == what && k.Now().Sub(last.at) < k.ReplicationWindow {
			return true
		}
	}
	return false
}

// decideDisable blocks the user from signing in, and then revokes their sessions. The user has been read live a moment ago. Whoever was
// blocked before this was announced was blocked by somebody else, and nothing is done to them.
func (k *guestKind) decideDisable(life *guestLife, user directory.User) lifecycle.Decision {
	done := life.record.Release
	done.UserID = user.ID
	if !user.AccountEnabled {
		life.tenant.Mirror.Saw(user)
	}
	last, _ := k.acts.get(life.guest.UID)
	switch {
	case user.AccountEnabled && k.lately(life, actDisabled, actRevoked):
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, "blocked from signing in; waiting until the tenant shows it", lifecycle.Soon))
	case user.AccountEnabled:
		return lifecycle.Do(k.disableStep(life, user))
	case life.record.disabled(user.ID):
		return k.end(life, deedDisabled, "deletionPolicy Disable; they had been blocked before, and not been let in again")
	case !done.Disabling:
		return k.end(life, deedRetained, "somebody else had blocked the user from signing in before")
	case last.what != actRevoked:
		return lifecycle.Do(k.revokeStep(life, user))
	}
	return k.end(life, deedDisabled, "deletionPolicy Disable; a GuestInvitation for the same person lets them in again")
}

// disableStep announces that the user is blocked, in the release, and blocks them.
func (k *guestKind) disableStep(life *guestLife, user directory.User) lifecycle.Step {
	return lifecycle.Step{
		Name:  "the blocking of the user",
		Await: life.tenant.turn(life.guest, "", budget.TakeAway, costOfRemoval),
		Announce: func(ctx context.Context) error {
			if life.record.Release.Disabling {
				return nil
			}
			life.record.Release.Disabling = true
			return k.storeLife(ctx, life)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			defer k.Users.lock(user.ID)()
			again := lifecycle.LookAgain(lifecycle.Soon)
			now, err := life.tenant.Directory.GetUser(ctx, user.ID)
			if err != nil {
				return failureOf(err, "reading the user", permissionReadUsers)
			}
			if why, err := k.keepBecause(ctx, life, now); err != nil || why != "" || !now.AccountEnabled {
				return &again
			}
			err = life.tenant.Directory.SetAccountEnabled(ctx, user.ID, false)
			switch {
			case directory.IsNotFound(err):
				return &again
			case err != nil:
				return failureOf(err, "blocking the user from signing in", permissionEnableUsers)
			}
			k.did(life, actDisabled)
			log.FromContext(ctx).Info("Blocked user from signing in", "userID", user.ID)
			now.AccountEnabled = false
			life.tenant.Mirror.Saw(now)
			return nil
		},
	}
}

// revokeStep ends what the user is signed in to. It is part of what was announced, and doing it twice changes nothing.
func (k *guestKind) revokeStep(life *guestLife, user directory.User) lifecycle.Step {
	return lifecycle.Step{
		Name:  "the revocation of the user's sessions",
		Await: life.tenant.turn(life.guest, "", budget.TakeAway, costOfRemoval),
		Act: func(ctx context.Context) *lifecycle.Verdict {
			defer k.Users.lock(user.ID)()
			err := life.tenant.Directory.RevokeSignInSessions(ctx, user.ID)
			switch {
			case directory.IsNotFound(err):
				again := lifecycle.LookAgain(lifecycle.Soon)
				return &again
			case err != nil:
				return failureOf(err, "revoking the user's sessions", permissionRevoke)
			}
			k.did(life, actRevoked)
			log.FromContext(ctx).Info("Revoked sessions of user", "userID", user.ID)
			return nil
		},
	}
}
