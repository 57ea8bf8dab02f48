package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// linkGlance is how often the operator looks whether a Secret with a link is still there: it may not watch the Secrets of teams.
const linkGlance = lifecycle.Later

// roleRedeemSecrets is the ClusterRole that lets the operator write Secrets, in the namespaces where it is bound.
const roleRedeemSecrets = "entra-guests-redeem-secrets" //nolint:gosec // the name of a role

// heldLink is a link between the answer that brought it and the Secret that it is for. It is in memory only: one that is lost is made anew.
type heldLink struct {
	attempt int
	link    directory.Secret
}

// holdLink keeps the link of the latest attempt, where the author wants it.
func (k *guestKind) holdLink(life *guestLife, invited directory.Invited) {
	if life.wantedLink() != nil && invited.RedeemURL.Reveal() != "" {
		k.links.set(life.guest.UID, heldLink{attempt: life.record.last().Number, link: invited.RedeemURL})
	}
}

// decideLink sees to it that the link of the latest invitation is in the Secret that the author names, as long as the guest has not
// redeemed, and says how that stands. It gives the next step, or without one when to look again.
func (k *guestKind) decideLink(ctx context.Context, life *guestLife, user directory.User) (*lifecycle.Decision, time.Duration) {
	redeemed := !pending(user) && !partial(user)
	if step := k.dropLinks(ctx, life, redeemed); step != nil {
		decision := lifecycle.Do(*step)
		return &decision, 0
	}
	switch {
	case redeemed, life.author != nil && life.wantedLink() == nil:
		k.forgetLink(life)
		return nil, 0
	case life.author == nil: // what was said and stored stays until somebody decides
		return nil, 0
	}
	step, tells, look := k.linkStands(ctx, life, user)
	if step != nil {
		decision := lifecycle.Do(*step)
		return &decision, 0
	}
	tells.into(life.guest, b2b.ConditionRedeemLinkStored)
	return nil, look
}

// linkStands looks where the link of the author is, and gives what to do about it, or what to say and when to look again.
func (k *guestKind) linkStands(ctx context.Context, life *guestLife, user directory.User) (*lifecycle.Step, said, time.Duration) {
	wanted, latest := life.wantedLink(), life.record.latest()
	secret, err := k.Secrets.get(ctx, wanted.Namespace, wanted.Name)
	held, holding := k.links.get(life.guest.UID)
	switch {
	case err != nil:
		tells, look := k.secretRefused(wanted, err, directory.Secret{})
		return nil, tells, look
	case secret != nil && !holdsLinkFor(wanted.Owner, secret):
		return nil, isFalse(b2b.ReasonSecretNotOurs, fmt.Sprintf("Secret %q is there already and does not belong to this object: delete it, or "+
			"name another one", wanted.Name)), linkGlance
	case latest == nil || latest.AuthorUID != wanted.Owner:
		return nil, isFalse(b2b.ReasonLinkNotOurs, "the latest link was made for another invitation, or for whoever invited the guest by hand, and "+
			"a new one would put an end to it. Set a new spec.resendToken to have one made"), 0
	case secret != nil && secret.Annotations[b2b.AttemptAnnotation] == life.nameOf(latest) && len(secret.Data[b2b.RedeemURLKey]) > 0:
		k.links.remove(life.guest.UID)
		return nil, said{metav1.ConditionTrue, b2b.ReasonStored, fmt.Sprintf("the link is in Secret %q, under the key %s",
			wanted.Name, b2b.RedeemURLKey)}, linkGlance
	case holding && held.attempt == latest.Number:
		return new(k.storeLinkStep(life, user, secret, held.link)), said{}, 0
	}
	if tells, look := k.lostLinkWaits(life, latest); tells != (said{}) {
		return nil, tells, look
	}
	return new(k.anotherStep(life, user, k.newLink(life))), said{}, 0
}

// lostLinkWaits says why a link that was lost is not made anew now; nothing where it may be.
func (k *guestKind) lostLinkWaits(life *guestLife, latest *attempt) (said, time.Duration) {
	last := life.record.last()
	if refused := life.refused(); refused != nil && refused.Cause == causeLink {
		return isFalse(b2b.ReasonInvitationRefused, "Microsoft Entra refused to make another link: "+refused.Message+
			". It is tried again when the spec changes"), 0
	}
	if rest := k.untilAgain(life); rest > 0 {
		return isFalse(last.Reason, "the link could not be made anew and is tried again: "+last.Message), rest
	}
	// The request without an answer may be under way still, and put an end to the link of one that overtakes it.
	if rest := latest.NotAfter.Sub(k.Now()); latest.Outcome == "" && rest > 0 {
		return isFalse(b2b.ReasonOutcomeUnknown, "the answer with the link was lost; another one is made in a moment, without a mail"),
			min(rest, life.tenant.RequestTimeout)
	}
	return said{}, 0
}

// newLink makes a link anew, without a mail.
func (k *guestKind) newLink(life *guestLife) another {
	return another{
		name: "a new link", cause: causeLink,
		announce: func(next *attempt) { next.Silent = true },
		undo:     func() {},
		tell:     func() { k.Events.LinkMade(life.author) },
	}
}

// storeLinkStep writes the link into its Secret. What is in the way is said in the condition, and the link is held for the next try.
func (k *guestKind) storeLinkStep(life *guestLife, user directory.User, existing *corev1.Secret, link directory.Secret) lifecycle.Step {
	return lifecycle.Step{Name: "the Secret with the link", Act: func(ctx context.Context) *lifecycle.Verdict {
		err := k.Secrets.put(ctx, existing, newLinkSecret(life.author, life.nameOf(life.record.latest()), link))
		if err == nil {
			return nil
		}
		tells, look := k.secretRefused(life.wantedLink(), err, link)
		tells.into(life.guest, b2b.ConditionRedeemLinkStored)
		verdict := k.standing(life, user).Within(look)
		return &verdict
	}}
}

// secretRefused says what keeps a Secret from being read or written, and when to try again.
func (k *guestKind) secretRefused(wanted *linkSecret, err error, link directory.Secret) (said, time.Duration) {
	text := withoutLink(err, link)
	switch {
	case apierrors.IsForbidden(err):
		return isFalse(b2b.ReasonSecretForbidden, fmt.Sprintf("the API server does not let the operator store the link in Secret %q: have the "+
			"platform team bind ClusterRole %s in namespace %s to the operator's service account, which is in namespace %s: %s",
			wanted.Name, roleRedeemSecrets, wanted.Namespace, k.OperatorNamespace, text)), lifecycle.Later
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return isFalse(b2b.ReasonSecretNotWritten, "the Secret has just been changed by somebody else; trying again"), lifecycle.Soon
	}
	return isFalse(b2b.ReasonSecretNotWritten, fmt.Sprintf("Secret %q could not be read or written and is tried again: %s", wanted.Name, text)),
		lifecycle.Retry
}

// forgetLink says nothing about a link any more.
func (k *guestKind) forgetLink(life *guestLife) {
	k.links.remove(life.guest.UID)
	meta.RemoveStatusCondition(&life.guest.Status.Conditions, b2b.ConditionRedeemLinkStored)
}
