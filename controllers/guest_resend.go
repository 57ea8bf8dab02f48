package controllers

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// resendPause is the least time between two resends to one guest.
const resendPause = 24 * time.Hour

// decideResend heeds a new resend token of the author: nil where there is none, or where it has to wait.
func (k *guestKind) decideResend(life *guestLife, user directory.User) *lifecycle.Decision {
	if !life.newToken() || partial(user) {
		return nil
	}
	token := life.author.Spec.ResendToken
	accepted := !pending(user)
	if token == "" || accepted || life.record.resend(token) != nil {
		decision := lifecycle.Do(k.heedToken(life, accepted))
		return &decision
	}
	if !life.reachesSomebody() || k.untilResend(life) > 0 || k.untilAgain(life) > 0 {
		return nil
	}
	decision := lifecycle.Do(k.anotherStep(life, user, k.resend(life)))
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

// reachesSomebody reports whether another invitation of the author has an effect: a mail goes out, or the link goes into a Secret.
func (l *guestLife) reachesSomebody() bool {
	return l.author.Spec.Message.Wanted() || l.author.Spec.RedeemURLSecretRef != nil
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

// resend is the invitation that a resend token asks for. The token counts as heeded from the announcement on: when the answer is
// lost, it is not repeated.
func (k *guestKind) resend(life *guestLife) another {
	previous := life.record.Author.ResendToken
	return another{
		name: "another invitation", cause: causeResend,
		announce: func(next *attempt) {
			next.ResendToken = life.author.Spec.ResendToken
			life.record.Author.ResendToken = next.ResendToken
		},
		undo: func() { life.record.Author.ResendToken = previous },
		tell: func() { k.Events.Resent(life.author, life.author.Spec.Message.Wanted()) },
	}
}

// reportResend says what came of the latest resend token.
func (k *guestKind) reportResend(life *guestLife) {
	if life.record.Author == nil {
		return
	}
	guest := life.guest
	if life.newToken() {
		if waits := k.resendWaits(life); waits != (said{}) {
			waits.into(guest, b2b.ConditionResent)
			return
		}
	}
	token := life.record.Author.ResendToken
	made := life.record.resend(token)
	switch {
	case token != "" && token == life.record.Author.Declined:
		isFalse(b2b.ReasonAlreadyAccepted, "the guest has redeemed the invitation, so that it is not sent again").into(guest, b2b.ConditionResent)
	case made == nil:
		meta.RemoveStatusCondition(&guest.Status.Conditions, b2b.ConditionResent)
	default:
		made.resent(guest.Status.UserID != "").into(guest, b2b.ConditionResent)
	}
}

// resendWaits says why a new token has not been heeded yet; nothing where it will be in a moment.
func (k *guestKind) resendWaits(life *guestLife) said {
	token, last := life.author.Spec.ResendToken, life.record.last()
	switch {
	case !life.reachesSomebody():
		return isFalse(b2b.ReasonNothingToSend, "message.send is false and there is no redeemURLSecretRef: another invitation would reach nobody. "+
			"Set one of them; the token is heeded then")
	case k.untilResend(life) > 0:
		return isFalse(b2b.ReasonTooSoon, fmt.Sprintf("the invitation for resendToken %q is sent at %s: at most one in 24 hours",
			token, life.record.lastResend().Add(resendPause).UTC().Format(time.RFC3339)))
	case last != nil && last.Outcome == outcomeNotCarriedOut && last.ResendToken == token:
		return isFalse(last.Reason, fmt.Sprintf("the invitation for resendToken %q could not be sent and is tried again: %s", token, last.Message))
	}
	return said{}
}

// resent says what came of an attempt that a token asked for. A first one that asked for a new life was sent if there is a user.
func (a *attempt) resent(userKnown bool) said {
	what := "the invitation was sent again"
	if a.Silent {
		what = "a new link was made, without a mail,"
	}
	switch {
	case a.Outcome == outcomeSent, a.Cause == causeFirst && userKnown:
		return said{metav1.ConditionTrue, b2b.ReasonSent, fmt.Sprintf("%s for resendToken %q at %s",
			what, a.ResendToken, a.AbsentSince.UTC().Format(time.RFC3339))}
	case a.Outcome == outcomeRefused:
		return isFalse(b2b.ReasonInvitationRefused, "Microsoft Entra refused to send the invitation again: "+a.Message)
	case a.Silent:
		return isFalse(b2b.ReasonOutcomeUnknown, fmt.Sprintf("the answer to the invitation for resendToken %q was lost: condition %s tells "+
			"what has become of the link", a.ResendToken, b2b.ConditionRedeemLinkStored))
	}
	return isFalse(b2b.ReasonOutcomeUnknown, fmt.Sprintf("the answer to the invitation for resendToken %q was lost: it may or may not have "+
		"been sent, and is not repeated. Set another resendToken if the guest has no mail", a.ResendToken))
}
