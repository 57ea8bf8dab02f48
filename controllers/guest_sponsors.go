package controllers

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// keepSponsors has the sponsors added that the author names, and those removed that were added before and are named no more. It looks
// when the spec is another one than was applied last, and once a day. What keeps it from doing so is said by condition SponsorsSet;
// the guest stands as before.
func (k *guestKind) keepSponsors(ctx context.Context, life *guestLife, user directory.User, standing *lifecycle.Verdict) *lifecycle.Step {
	if len(life.author.Spec.Sponsors) == 0 && !life.record.Sponsors.managesFor(life.author) {
		return nil
	}
	if reason, why := life.notWritable(user); why != "" {
		k.looks.forget(life.guest.UID)
		k.reportSponsors(life, metav1.ConditionFalse, reason, "the sponsors are left as they are: "+why)
		return nil
	}
	if pause := k.untilSponsors(life, user); pause > 0 {
		*standing = standing.Within(pause)
		return nil
	}
	plan, err := k.planSponsors(ctx, life, user)
	if err != nil {
		k.noteSponsorFailure(life, user, err, "reading the sponsors", permissionReadUsers)
		*standing = standing.Within(k.untilSponsors(life, user))
		return nil
	}
	if plan.writes() > 0 {
		return k.sponsorStep(life, user, plan, *standing)
	}
	if done := life.appliedSponsors(user, plan); !done.equal(life.record.Sponsors) {
		return &lifecycle.Step{Name: "the sponsors that were applied", Announce: func(ctx context.Context) error {
			life.record.Sponsors = done
			if err := k.storeLife(ctx, life); err != nil {
				return err
			}
			k.noteSponsors(life, user, plan.problems)
			return nil
		}}
	}
	k.noteSponsors(life, user, plan.problems)
	*standing = standing.Within(k.untilSponsors(life, user))
	return nil
}

// untilSponsors is the time until the sponsors are to be looked at, 0 or less where they are now. What this process knows of them is
// told again meanwhile: a status that was written beside it may have lost it.
func (k *guestKind) untilSponsors(life *guestLife, user directory.User) time.Duration {
	guest := life.guest
	if look, ok := k.looks.of(guest.UID, life.lookKey(user)); ok {
		k.reportSponsors(life, look.status, look.reason, look.message)
		return look.next.Sub(k.Now())
	}
	says := meta.FindStatusCondition(guest.Status.Conditions, b2b.ConditionSponsorsSet)
	if !life.sponsorsApplied() || says == nil || says.Reason != life.record.Sponsors.Reason {
		return 0
	}
	return k.looks.untilNext(guest.UID, says.Status == metav1.ConditionTrue)
}

// sponsorsApplied reports whether the list that the author names now is the one that was applied last.
func (l *guestLife) sponsorsApplied() bool {
	applied := l.record.Sponsors
	return applied != nil && applied.AuthorUID == l.author.UID && applied.Spec == l.sponsorsSpec()
}

// sponsorsSpec tells the lists of sponsors apart that are to be applied.
func (l *guestLife) sponsorsSpec() string { return sponsorsKey(l.author.Spec.Sponsors) }

// lookKey tells looks apart: whose sponsors were held against which list.
func (l *guestLife) lookKey(user directory.User) string {
	return fingerprint(user.ID, string(l.author.UID), l.sponsorsSpec())
}

// addedSponsors are those that this operator has added to the user.
func (l *guestLife) addedSponsors(user directory.User) []addedSponsor {
	applied := l.record.Sponsors
	switch {
	case applied == nil:
		return nil
	case applied.UserID == user.ID, applied.UserID == "" && l.origin(user) == b2b.GuestOriginInvited:
		return applied.Added
	}
	return nil
}

// planSponsors holds the spec against the tenant.
func (k *guestKind) planSponsors(ctx context.Context, life *guestLife, user directory.User) (sponsorPlan, error) {
	named, err := lookUpSponsors(ctx, life.tenant.Directory, life.author.Spec.Sponsors)
	if err != nil {
		return sponsorPlan{}, err
	}
	has, err := life.tenant.Directory.ListSponsors(ctx, user.ID)
	if err != nil {
		return sponsorPlan{}, err
	}
	return planSponsors(named, has, life.addedSponsors(user)), nil
}

// appliedSponsors is what is recorded once a plan has been carried out. Sponsors that went with the invitation need no other record.
func (l *guestLife) appliedSponsors(user directory.User, plan sponsorPlan) *sponsorship {
	added := slices.Concat(plan.added, plan.entries())
	if len(l.author.Spec.Sponsors) == 0 && len(added) == 0 {
		return nil
	}
	done := &sponsorship{UserID: user.ID, AuthorUID: l.author.UID, Spec: l.sponsorsSpec(), Reason: b2b.ReasonSponsorsSet, Added: added}
	if len(plan.problems) > 0 {
		done.Reason, _ = complaint(plan.problems)
	}
	if before := l.record.Sponsors; before != nil && before.UserID == "" && l.origin(user) == b2b.GuestOriginInvited {
		asSent := *done
		if asSent.UserID = ""; asSent.equal(before) {
			return before
		}
	}
	return done
}

// sponsorStep carries a plan out. Whom it adds is recorded before, so that nobody is taken for somebody else's later, and nobody
// else's for ours; the list counts as applied afterwards.
func (k *guestKind) sponsorStep(life *guestLife, user directory.User, plan sponsorPlan, standing lifecycle.Verdict) *lifecycle.Step {
	await := k.awaitUpkeep(life, costOfChanges(plan.writes()), standing)
	return &lifecycle.Step{
		Name: "the sponsors of the guest",
		Await: func(ctx context.Context) (context.Context, func(), *lifecycle.Verdict) {
			turn, end, wait := await(ctx)
			if wait != nil && !life.sponsorsApplied() {
				k.reportSponsors(life, metav1.ConditionFalse, b2b.ReasonThrottled, queued().Message)
			}
			return turn, end, wait
		},
		Announce: func(ctx context.Context) error {
			done := life.appliedSponsors(user, plan)
			if done.equal(life.record.Sponsors) { // somebody has taken one away whom we had added
				return nil
			}
			announced := &sponsorship{UserID: user.ID, AuthorUID: life.author.UID, Added: plan.announced(life.addedSponsors(user))}
			if announced.equal(life.record.Sponsors) {
				return nil
			}
			life.record.Sponsors = announced
			return k.storeLife(ctx, life)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			defer k.Users.lock(user.ID)()
			done, err := k.writeSponsors(ctx, life, user, plan)
			if err != nil {
				k.noteSponsorFailure(life, user, err, "setting the sponsors of the guest", permissionWriteUsers)
				return nil
			}
			if applied := life.appliedSponsors(user, done); !applied.equal(life.record.Sponsors) {
				life.record.Sponsors = applied
				if err := k.storeLife(ctx, life); err != nil { // looked at again, which does no harm
					log.FromContext(ctx).Error(err, "Recording the sponsors of a guest failed", "guest", life.guest.Name)
					again := lifecycle.LookAgain(lifecycle.Soon)
					return &again
				}
			}
			k.Events.SponsorsChanged(life.author, len(done.add), len(plan.remove))
			log.FromContext(ctx).Info("Set sponsors of guest", "userID", user.ID, "added", len(done.add), "removed", len(plan.remove))
			k.noteSponsors(life, user, done.problems)
			return nil
		},
	}
}

// writeSponsors sends what a plan says, and gives the plan as it was carried out: without those whom the directory refuses.
func (k *guestKind) writeSponsors(ctx context.Context, life *guestLife, user directory.User, plan sponsorPlan) (sponsorPlan, error) {
	tenant, done := life.tenant.Directory, plan
	for _, id := range plan.remove {
		if err := tenant.RemoveSponsor(ctx, user.ID, id); directory.IgnoreNotFound(err) != nil {
			return plan, err
		}
	}
	done.add = nil
	for _, sponsor := range plan.add {
		err := tenant.AddSponsor(ctx, user.ID, sponsor.ref)
		if err == nil || directory.HasDetail(err, directory.AlreadySponsor) {
			done.add = append(done.add, sponsor)
			continue
		}
		if !directory.Is(err, directory.Invalid) || directory.HasDetail(err, directory.ReferenceNotReady) {
			return plan, err
		}
		done.problems = append(done.problems, *sponsorFailure(err, sponsor.name, permissionWriteUsers))
	}
	return done, nil
}

// noteSponsors keeps what a look at the sponsors has found. The longer somebody has not been found, the less often they are looked for.
func (k *guestKind) noteSponsors(life *guestLife, user directory.User, problems []sponsorProblem) {
	look := sponsorLook{about: life.lookKey(user), status: metav1.ConditionTrue, reason: b2b.ReasonSponsorsSet,
		message: "the guest has the sponsors that the invitation names"}
	if len(problems) > 0 {
		look.status = metav1.ConditionFalse
		look.reason, look.message = complaint(problems)
		look.message += ". " + nameOthers
		look.next = k.Now().Add(life.patience(k.Now(), lifecycle.Later))
	}
	k.looks.note(life.guest.UID, look)
	k.reportSponsors(life, look.status, look.reason, look.message)
}

// nameOthers is what can be done about sponsors who are not set.
const nameOthers = "Name others in spec.sponsors, or ask an administrator of the tenant; the operator looks again by itself"

// patience is how long to wait before sponsors who are missing are looked for again: as long as they have been missing, but at least
// so long, and an hour at most.
func (l *guestLife) patience(now time.Time, least time.Duration) time.Duration {
	missing := time.Duration(0)
	says := meta.FindStatusCondition(l.guest.Status.Conditions, b2b.ConditionSponsorsSet)
	if says != nil && says.Status == metav1.ConditionFalse {
		missing = now.Sub(says.LastTransitionTime.Time)
	}
	return min(max(missing, least), hourly)
}

// noteSponsorFailure keeps that the sponsors could not be read or written, and until when they are left alone. That they were set when
// the same list was last looked at still holds.
func (k *guestKind) noteSponsorFailure(life *guestLife, user directory.User, err error, doing, permission string) {
	verdict := failure(err, doing, permission)
	switch {
	case directory.Is(err, directory.Denied):
		verdict.After = deniedPause
	case directory.IsNotFound(err), directory.HasDetail(err, directory.ReferenceNotReady):
		verdict = lifecycle.Wait(b2b.ReasonSponsorNotFound, "waiting until the tenant shows the guest and the sponsors everywhere", lifecycle.Retry)
	}
	look := sponsorLook{about: life.lookKey(user), status: metav1.ConditionFalse, reason: verdict.Reason,
		message: verdict.Message, next: k.Now().Add(verdict.After)}
	says := meta.FindStatusCondition(life.guest.Status.Conditions, b2b.ConditionSponsorsSet)
	if says != nil && says.Status == metav1.ConditionTrue && life.sponsorsApplied() && !directory.Is(err, directory.Denied) {
		look.status, look.reason, look.message = says.Status, says.Reason, says.Message
	}
	k.looks.note(life.guest.UID, look)
}

// reportSponsors puts condition SponsorsSet into the status of the Guest, from where the author mirrors it. Where nobody is named, there
// is nothing to say.
func (k *guestKind) reportSponsors(life *guestLife, status metav1.ConditionStatus, reason, message string) {
	if len(life.author.Spec.Sponsors) == 0 {
		return
	}
	before := whatSays(life.guest.Status.Conditions, b2b.ConditionSponsorsSet)
	lifecycle.Set(&life.guest.Status.Conditions, life.guest.Generation, b2b.ConditionSponsorsSet, status, reason, message)
	if status == metav1.ConditionFalse && !passes(reason) && (before.status != status || before.reason != reason) {
		k.Events.SponsorsNotSet(life.author)
	}
}

// passes reports whether what a reason stands for goes by itself.
func passes(reason string) bool {
	switch reason {
	case b2b.ReasonThrottled, b2b.ReasonDirectoryUnavailable, b2b.ReasonOutcomeUnknown:
		return true
	}
	return false
}
