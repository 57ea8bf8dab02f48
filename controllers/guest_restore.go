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

// costOfReturn is what letting a user in again, or restoring one, takes from the limits.
var costOfReturn = budget.Cost{Writes: 1, Units: 1}

// decideRestore restores the user whom this operator deleted in an earlier life, in place of an invitation. Nobody is in the tenant under
// the address, and nobody else has deleted somebody of it.
func (k *guestKind) decideRestore(ctx context.Context, life *guestLife, seen sighting) lifecycle.Decision {
	past := life.record.restorable()
	gone, err := life.tenant.Directory.GetDeletedUser(ctx, past.UserID)
	switch {
	case directory.IsNotFound(err) && k.mayYetShow(past):
		return lifecycle.Say(waitsForRestored())
	case directory.IsNotFound(err):
		return lifecycle.Do(k.giveUp(life))
	case err != nil:
		return lifecycle.Say(failure(err, "reading the deleted user", permissionReadUsers))
	case !life.record.excusesDeletion(gone, k.ReplicationWindow):
		seen.gone = &gone
		return k.decideGone(ctx, life, seen)
	case life.notOurs(gone) != "": // the record is a copy from a backup, or the address has been taken from the user
		return lifecycle.Do(k.giveUp(life))
	case k.lately(life, actRestored):
		return lifecycle.Say(waitsForRestored())
	}
	return lifecycle.Do(k.restoreStep(life, gone))
}

func waitsForRestored() lifecycle.Verdict {
	return lifecycle.Wait(b2b.ReasonWaitingForGuest, "this operator deleted the guest when nobody asked for them any more, and restores them; "+
		"waiting until the tenant shows it", lifecycle.Soon)
}

// mayYetShow reports whether a user who is neither there nor among the deleted ones may be one of both, and not show: they were deleted,
// or asked to be restored, a moment ago.
func (k *guestKind) mayYetShow(past *release) bool {
	until := past.At.Add(k.ReplicationWindow)
	if announced := past.Undo.AnnouncedAt; !announced.IsZero() { // and then as good as repeated for a window
		until = announced.Add(2 * k.ReplicationWindow)
	}
	return k.Now().Before(until)
}

// mayBeRestored reports whether the user of a release was asked to be restored so short a time ago that this may be under way.
func (k *guestKind) mayBeRestored(life *guestLife) bool {
	past := life.record.restorable()
	return past != nil && past.UserID == life.record.Release.UserID && !past.Undo.AnnouncedAt.IsZero() && k.mayYetShow(past)
}

// giveUp says in the record that nobody is to be restored. The person is invited.
func (k *guestKind) giveUp(life *guestLife) lifecycle.Step {
	return lifecycle.Step{Name: "that nobody can be restored", Announce: func(ctx context.Context) error {
		life.record.giveUpRestoring()
		return k.storeLife(ctx, life)
	}}
}

// restoreStep announces that the user is restored, and restores them. Repeating it changes nothing, so that an answer that was lost is
// looked after as any other state.
func (k *guestKind) restoreStep(life *guestLife, gone directory.User) lifecycle.Step {
	return lifecycle.Step{
		Name:  "the restoration of the user",
		Await: k.turnToReturn(life),
		Announce: func(ctx context.Context) error {
			if !life.record.announceReturn(gone.ID, k.Now().UTC().Truncate(time.Second), k.ReplicationWindow) {
				return nil
			}
			return k.storeLife(ctx, life)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			defer k.Users.lock(gone.ID)()
			restored, err := life.tenant.Directory.RestoreUser(ctx, gone.ID)
			if err != nil {
				return restoreFailure(err)
			}
			k.did(life, actRestored)
			if !partial(restored) {
				life.tenant.Mirror.Saw(restored)
			}
			k.Events.Restored(life.author)
			log.FromContext(ctx).Info("Restored user", "userID", gone.ID)
			return nil
		},
	}
}

// restoreFailure is the verdict on a user who could not be restored.
func restoreFailure(err error) *lifecycle.Verdict {
	var verdict lifecycle.Verdict
	switch {
	case directory.IsNotFound(err): // purged, or restored already
		verdict = lifecycle.LookAgain(lifecycle.Soon)
	case directory.HasDetail(err, directory.AddressInUse):
		verdict = lifecycle.Stall(b2b.ReasonInvitationRefused, "the guest, whom this operator had deleted, cannot be restored, for somebody else "+
			"in the tenant has their name or address: "+describe(err)+". Take it from them; or delete the user for good, among the "+
			"deleted users of the tenant, and the person is invited anew. It is tried again within an hour").Within(lifecycle.Seldom)
	case directory.Is(err, directory.Invalid):
		verdict = lifecycle.Stall(b2b.ReasonInvitationRefused, "Microsoft Entra refused to restore the guest, whom this operator had deleted: "+
			describe(err)+". It is tried again within an hour. If the user is deleted for good, among the deleted users of the tenant, the "+
			"person is invited anew").Within(lifecycle.Seldom)
	default:
		verdict = failure(err, "restoring the user", permissionDeleteUsers)
	}
	return &verdict
}

// goneMessage says what can be done about a guest whom somebody else has deleted, or who has left.
func goneMessage(seen sighting) string {
	message := "the guest has been deleted or has left the tenant, which Microsoft Graph does not tell apart. They are invited anew, as " +
		"another user, when somebody sets a new spec.resendToken"
	if seen.gone != nil {
		message += "; or an administrator of the tenant restores them from its deleted users, with id and groups, which can be done for " +
			"30 days from the deletion"
	}
	return message
}
