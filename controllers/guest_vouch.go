package controllers

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// findSponsors finds those who go with the first invitation. The verdict says that nobody is invited now: the tenant cannot be asked, or
// the policies require that somebody answers for the guest and nobody who is named is there.
func (k *guestKind) findSponsors(ctx context.Context, life *guestLife) *lifecycle.Verdict {
	if len(life.author.Spec.Sponsors) == 0 {
		return nil
	}
	named, err := lookUpSponsors(ctx, life.tenant.Directory, life.author.Spec.Sponsors)
	if err != nil {
		return failureOf(err, "looking for the sponsors", permissionReadUsers)
	}
	life.upkeep.sponsors = there(named)
	optional := life.upkeep.unsponsored.Allowed
	switch {
	case len(life.upkeep.sponsors) == 0 && !optional:
		return k.waitForSponsors(life, problemsOf(named))
	case optional && life.sponsorsBlamed(): // they are added afterwards, one by one
		life.upkeep.sponsors = nil
	}
	return nil
}

// waitForSponsors says that nobody is invited for whom nobody can answer.
func (k *guestKind) waitForSponsors(life *guestLife, problems []sponsorProblem) *lifecycle.Verdict {
	reason, message := complaint(problems)
	after := life.patience(k.Now(), lifecycle.Retry)
	k.reportSponsors(life, metav1.ConditionFalse, reason, message+". "+nameOthers)
	if reason != b2b.ReasonPermissionMissing {
		reason = b2b.ReasonWaitingForGuest
	}
	verdict := lifecycle.Wait(reason, "a GuestPolicy requires that a sponsor is in the tenant before anybody is invited (requireSponsor), and "+
		"none of those named is: "+message+". "+nameOthers, after)
	return &verdict
}

// announcedSponsors is what is recorded together with the announcement of an invitation. The list counts as applied once condition
// SponsorsSet has said what came of it, so that one that is there already must not speak of an earlier user.
func (l *guestLife) announcedSponsors() *sponsorship {
	if len(l.upkeep.sponsors) == 0 {
		return nil
	}
	announced := &sponsorship{AuthorUID: l.author.UID}
	for _, sponsor := range l.upkeep.sponsors {
		announced.Added = append(announced.Added, sponsor.entry())
	}
	if meta.FindStatusCondition(l.guest.Status.Conditions, b2b.ConditionSponsorsSet) == nil {
		announced.Spec, announced.Reason = l.sponsorsSpec(), b2b.ReasonSponsorsSet
	}
	return announced
}

// sponsorRefs are the sponsors that go with the invitation.
func (l *guestLife) sponsorRefs() []directory.SponsorRef {
	refs := make([]directory.SponsorRef, 0, len(l.upkeep.sponsors))
	for _, sponsor := range l.upkeep.sponsors {
		refs = append(refs, sponsor.ref)
	}
	return refs
}

// blamesSponsors reports whether an invitation was not accepted because of the sponsors that went with it.
func (l *guestLife) blamesSponsors(err error) bool {
	return len(l.upkeep.sponsors) > 0 && (directory.HasDetail(err, directory.ReferenceNotReady) ||
		directory.Is(err, directory.Invalid) && strings.Contains(strings.ToLower(describe(err)), "sponsor"))
}

// sponsorsBlamed reports whether the last invitation by the same spec was not accepted because of its sponsors.
func (l *guestLife) sponsorsBlamed() bool {
	last := l.record.last()
	return last != nil && last.Outcome == outcomeNotCarriedOut && last.Reason == b2b.ReasonSponsorNotFound &&
		last.AuthorUID == l.author.UID && last.AuthorGeneration == l.author.Generation
}

// concludeUnsponsored ends an attempt that the directory did not accept because of a sponsor: without them the guest can be invited,
// unless the policies require one.
func (k *guestKind) concludeUnsponsored(ctx context.Context, life *guestLife, err error) *lifecycle.Verdict {
	last := life.record.last()
	last.Reason, last.Message = b2b.ReasonSponsorNotFound, describe(err)
	verdict := lifecycle.LookAgain(lifecycle.Soon)
	if !life.upkeep.unsponsored.Allowed {
		verdict = lifecycle.Wait(b2b.ReasonWaitingForGuest, "Microsoft Entra does not take the sponsors whom a GuestPolicy requires "+
			"(requireSponsor): "+last.Message+". One who has only just been created shows by itself; else name others in spec.sponsors",
			lifecycle.Later)
	}
	return k.conclude(ctx, life, outcomeNotCarriedOut, verdict)
}
