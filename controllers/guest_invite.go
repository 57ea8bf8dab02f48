package controllers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// resendPause is the least time between two resends to one guest.
const resendPause = 24 * time.Hour

// inviteStep is the first invitation of a life: announced, then sent once.
func (k *guestKind) inviteStep(life *guestLife, seen sighting) lifecycle.Step {
	var announced attempt
	return lifecycle.Step{
		Name: "an invitation",
		Await: func(ctx context.Context) (context.Context, func(), *lifecycle.Verdict) {
			turn, end, wait, message := k.awaitInvitation(ctx, life)
			if wait != nil && message != "" {
				*wait = blocked(message, wait.After)
			}
			return turn, end, wait
		},
		Announce: func(ctx context.Context) error {
			announced = k.newAttempt(life, causeFirst, *seen.lookup, seen.readAt)
			if life.newToken() { // the life that this token asked for; the mail is sent once for both
				announced.ResendToken = life.author.Spec.ResendToken
				life.record.Author.ResendToken = life.author.Spec.ResendToken
			}
			life.record.announce(announced)
			life.record.Sponsors = life.announcedSponsors()
			return k.storeAttempt(ctx, life)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			invited, err := life.tenant.Directory.Invite(ctx, invitationOf(life))
			k.mindBreaker(life, err)
			if err != nil {
				return k.concludeFailed(ctx, life, err)
			}
			life.tenant.Mirror.Saw(directory.User{ID: invited.UserID, Mail: life.guest.Spec.EmailAddress})
			life.guest.Status.UserID = invited.UserID
			k.Events.Invited(life.author)
			log.FromContext(ctx).Info("Invited guest", "userID", invited.UserID, "attempt", announced.Number)
			k.Metrics.InvitationSent(string(causeFirst))
			return nil
		},
	}
}

// awaitInvitation waits for the turn to invite. The breaker comes first: a tenant that refuses all invitations keeps no turn from others.
// Message is what such a tenant has said.
func (k *guestKind) awaitInvitation(ctx context.Context, life *guestLife) (turn context.Context, end func(), wait *lifecycle.Verdict, message string) {
	if pause, message := life.tenant.Breaker.Blocked(turnKey(life.guest)); pause > 0 {
		again := lifecycle.LookAgain(pause) // where nothing was said, another invitation goes first
		return nil, nil, &again, message
	}
	turn, end, wait = life.tenant.turn(life.guest, life.author.Namespace, classOf(life.guest), costOfInvitation)(ctx)
	if wait != nil {
		life.tenant.Breaker.Undecided()
		if wait.Outcome == lifecycle.Waiting { // it looks again, and if it still waits it says so
			*wait = lifecycle.LookAgain(shortWait + rand.N(tellWithin)) //nolint:gosec // a spread, not a secret
		}
	}
	return turn, end, wait, ""
}

// newAttempt announces a request that will be over by its deadline. The directory's clock counts, not ours: it sets the user's
// createdDateTime.
func (k *guestKind) newAttempt(life *guestLife, why cause, lookup directory.Lookup, readAt time.Time) attempt {
	elapsed := k.Now().Sub(readAt)
	return attempt{
		GuestUID: life.guest.UID, Cause: why,
		Silent: !life.author.Spec.Message.Wanted(), UserType: life.author.Spec.UserType,
		AuthorUID: life.author.UID, AuthorGeneration: life.author.Generation,
		AbsentSince: lookup.At,
		NotAfter:    lookup.At.Add(elapsed + life.tenant.RequestTimeout).Truncate(time.Second).Add(2 * time.Second),
	}
}

// invitationOf is the author's spec in Graph's words.
func invitationOf(life *guestLife) directory.Invitation {
	spec := life.author.Spec
	redirect := spec.RedirectURL
	if redirect == "" {
		redirect = life.tenant.Spec.RedirectURL
	}
	return directory.Invitation{
		EmailAddress: life.guest.Spec.EmailAddress,
		DisplayName:  spec.DisplayName,
		UserType:     directory.UserType(spec.UserType),
		RedirectURL:  redirect,
		SendMessage:  spec.Message.Wanted(),
		Language:     spec.Message.Language,
		Sponsors:     life.sponsorRefs(),
	}
}

// concludeFailed ends an attempt that did not succeed. What is certain is recorded; what is not stays open.
func (k *guestKind) concludeFailed(ctx context.Context, life *guestLife, err error) *lifecycle.Verdict {
	switch {
	case directory.Is(err, directory.OutcomeUnknown):
		return failureOf(err, "inviting the guest", permissionInvite)
	case life.blamesSponsors(err):
		return k.concludeUnsponsored(ctx, life, err)
	}
	if !directory.Is(err, directory.Invalid) {
		return k.conclude(ctx, life, outcomeNotCarriedOut, k.notCarriedOut(err))
	}
	var refused *directory.Error
	if errors.As(err, &refused) && refused.UserID != "" {
		if verdict, known := k.adoptNamed(ctx, life, refused.UserID); known {
			return k.conclude(ctx, life, outcomeNotCarriedOut, verdict)
		}
	}
	verdict := refusal(err)
	last := life.record.last()
	last.Reason, last.Message = verdict.Reason, verdict.Message
	return k.conclude(ctx, life, outcomeRefused, verdict)
}

// conclude records the outcome of the latest attempt.
func (k *guestKind) conclude(ctx context.Context, life *guestLife, what outcome, verdict lifecycle.Verdict) *lifecycle.Verdict {
	userID := life.guest.Status.UserID
	life.record.last().Outcome = what
	if err := k.storeLife(ctx, life); err != nil {
		// The attempt stays open and is looked into as one whose answer was lost: slower, and as safe.
		log.FromContext(ctx).Error(err, "Recording the outcome of an invitation failed", "guest", life.guest.Name)
		again := lifecycle.LookAgain(lifecycle.Soon)
		return &again
	}
	if userID != "" {
		life.guest.Status.UserID = userID
	}
	return &verdict
}

// storeAttempt stores an announced attempt. Where that fails, the attempt is not made, and another invitation may go first.
func (k *guestKind) storeAttempt(ctx context.Context, life *guestLife) error {
	err := k.storeLife(ctx, life)
	if err != nil {
		life.tenant.Breaker.Undecided()
	}
	return err
}

// mindBreaker lets an attempt decide about the others: a refusal that concerns the whole tenant stops all invitations of it.
func (k *guestKind) mindBreaker(life *guestLife, err error) {
	switch {
	case err == nil:
		life.tenant.Breaker.Close()
	case directory.HasDetail(err, directory.InvitationsNotAllowed):
		life.tenant.Breaker.Open(describe(err))
	default:
		life.tenant.Breaker.Undecided()
	}
}

// notCarriedOut is the verdict on an invitation that the directory did nothing about.
func (k *guestKind) notCarriedOut(err error) lifecycle.Verdict {
	if directory.HasDetail(err, directory.InvitationsNotAllowed) {
		return blocked(describe(err), breakerPause)
	}
	return failure(err, "inviting the guest", permissionInvite)
}

func blocked(message string, pause time.Duration) lifecycle.Verdict {
	return lifecycle.Wait(b2b.ReasonInvitationsBlocked, fmt.Sprintf("the tenant refuses all invitations: %s. Check the external "+
		"collaboration settings of the tenant; if Microsoft has blocked it, only its support can lift that", message), pause)
}

// adoptNamed takes the user that the refusal names, where that is a guest after all: the address is an alias that the lookup
// could not know.
func (k *guestKind) adoptNamed(ctx context.Context, life *guestLife, userID string) (lifecycle.Verdict, bool) {
	user, err := life.tenant.Directory.GetUser(ctx, userID)
	if err != nil || !user.External() {
		return lifecycle.Verdict{}, false
	}
	life.tenant.Mirror.Saw(user)
	life.guest.Status.UserID = userID
	return lifecycle.LookAgain(time.Millisecond), true
}

// refusal is the verdict on an invitation that the directory does not accept as it is.
func refusal(err error) lifecycle.Verdict {
	switch {
	case directory.HasDetail(err, directory.AddressInVerifiedDomain):
		return lifecycle.Stall(b2b.ReasonAddressIsInternal, "the domain of the address is a verified domain of the tenant: "+
			"its users need no invitation")
	case directory.HasDetail(err, directory.UserExists), directory.HasDetail(err, directory.UserExistsDisabled):
		return lifecycle.Stall(b2b.ReasonAddressIsInternal, "a user of the tenant itself has this address and needs no invitation: "+describe(err))
	case directory.HasDetail(err, directory.AddressRefused):
		return lifecycle.Stall(b2b.ReasonInvalidAddress, "Microsoft Entra does not accept the address: "+describe(err)+
			". Create the object anew with the right one")
	}
	return lifecycle.Stall(b2b.ReasonInvitationRefused, "Microsoft Entra refused the invitation: "+describe(err)+
		". It is tried again when the spec changes")
}

// decideResend heeds a new resend token of the author: nil where there is none, or where it has to wait.
func (k *guestKind) decideResend(life *guestLife, user directory.User) *lifecycle.Decision {
	if !life.newToken() || partial(user) {
		return nil
	}
	token := life.author.Spec.ResendToken
	accepted := user.ExternalUserState != directory.PendingAcceptance
	if token == "" || accepted || life.record.resend(token) != nil {
		decision := lifecycle.Do(k.heedToken(life, accepted))
		return &decision
	}
	if pause := k.untilResend(life); pause > 0 {
		return nil
	}
	decision := lifecycle.Do(k.resendStep(life, user))
	return &decision
}

// untilResend is how long the next resend has to wait, 0 or less where it need not.
func (k *guestKind) untilResend(life *guestLife) time.Duration {
	last := life.record.lastResend()
	if last.IsZero() {
		return 0
	}
	return last.Add(resendPause).Sub(k.Now())
}

// heedToken records a token that asks for nothing more.
func (k *guestKind) heedToken(life *guestLife, accepted bool) lifecycle.Step {
	return lifecycle.Step{Name: "a resend token", Announce: func(ctx context.Context) error {
		life.record.Author.ResendToken = life.author.Spec.ResendToken
		if accepted {
			life.record.Author.Declined = life.author.Spec.ResendToken
		}
		return k.storeLife(ctx, life)
	}}
}

// resendStep sends the invitation once more. The token counts as heeded from the announcement on: when the answer is lost, it
// is not repeated.
func (k *guestKind) resendStep(life *guestLife, user directory.User) lifecycle.Step {
	previous := life.record.Author.ResendToken
	return lifecycle.Step{
		Name: "another invitation",
		Await: func(ctx context.Context) (context.Context, func(), *lifecycle.Verdict) {
			turn, end, wait, _ := k.awaitInvitation(ctx, life)
			if wait != nil {
				*wait = k.standing(life, user).Within(wait.After)
			}
			return turn, end, wait
		},
		Announce: func(ctx context.Context) error {
			now := k.Now()
			next := k.newAttempt(life, causeResend, directory.Lookup{At: now.UTC().Truncate(time.Second)}, now)
			next.ResendToken = life.author.Spec.ResendToken
			life.record.Author.ResendToken = next.ResendToken
			life.record.announce(next)
			return k.storeAttempt(ctx, life)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			_, err := life.tenant.Directory.Invite(ctx, invitationOf(life))
			k.mindBreaker(life, err)
			again := lifecycle.LookAgain(time.Millisecond)
			switch {
			case err == nil:
				k.Events.Resent(life.author)
				log.FromContext(ctx).Info("Sent invitation again", "userID", user.ID)
				k.Metrics.InvitationSent(string(causeResend))
				return k.conclude(ctx, life, outcomeSent, again)
			case directory.Is(err, directory.OutcomeUnknown):
				return &again
			case directory.Is(err, directory.Invalid):
				last := life.record.last()
				last.Reason, last.Message = b2b.ReasonInvitationRefused, describe(err)
				return k.conclude(ctx, life, outcomeRefused, again)
			}
			life.record.Author.ResendToken = previous // nothing was carried out: the token asks again
			return k.conclude(ctx, life, outcomeNotCarriedOut, lifecycle.LookAgain(k.notCarriedOut(err).After))
		},
	}
}
