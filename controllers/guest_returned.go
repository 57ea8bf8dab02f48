package controllers

import (
	"context"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// keepFound stores what it means for earlier lives that the user is in the tenant; nil where it means nothing. Enabled says that they can
// sign in without a doubt: the mirror alone is not enough to say so, for it may not have seen yet that they were blocked.
func (k *guestKind) keepFound(life *guestLife, user directory.User, enabled bool) *lifecycle.Step {
	if !life.record.found(user, enabled, k.Now().UTC().Truncate(time.Second)) {
		return nil
	}
	return &lifecycle.Step{Name: "that the user is back", Announce: func(ctx context.Context) error {
		k.acts.remove(life.guest.UID)
		return k.storeLife(ctx, life)
	}}
}

// decideReturned decides about a user who is there in spite of what an earlier life has done to them; nil where there is nothing to decide.
// Right after a deletion a replica may still show the user.
func (k *guestKind) decideReturned(life *guestLife, user directory.User) *lifecycle.Decision {
	var decision lifecycle.Decision
	if at := life.record.deletedAt(user.ID); k.Now().Before(at.Add(k.ReplicationWindow)) {
		decision = lifecycle.Say(waitsForRestored())
		return &decision
	}
	if step := k.keepFound(life, user, k.lately(life, actEnabled)); step != nil {
		decision = lifecycle.Do(*step)
		return &decision
	}
	return nil
}

// keepLost stores that somebody else has deleted a user about whom the record says something else.
func (k *guestKind) keepLost(life *guestLife, userID string) lifecycle.Step {
	return lifecycle.Step{Name: "that the user was deleted by somebody else", Announce: func(ctx context.Context) error {
		life.record.lost(userID, k.Now().UTC().Truncate(time.Second))
		return k.storeLife(ctx, life)
	}}
}

// reviewReleased looks whether somebody else has undone what a release did, so that it counts as theirs from then on: a step to store
// that, or when to look again, 0 for not before the mirror says something. What the mirror says is confirmed live.
func (k *guestKind) reviewReleased(ctx context.Context, life *guestLife) (*lifecycle.Decision, time.Duration) {
	done, id := life.record.Release, life.record.blocked()
	blocked := id != ""
	if !blocked {
		id = done.UserID
	}
	if life.tenant.Connection == nil || id == "" || !blocked && !done.deleted(id) {
		return nil, 0
	}
	mirror := life.tenant.Mirror
	user, found := mirror.User(id)
	if asLeft := found == blocked && !user.AccountEnabled; asLeft || !found && !mirror.Listed() {
		return nil, 0
	}
	if wait := done.At.Add(k.ReplicationWindow).Sub(k.Now()); wait > 0 { // a replica may be behind
		return nil, wait
	}
	user, err := life.tenant.Directory.GetUser(ctx, id)
	var step *lifecycle.Step
	switch {
	case err == nil:
		mirror.Saw(user)
		step = k.keepFound(life, user, user.AccountEnabled)
	case directory.IsNotFound(err) && blocked:
		lost := k.keepLost(life, id)
		step = &lost
	case !directory.IsNotFound(err):
		return nil, lifecycle.Retry
	}
	if step == nil {
		return nil, 0
	}
	decision := lifecycle.Do(*step)
	return &decision, 0
}

// broughtBack reports whether the user is one of ours from an earlier life.
func (l *guestLife) broughtBack(user directory.User) bool {
	return !l.record.returned().IsZero() && l.record.created(user, l.guest.UID)
}

// goneInstead is the verdict where nobody has taken anything from a user but they are gone themselves, which their Guest says, or where
// that cannot be told; nil where they are there. A deleted user shows in no group.
func (t tenant) goneInstead(ctx context.Context, userID string) *lifecycle.Verdict {
	_, err := t.Directory.GetUser(ctx, userID)
	switch {
	case directory.IsNotFound(err):
		again := lifecycle.LookAgain(lifecycle.Soon)
		return &again
	case err != nil:
		return failureOf(err, "reading the user", permissionReadUsers)
	}
	return nil
}
