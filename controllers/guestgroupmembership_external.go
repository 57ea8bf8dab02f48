package controllers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/additions"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// decideMember sees to the pair: it is there, somebody else has ended it, or it has to be made.
func (k *membershipKind) decideMember(ctx context.Context, want *wanted) (lifecycle.Decision, error) {
	userID, key := want.life.userID(), turnKey(want.membership)
	state, failed := want.tenant.Additions.State(key)
	if state == additions.Over && failed != nil {
		return lifecycle.Say(additionFailure(failed)), nil
	}
	member, known := want.tenant.Mirror.Member(want.target.GroupID, userID)
	switch {
	case !known:
		return lifecycle.Say(k.awaitMembers(want)), nil
	case member:
		want.tenant.Additions.Forget(key)
		return k.decidePresent(want), nil
	case state == additions.Waiting || state == additions.Sent:
		return lifecycle.Say(k.inAdditionsQueue(want)), nil
	}
	return k.decideMissing(ctx, want, state)
}

// decideMissing decides about a guest whom the mirror does not show in the group. That is only a suspicion, which a live read confirms
// before anybody acts on it.
func (k *membershipKind) decideMissing(ctx context.Context, want *wanted, state additions.State) (lifecycle.Decision, error) {
	called := state == additions.Boarding // by a request that it asked for, having been found not to be there yet
	removed := want.removedByOthers(k.Now(), k.ReplicationWindow, called) && !want.regrants()
	if !removed && !called {
		if want.tenant.suspension(want.membership.Spec.Suspend) == "" {
			want.tenant.Additions.Ask(turnKey(want.membership), want.target.GroupID, want.life.userID())
		}
		return lifecycle.Say(k.inAdditionsQueue(want)), nil
	}
	member, err := want.tenant.Directory.IsMember(ctx, want.target.GroupID, want.life.userID())
	switch {
	case err != nil:
		want.tenant.Additions.Forget(turnKey(want.membership))
		return lifecycle.Say(groupFailure(err, "reading the members of the group", permissionReadGroups)), nil
	case member:
		want.tenant.Mirror.SawMember(want.target.GroupID, want.life.userID(), true)
		want.tenant.Additions.Forget(turnKey(want.membership))
		return k.decidePresent(want), nil
	case removed:
		want.tenant.Additions.Forget(turnKey(want.membership))
		if verdict := want.tenant.goneInstead(ctx, want.life.userID()); verdict != nil {
			return lifecycle.Say(*verdict), nil
		}
		want.report()
		return lifecycle.Say(lifecycle.Stall(b2b.ReasonRemovedExternally, "somebody else has taken the guest out of the group. They are "+
			"not added again before somebody sets a new spec.regrantToken")), nil
	}
	return lifecycle.Do(k.additionStep(want)), nil
}

// inAdditionsQueue is the verdict on a membership that waits for its addition. One that has said nothing yet says so when that takes
// long; one that has said what it waits for does not write again.
func (k *membershipKind) inAdditionsQueue(want *wanted) lifecycle.Verdict {
	waited := want.tenant.Additions.Waited(turnKey(want.membership))
	switch {
	case len(want.membership.Status.Conditions) > 0:
		return inQueue(0)
	case waited < shortWait:
		return lifecycle.LookAgain(shortWait - waited + rand.N(tellWithin)) //nolint:gosec // a spread, not a secret
	}
	return queued()
}

// awaitMembers has the membership wait until the members of its group have been listed.
func (k *membershipKind) awaitMembers(want *wanted) lifecycle.Verdict {
	if err := want.tenant.Mirror.GroupErr(want.target.GroupID); err != nil {
		return groupFailure(err, "reading the members of the group", permissionReadGroups)
	}
	k.Feeds.groups.add(want.target.GroupID, requestFor(want.membership), k.Now())
	if _, known := want.tenant.Mirror.Member(want.target.GroupID, want.life.userID()); known { // listed just now, and nobody would wake us
		return lifecycle.LookAgain(time.Millisecond)
	}
	return lifecycle.LookAgain(queueGlance)
}

// report puts who and where into the status.
func (w *wanted) report() {
	w.membership.Status.UserID, w.membership.Status.GroupID = w.life.userID(), w.target.GroupID
}

// decidePresent says that the guest is in the group, and records that this membership wants it so.
func (k *membershipKind) decidePresent(want *wanted) lifecycle.Decision {
	p, c := want.recorded()
	token := want.membership.Spec.RegrantToken
	if c == nil || c.UID != want.membership.UID || c.RegrantToken != token {
		return lifecycle.Do(lifecycle.Step{Name: "a claimant of a pair", Announce: func(ctx context.Context) error {
			return k.announce(ctx, &want.access, p == nil || p.Found)
		}})
	}
	want.report()
	if want.membership.Status.MemberSince == nil {
		want.membership.Status.MemberSince = timeOf(k.Now().Truncate(time.Second))
	}
	return lifecycle.Say(lifecycle.IsReady(b2b.ReasonGranted, "the guest is in the group"))
}

// removedByOthers reports whether the guest was in the group and is not any more. Where the status was lost, only the age of
// the announcement tells: what was announced long ago has been carried out, unless it is known to be still in hand.
func (w *wanted) removedByOthers(now time.Time, window time.Duration, inHand bool) bool {
	p, c := w.recorded()
	if c == nil || p.UserID != w.life.userID() {
		return w.membership.Status.MemberSince != nil || w.withheld() != nil
	}
	if p.Found || w.membership.Status.MemberSince != nil {
		return true
	}
	statusLost := len(w.membership.Status.Conditions) == 0
	return statusLost && !inHand && now.After(p.AnnouncedAt.Add(2*window))
}

// additionStep announces the addition, now that the request that adds is about to leave, and goes with it. Nobody waits here for the
// answer: the membership is woken by it.
func (k *membershipKind) additionStep(want *wanted) lifecycle.Step {
	return lifecycle.Step{
		Name: "an addition to a group",
		Announce: func(ctx context.Context) error {
			if err := k.forgetSeen(ctx, want); err != nil {
				return err
			}
			return k.announce(ctx, &want.access, false)
		},
		Act: func(context.Context) *lifecycle.Verdict {
			want.tenant.Additions.Board(turnKey(want.membership)) // where it has left without this one, there is another
			again := inQueue(0)
			return &again
		},
	}
}

// forgetSeen stores that the guest has not been seen in the group since a regrant token asked for them. It comes before the
// token counts as heeded: an addition that fails is no removal by others, and is tried again.
func (k *membershipKind) forgetSeen(ctx context.Context, want *wanted) error {
	if want.membership.Status.MemberSince == nil {
		return nil
	}
	want.membership.Status.MemberSince = nil
	if err := k.Client.Status().Update(ctx, want.membership); err != nil {
		return fmt.Errorf("updating the status of GuestGroupMembership %s/%s: %w", want.membership.Namespace, want.membership.Name, err)
	}
	return nil
}

// additionFailure is the verdict on an addition that did not come about.
func additionFailure(err error) lifecycle.Verdict {
	var failed *directory.Error
	switch {
	case directory.HasDetail(err, directory.ReferenceNotReady):
		return lifecycle.Wait(b2b.ReasonWaitingForGuest, "the guest is not to be seen everywhere in the tenant yet", lifecycle.Soon)
	case errors.As(err, &failed) && failed.Detail == directory.GroupNotWritable:
		return lifecycle.Stall(b2b.ReasonGroupNotWritable, "guests are not added to this group: "+failed.Message+". Choose another group").
			Within(lifecycle.Seldom)
	case directory.Is(err, directory.Invalid):
		return lifecycle.Stall(b2b.ReasonGroupNotWritable, "Microsoft Entra does not let the guest into the group: "+describe(err))
	}
	return groupFailure(err, "adding the guest to the group", permissionWriteGroups)
}

// groupFailure is the verdict on a group that cannot be read.
func groupFailure(err error, doing, permission string) lifecycle.Verdict {
	if directory.IsNotFound(err) {
		return lifecycle.Wait(b2b.ReasonWaitingForGroup, "the group does not exist in the tenant, or is not to be seen everywhere yet",
			lifecycle.Retry)
	}
	return failure(err, doing, permission)
}
