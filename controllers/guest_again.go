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

// another is one more invitation to a guest who is there and has not redeemed: one that is sent again, a reminder, or a new link.
type another struct {
	// name says what it is, for the log.
	name  string
	cause cause
	// announce completes the attempt, and takes down in the record that what asked for it is heeded. Undo takes that back where the
	// directory did nothing.
	announce func(*attempt)
	undo     func()
	// tell makes the event once it is out.
	tell func()
}

// anotherStep announces another invitation and makes it once. Nothing of it is ever repeated because its answer was lost.
func (k *guestKind) anotherStep(life *guestLife, user directory.User, a another) lifecycle.Step {
	return lifecycle.Step{
		Name:  a.name,
		Await: k.awaitPending(life, user),
		Announce: func(ctx context.Context) error {
			now := k.Now()
			next := k.newAttempt(life, a.cause, directory.Lookup{At: now.UTC().Truncate(time.Second)}, now)
			a.announce(&next)
			life.record.announce(next)
			return k.storeAttempt(ctx, life)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			invited, err := life.tenant.Directory.Invite(ctx, invitationOf(life))
			k.mindBreaker(life, err)
			if err != nil {
				return k.concludeAnother(ctx, life, a, err)
			}
			k.holdLink(life, invited)
			a.tell()
			log.FromContext(ctx).Info("Invited guest again", "userID", user.ID, "cause", a.cause)
			k.Metrics.InvitationSent(string(a.cause))
			return k.conclude(ctx, life, outcomeSent, lifecycle.LookAgain(time.Millisecond))
		},
	}
}

// awaitPending waits for the turn to invite, and then asks the directory itself whether the guest has still not redeemed: the mirror can
// be behind, and an invitation to somebody who has meanwhile been deleted would bring them back.
func (k *guestKind) awaitPending(life *guestLife, user directory.User) awaiting {
	return func(ctx context.Context) (context.Context, func(), *lifecycle.Verdict) {
		turn, end, wait, _ := k.awaitInvitation(ctx, life)
		if wait == nil {
			if wait = k.confirmPending(ctx, life, user.ID); wait == nil {
				return turn, end, nil
			}
			end()
			life.tenant.Breaker.Undecided()
		}
		verdict := k.standing(life, user).Within(wait.After)
		return nil, nil, &verdict
	}
}

// confirmPending reads the guest. Where there is nobody to invite any more, it gives when to look again.
func (k *guestKind) confirmPending(ctx context.Context, life *guestLife, userID string) *lifecycle.Verdict {
	now, err := life.tenant.Directory.GetUser(ctx, userID)
	switch {
	case err != nil:
		return failureOf(err, "reading the user", permissionReadUsers)
	case pending(now) && now.AccountEnabled:
		return nil
	}
	life.tenant.Mirror.Saw(now)
	again := lifecycle.LookAgain(time.Millisecond)
	return &again
}

// concludeAnother ends an attempt that did not succeed. One whose answer was lost stays open.
func (k *guestKind) concludeAnother(ctx context.Context, life *guestLife, a another, err error) *lifecycle.Verdict {
	again, last := lifecycle.LookAgain(time.Millisecond), life.record.last()
	switch {
	case directory.Is(err, directory.OutcomeUnknown):
		return &again
	case directory.Is(err, directory.Invalid):
		last.Reason, last.Message = b2b.ReasonInvitationRefused, describe(err)
		return k.conclude(ctx, life, outcomeRefused, again)
	}
	verdict := k.notCarriedOut(life, err)
	last.Reason, last.Message, last.Again = verdict.Reason, verdict.Message, k.Now().UTC().Add(verdict.After)
	a.undo()
	return k.conclude(ctx, life, outcomeNotCarriedOut, again)
}

// pending reports whether the directory says that the guest has yet to redeem.
func pending(user directory.User) bool { return user.ExternalUserState == directory.PendingAcceptance }

// untilAgain is how long an attempt that was not carried out rests, 0 or less where it does not.
func (k *guestKind) untilAgain(life *guestLife) time.Duration {
	last := life.record.last()
	if last == nil || last.Outcome != outcomeNotCarriedOut || last.Again.IsZero() {
		return 0
	}
	return last.Again.Sub(k.Now())
}

// anotherDue is when another invitation to a guest who has not redeemed falls due by the clock; zero for never.
func (k *guestKind) anotherDue(life *guestLife, user directory.User) (due time.Time) {
	if life.author == nil || !pending(user) {
		return time.Time{}
	}
	now := k.Now()
	if life.newToken() && life.reachesSomebody() {
		due = now.Add(k.untilResend(life))
	}
	if wait, ok := k.untilReminder(life, user); ok {
		due = earlier(due, now.Add(wait))
	}
	if rested := now.Add(k.untilAgain(life)); !due.IsZero() && rested.After(due) {
		return rested
	}
	return due
}

// lastMailNote says what has become of the latest mail to a guest who has not redeemed, where it is not certain that they have it.
func (l *guestLife) lastMailNote() string {
	last := l.record.last()
	if last == nil || last.Silent || last.Cause != causeResend && last.Cause != causeReminder {
		return ""
	}
	what := "the mail that resendToken asked for"
	if last.Cause == causeReminder {
		what = fmt.Sprintf("reminder %d", last.Reminder)
	}
	switch last.Outcome {
	case "":
		return fmt.Sprintf("; the answer to %s was lost: it may not have been sent, and is not repeated", what)
	case outcomeRefused:
		return fmt.Sprintf("; Microsoft Entra refused %s: %s", what, last.Message)
	case outcomeNotCarriedOut:
		return fmt.Sprintf("; %s could not be sent and is tried again: %s", what, last.Message)
	}
	return ""
}

func isFalse(reason, message string) said { return said{metav1.ConditionFalse, reason, message} }

// into has a condition of a Guest say it.
func (s said) into(guest *b2b.Guest, conditionType string) {
	lifecycle.Set(&guest.Status.Conditions, guest.Generation, conditionType, s.status, s.reason, s.message)
}
