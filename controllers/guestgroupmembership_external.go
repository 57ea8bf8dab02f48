package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

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
	member, known := want.tenant.Mirror.Member(want.groupID, userID)
	switch {
	case !known:
		return lifecycle.Say(k.awaitMembers(want)), nil
	case member:
		want.tenant.Additions.Forget(key)
		return k.decidePresent(want), nil
	case state == additions.Waiting || state == additions.Sent:
		return lifecycle.Say(inQueue(0)), nil
	}
	return k.decideMissing(ctx, want, state)
}

// decideMissing decides about a guest whom the mirror does not show in the group. That is only a suspicion, which a live read confirms
// before anybody acts on it.
func (k *membershipKind) decideMissing(ctx context.Context, want *wanted, state additions.State) (lifecycle.Decision, error) {
	removed := want.removedByOthers(k.Now(), k.ReplicationWindow) && !want.regrants()
	if !removed && state != additions.Boarding {
		if want.tenant.suspension(want.membership.Spec.Suspend) == "" {
			want.tenant.Additions.Ask(turnKey(want.membership), want.groupID, want.life.userID())
		}
		return lifecycle.Say(inQueue(0)), nil
	}
	member, err := want.tenant.Directory.IsMember(ctx, want.groupID, want.life.userID())
	switch {
	case err != nil:
		want.tenant.Additions.Forget(turnKey(want.membership))
		return lifecycle.Say(groupFailure(err, "reading the members of the group", permissionReadGroups)), nil
	case member:
		want.tenant.Mirror.SawMember(want.groupID, want.life.userID(), true)
		want.tenant.Additions.Forget(turnKey(want.membership))
		return k.decidePresent(want), nil
	case removed:
		want.tenant.Additions.Forget(turnKey(want.membership))
		want.report()
		return lifecycle.Say(lifecycle.Stall(b2b.ReasonRemovedExternally, "somebody else has taken the guest out of the group. They are "+
			"not added again before somebody sets a new spec.regrantToken")), nil
	}
	return lifecycle.Do(k.additionStep(want)), nil
}

// awaitMembers has the membership wait until the members of its group have been listed.
func (k *membershipKind) awaitMembers(want *wanted) lifecycle.Verdict {
	if err := want.tenant.Mirror.GroupErr(want.groupID); err != nil {
		return groupFailure(err, "reading the members of the group", permissionReadGroups)
	}
	k.Feeds.groups.add(want.groupID, requestFor(want.membership), k.Now())
	if _, known := want.tenant.Mirror.Member(want.groupID, want.life.userID()); known { // listed just now, and nobody would wake us
		return lifecycle.LookAgain(time.Millisecond)
	}
	return lifecycle.LookAgain(queueGlance)
}

// report puts who and where into the status.
func (w *wanted) report() {
	w.membership.Status.UserID, w.membership.Status.GroupID = w.life.userID(), w.groupID
}

// recorded gives the pair and what this membership is recorded as in it, nil where it is not.
func (w *wanted) recorded() (*pair, *claimant) {
	p := w.life.record.pair(w.groupID)
	return p, p.claimant(w.membership.Namespace, w.membership.Name)
}

// decidePresent says that the guest is in the group, and records that this membership wants it so.
func (k *membershipKind) decidePresent(want *wanted) lifecycle.Decision {
	p, c := want.recorded()
	token := want.membership.Spec.RegrantToken
	if c == nil || c.UID != want.membership.UID || c.RegrantToken != token {
		return lifecycle.Do(lifecycle.Step{Name: "a claimant of a pair", Announce: func(ctx context.Context) error {
			return k.announce(ctx, want, p == nil || p.Found)
		}})
	}
	want.report()
	if want.membership.Status.MemberSince == nil {
		want.membership.Status.MemberSince = timeOf(k.Now().Truncate(time.Second))
	}
	return lifecycle.Say(lifecycle.IsReady(b2b.ReasonGranted, "the guest is in the group"))
}

// removedByOthers reports whether the guest was in the group and is not any more. Where the status was lost, only the age of
// the announcement tells: what was announced long ago has been carried out.
func (w *wanted) removedByOthers(now time.Time, window time.Duration) bool {
	p, c := w.recorded()
	if c == nil || p.UserID != w.life.userID() {
		return w.membership.Status.MemberSince != nil || w.withheld() != nil
	}
	if p.Found || w.membership.Status.MemberSince != nil {
		return true
	}
	statusLost := len(w.membership.Status.Conditions) == 0
	return statusLost && now.After(p.AnnouncedAt.Add(2*window))
}

// regrants reports whether a new token asks for the guest to be added again.
func (w *wanted) regrants() bool {
	_, c := w.recorded()
	if held := w.withheld(); c == nil && held != nil {
		c = &held.claimant
	}
	return c != nil && newer(w.membership.Spec.RegrantToken, c.RegrantToken)
}

// withheld gives what is remembered of a removal by others before the membership ran out, nil for nothing.
func (w *wanted) withheld() *withheld {
	return w.life.record.withheldFrom(w.groupID, w.life.userID(), w.entry())
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
			return k.announce(ctx, want, false)
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

// announce stores the finalizer, then the pair with this membership in it. A pair that was found needs no finalizer, for there
// is nothing to undo.
func (k *membershipKind) announce(ctx context.Context, want *wanted, found bool) error {
	if !found && controllerutil.AddFinalizer(want.membership, b2b.Finalizer) {
		if err := k.Client.Update(ctx, want.membership); err != nil {
			return err
		}
	}
	return k.amend(ctx, want.life, func() bool { return k.record(want, found) })
}

// record puts the pair with this membership into the Guest's record, and reports whether that changed anything.
func (k *membershipKind) record(want *wanted, found bool) bool {
	rec := want.life.record
	p := rec.pair(want.groupID)
	if p == nil {
		rec.Pairs = append(rec.Pairs, pair{GroupID: want.groupID})
		p = &rec.Pairs[len(rec.Pairs)-1]
	}
	before := pair{GroupID: p.GroupID, UserID: p.UserID, GuestUID: p.GuestUID, AnnouncedAt: p.AnnouncedAt, Found: p.Found,
		Claimants: slices.Clone(p.Claimants)}
	if !found || p.UserID == "" {
		p.AnnouncedAt = k.Now().UTC().Truncate(time.Second)
	}
	p.UserID, p.GuestUID, p.Found = want.life.userID(), want.life.guest.UID, found
	want.enter(p)
	return !before.same(*p) || p.AnnouncedAt.Sub(before.AnnouncedAt) >= k.ReplicationWindow
}

// enter records the membership in the pair.
func (w *wanted) enter(p *pair) {
	entry := w.entry()
	w.life.record.dropWithheld(p.GroupID, entry)
	if c := p.claimant(entry.Namespace, entry.Name); c != nil {
		*c = entry
		return
	}
	p.Claimants = append(p.Claimants, entry)
}

// entry is what the membership is recorded as.
func (w *wanted) entry() claimant {
	return claimant{Namespace: w.membership.Namespace, Name: w.membership.Name, UID: w.membership.UID,
		RegrantToken: w.membership.Spec.RegrantToken}
}

// same reports whether two states of a pair announce the same, whenever they did.
func (p pair) same(other pair) bool {
	return p.UserID == other.UserID && p.GuestUID == other.GuestUID && p.Found == other.Found && slices.Equal(p.Claimants, other.Claimants)
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
