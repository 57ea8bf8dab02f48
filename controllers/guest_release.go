package controllers

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// keepReleased is how long a released Guest stays to say what was done: as long as the tenant keeps a deleted user.
const keepReleased = 30 * 24 * time.Hour

// beginRelease ends the life in the record: from here on it is irrevocable. Where nothing was ever announced, there is nothing
// to undo, and it is over at once, whatever the directory may be doing.
func (k *guestKind) beginRelease(life *guestLife) {
	life.record.Release = &release{
		StartedAt:  k.Now().UTC().Truncate(time.Second),
		Policy:     life.record.DeletionPolicy,
		UserID:     cmp.Or(life.userID(), life.record.restoring()),
		Unredeemed: len(life.lapsed) > 0,
	}
	if !life.record.mayHaveInvited(life.guest.UID) && len(life.record.Pairs) == 0 {
		did, why := deedRetained, "this operator did not create the user"
		if life.userID() == "" {
			did, why = deedNothing, "nobody had been invited"
		}
		k.endRelease(life, did, why)
	}
}

// endRelease puts what was done into the record and takes the finalizer off: there is nothing left to undo.
func (k *guestKind) endRelease(life *guestLife, did deed, why string) {
	now := k.Now().UTC().Truncate(time.Second)
	life.record.Release.Did, life.record.Release.Why, life.record.Release.At = did, why, &now
	if len(life.record.Pairs) == 0 {
		controllerutil.RemoveFinalizer(life.guest, b2b.Finalizer)
	}
}

// decideRelease carries a release on: memberships first, then the policy.
func (k *guestKind) decideRelease(ctx context.Context, life *guestLife) (lifecycle.Decision, error) {
	k.forgetLink(life)
	if step := k.dropLinks(ctx, life, true); step != nil {
		return lifecycle.Do(*step), nil
	}
	if life.record.released() {
		return k.decideReleased(ctx, life), nil
	}
	if decision, err := k.releasePairs(ctx, life); decision != nil || err != nil {
		return valueOf(decision), err // each object says what has become of its own pair, also where nothing is taken away
	}
	if why := life.tenant.retainsAll(); why != "" {
		life.record.Pairs = nil // of objects that are suspended
		return k.end(life, deedRetained, why), nil
	}
	switch {
	case life.record.Release.Policy == b2b.GuestDeletionPolicyRetain:
		return k.end(life, deedRetained, "deletionPolicy Retain"), nil
	case !life.record.mayHaveInvited(life.guest.UID):
		return k.end(life, deedRetained, "this operator did not create the user"), nil
	}
	if verdict := life.tenant.waiting(life.guest.Spec.TenantRef.Name); verdict != nil {
		return lifecycle.Say(*verdict), nil
	}
	return k.decideDeletion(ctx, life)
}

// end is the step that ends a release.
func (k *guestKind) end(life *guestLife, did deed, why string) lifecycle.Decision {
	return lifecycle.Do(lifecycle.Step{Name: "the end of the release", Announce: func(ctx context.Context) error {
		k.endRelease(life, did, why)
		if err := k.storeLife(ctx, life); err != nil {
			return err
		}
		k.tellRelease(life)
		k.doubts.settle(life.guest.UID)
		k.deletions.remove(life.guest.UID)
		k.acts.remove(life.guest.UID)
		k.looks.forget(life.guest.UID)
		k.profiles.remove(life.guest.UID)
		return nil
	}})
}

// tellRelease says what a release that is over has done. That a user stays whom the claims wanted deleted is worth a warning.
func (k *guestKind) tellRelease(life *guestLife) {
	done := life.record.Release
	k.Metrics.GuestReleased(string(done.Did))
	if done.Did == deedRetained && done.Policy != b2b.GuestDeletionPolicyRetain {
		k.Events.Retained(life.guest, done.Why)
		return
	}
	k.Events.Released(life.guest, done.summary())
}

// decideReleased decides about a Guest whose release is over: a claim that has come since begins a new life. The Guest goes after 30
// days, but not while this operator keeps the user from signing in.
func (k *guestKind) decideReleased(ctx context.Context, life *guestLife) lifecycle.Decision {
	done := life.record.Release
	if len(life.guest.Spec.Claims) > 0 {
		return lifecycle.Do(lifecycle.Step{Name: "a new life of the guest", Announce: func(ctx context.Context) error {
			life.record.beginLife()
			controllerutil.AddFinalizer(life.guest, b2b.Finalizer)
			return k.storeLife(ctx, life)
		}})
	}
	decision, look := k.reviewReleased(ctx, life)
	if decision != nil {
		return *decision
	}
	left := done.At.Add(keepReleased).Sub(k.Now())
	if life.record.blocked() != "" {
		left = keepReleased // for as long as it does
	}
	nothingToTell := done.Did == deedNothing && len(life.record.Attempts) == 0
	over := len(life.record.Pairs) == 0 && left <= 0 || nothingToTell
	if over && len(life.record.Lapses) == 0 || life.tenant.EntraTenant == nil || life.guest.DeletionTimestamp != nil {
		return lifecycle.Do(k.forget(life))
	}
	return lifecycle.Say(lifecycle.IsReady(b2b.ReasonReleased, "nobody asks for this guest any more; "+done.summary()).Within(left).Within(look))
}

// forget deletes the Guest as it was read: a claim that somebody adds meanwhile keeps it.
func (k *guestKind) forget(life *guestLife) lifecycle.Step {
	return lifecycle.Step{Name: "the end of the Guest", Announce: func(ctx context.Context) error {
		guest := life.guest
		if controllerutil.RemoveFinalizer(guest, b2b.Finalizer) {
			return k.storeLife(ctx, life)
		}
		uid, version := guest.UID, guest.ResourceVersion
		err := k.Client.Delete(ctx, guest, client.Preconditions{UID: &uid, ResourceVersion: &version})
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting Guest %s: %w", guest.Name, err)
		}
		now := timeOf(k.Now())
		guest.DeletionTimestamp = now // tells the loop that the object is gone
		return nil
	}}
}

// decideDeletion deletes the user, or blocks them from signing in, if all of invariant 4 holds, and confirms it.
func (k *guestKind) decideDeletion(ctx context.Context, life *guestLife) (lifecycle.Decision, error) {
	seen, verdict := k.findForRelease(ctx, life)
	if verdict != nil {
		return lifecycle.Say(*verdict), nil
	}
	if seen.user == nil {
		return k.decideVanished(ctx, life, seen), nil
	}
	if life.redeemedAfterAll(*seen.user) {
		return k.endRedeemed(life), nil
	}
	if why, err := k.keepBecause(ctx, life, *seen.user); err != nil || why != "" {
		return k.endUnless(life, err, why), err
	}
	if life.record.Release.Policy == b2b.GuestDeletionPolicyDisable {
		return k.decideDisable(life, *seen.user), nil
	}
	if ago, ok := k.deletedAgo(life); ok && ago < k.ReplicationWindow {
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, "deleted; waiting until the tenant shows it", lifecycle.Soon)), nil
	}
	return lifecycle.Do(k.deleteStep(life, *seen.user)), nil
}

func (k *guestKind) endUnless(life *guestLife, err error, why string) lifecycle.Decision {
	if err != nil {
		return lifecycle.Decision{}
	}
	return k.end(life, deedRetained, why)
}

// findForRelease reads the user live: by id, or by address where no id was ever stored.
func (k *guestKind) findForRelease(ctx context.Context, life *guestLife) (sighting, *lifecycle.Verdict) {
	id := life.record.Release.UserID
	if id == "" {
		return k.lookUp(ctx, life)
	}
	user, err := life.tenant.Directory.GetUser(ctx, id)
	switch {
	case err == nil:
		return sighting{user: &user}, nil
	case directory.IsNotFound(err):
		return sighting{}, nil
	}
	return sighting{}, failureOf(err, "reading the user", permissionReadUsers)
}

// decideVanished ends the release of a user who is not there, once that is certain: after a lost answer, or right after an
// invitation, it may be there and not show.
func (k *guestKind) decideVanished(ctx context.Context, life *guestLife, seen sighting) lifecycle.Decision {
	done := life.record.Release
	if done.UserID == "" {
		if doubtful := life.record.inDoubt(); doubtful != nil {
			if pause := k.foundNobody(life, doubtful, *seen.lookup); pause > 0 {
				return lifecycle.Say(lifecycle.Wait(b2b.ReasonOutcomeUnknown,
					"the answer to the invitation was lost; looking whether there is somebody to release", pause))
			}
		}
		return k.end(life, deedNothing, "nobody was found in the tenant")
	}
	if k.mayBeRestored(life) {
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, "waiting until the tenant shows whether the user was restored", lifecycle.Soon))
	}
	gone, err := life.tenant.Directory.GetDeletedUser(ctx, done.UserID)
	switch {
	case err == nil && life.record.excusesDeletion(gone, k.ReplicationWindow):
		return k.end(life, deedNothing, "the user had been deleted before and was not restored")
	case err == nil && (done.Policy == b2b.GuestDeletionPolicyDisable || gone.DeletedDateTime.Before(done.StartedAt.Add(-k.ReplicationWindow))):
		return k.end(life, deedNothing, "somebody else had deleted the user before")
	case err == nil:
		return k.end(life, deedDeleted, "deletionPolicy Delete; the tenant can restore the user for 30 days")
	case !directory.IsNotFound(err):
		return lifecycle.Say(failure(err, "reading the deleted user", permissionReadUsers))
	}
	if _, ok := k.deletedAgo(life); ok { // not among the deleted items yet
		return k.end(life, deedDeleted, "deletionPolicy Delete; the tenant can restore the user for 30 days")
	}
	if last := life.record.last(); last != nil && k.Now().Before(last.NotAfter.Add(k.ReplicationWindow)) {
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, "waiting until the tenant shows the user that was just invited", lifecycle.Soon))
	}
	return k.end(life, deedNothing, "the user was not in the tenant any more")
}

// keepBecause says why the user must be neither deleted nor blocked, "" where it may: it is ours without a doubt, and nobody else's.
func (k *guestKind) keepBecause(ctx context.Context, life *guestLife, user directory.User) (string, error) {
	if why := life.notOurs(user); why != "" {
		return why, nil
	}
	others := &b2b.GuestList{}
	if err := k.Client.List(ctx, others, client.MatchingFields{indexGuestByUserID: user.ID}); err != nil {
		return "", fmt.Errorf("listing Guests of user %s: %w", user.ID, err)
	}
	for _, other := range others.Items {
		if other.UID != life.guest.UID && len(other.Spec.Claims) > 0 {
			return "the same user is claimed by another address", nil
		}
	}
	return "", nil
}

// notOurs says why the user is not the one that this operator created, or not any more as it did; "" where it is.
func (l *guestLife) notOurs(user directory.User) string {
	creator := l.record.creator(user, l.guest.UID)
	switch {
	case creator == nil:
		return "this operator did not create the user"
	case !user.External():
		return "the user is not external any more"
	case creator.UserType != b2b.UserType(user.UserType) && user.UserType != directory.UserTypeGuest:
		return fmt.Sprintf("the user's type has been changed to %s", user.UserType)
	case !user.HasAddress(l.guest.Spec.EmailAddress):
		return "the user does not have the address any more"
	}
	return ""
}

// deleteStep deletes the user. The release in the record announced it.
func (k *guestKind) deleteStep(life *guestLife, user directory.User) lifecycle.Step {
	return lifecycle.Step{
		Name:  "the deletion of the user",
		Await: life.tenant.turn(life.guest, "", budget.TakeAway, costOfRemoval),
		Announce: func(ctx context.Context) error {
			if life.record.Release.UserID == user.ID {
				return nil
			}
			life.record.Release.UserID = user.ID
			return k.storeLife(ctx, life)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			defer k.Users.lock(user.ID)()
			if why, err := k.keepBecause(ctx, life, user); err != nil || why != "" {
				again := lifecycle.LookAgain(lifecycle.Soon)
				return &again
			}
			err := life.tenant.Directory.DeleteUser(ctx, user.ID)
			if directory.IgnoreNotFound(err) != nil {
				return failureOf(err, "deleting the user", permissionDeleteUsers)
			}
			k.deletions.set(life.guest.UID, k.Now())
			log.FromContext(ctx).Info("Deleted user", "userID", user.ID)
			life.tenant.Mirror.SawGone(user.ID)
			return nil
		},
	}
}

// deletedAgo is how long ago this process deleted the Guest's user; ok is false where it did not.
func (k *guestKind) deletedAgo(life *guestLife) (ago time.Duration, ok bool) {
	at, ok := k.deletions.get(life.guest.UID)
	return k.Now().Sub(at), ok
}
