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
			if last := life.record.last(); last != nil {
				announced.ResendToken = last.ResendToken // of an attempt that came to nothing
			}
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
			k.holdLink(life, invited)
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
		GuestUID: life.guest.UID, Cause: why, Reminder: life.record.reminders(),
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
		EmailAddress:  life.guest.Spec.EmailAddress,
		DisplayName:   spec.DisplayName,
		UserType:      directory.UserType(spec.UserType),
		RedirectURL:   redirect,
		SendMessage:   spec.Message.Wanted(),
		Language:      spec.Message.Language,
		Body:          spec.Message.Body,
		CcRecipients:  spec.Message.CcRecipients,
		Sponsors:      life.sponsorRefs(),
		WantRedeemURL: spec.RedeemURLSecretRef != nil,
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
		return k.conclude(ctx, life, outcomeNotCarriedOut, k.notCarriedOut(life, err))
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

// storeAttempt stores an announced attempt, and with it the Secret that its link is for. Where that fails, the attempt is not made, and
// another invitation may go first.
func (k *guestKind) storeAttempt(ctx context.Context, life *guestLife) error {
	life.announceLink()
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
func (k *guestKind) notCarriedOut(life *guestLife, err error) lifecycle.Verdict {
	switch {
	case directory.HasDetail(err, directory.InvitationsNotAllowed):
		return blocked(describe(err), breakerPause)
	case directory.Is(err, directory.Denied) && life.author.Spec.UserType == b2b.UserTypeMember:
		return memberDenied(err)
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
