package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// guestThat is a Guest of this state and origin that says the verdict of itself.
func guestThat(v lifecycle.Verdict, state b2b.GuestState, origin b2b.GuestOrigin) *b2b.Guest {
	guest := &b2b.Guest{ObjectMeta: metav1.ObjectMeta{Name: "default.ada"}, Status: b2b.GuestStatus{State: state, Origin: origin, UserID: "ada"}}
	lifecycle.Apply(&guest.Status.Conditions, v, 1)
	return guest
}

func TestAnInvitationStandsAsItsGuestDoes(t *testing.T) {
	const pending, accepted, invited, adopted = b2b.GuestStatePending, b2b.GuestStateAccepted, b2b.GuestOriginInvited, b2b.GuestOriginAdopted
	is := lifecycle.IsReady
	patient := b2b.GuestInvitationSpec{ReadyWhen: b2b.MilestoneAccepted}
	never := b2b.GuestInvitationSpec{AdoptionPolicy: b2b.AdoptionPolicyNever}
	both := b2b.GuestInvitationSpec{AdoptionPolicy: b2b.AdoptionPolicyNever, ReadyWhen: b2b.MilestoneAccepted}
	notFound := guestThat(lifecycle.Wait(b2b.ReasonOutcomeUnknown, "m", 0), "", "")
	notFound.Status.UserID = ""
	cases := map[string]struct {
		spec    b2b.GuestInvitationSpec
		guest   *b2b.Guest
		outcome lifecycle.Outcome
		reason  string
	}{
		"a Guest that has said nothing yet": {b2b.GuestInvitationSpec{}, &b2b.Guest{}, lifecycle.Unchanged, ""},
		"a Guest that is released": {b2b.GuestInvitationSpec{},
			guestThat(is(b2b.ReasonReleased, "m"), b2b.GuestStateReleased, invited), lifecycle.Unchanged, ""},
		"invited":  {b2b.GuestInvitationSpec{}, guestThat(is(b2b.ReasonInvited, "m"), pending, invited), lifecycle.Ready, b2b.ReasonInvited},
		"accepted": {b2b.GuestInvitationSpec{}, guestThat(is(b2b.ReasonAccepted, "m"), accepted, invited), lifecycle.Ready, b2b.ReasonAccepted},
		"adopted":  {b2b.GuestInvitationSpec{}, guestThat(is(b2b.ReasonAdopted, "m"), pending, adopted), lifecycle.Ready, b2b.ReasonAdopted},
		"waiting": {b2b.GuestInvitationSpec{},
			guestThat(lifecycle.Wait(b2b.ReasonThrottled, "m", 0), pending, invited), lifecycle.Waiting, b2b.ReasonThrottled},
		"gone": {b2b.GuestInvitationSpec{},
			guestThat(lifecycle.Stall(b2b.ReasonGuestGone, "m"), b2b.GuestStateGone, invited), lifecycle.Stalled, b2b.ReasonGuestGone},
		"adopted against adoptionPolicy Never": {never,
			guestThat(is(b2b.ReasonAdopted, "m"), accepted, adopted), lifecycle.Stalled, b2b.ReasonAlreadyAGuest},
		"signed up against adoptionPolicy Never": {never,
			guestThat(is(b2b.ReasonAdopted, "m"), accepted, b2b.GuestOriginSelfServiceSignUp), lifecycle.Stalled, b2b.ReasonAlreadyAGuest},
		"invited under adoptionPolicy Never":      {never, guestThat(is(b2b.ReasonInvited, "m"), pending, invited), lifecycle.Ready, b2b.ReasonInvited},
		"nobody found under adoptionPolicy Never": {never, notFound, lifecycle.Waiting, b2b.ReasonOutcomeUnknown},
		"a person's decision before adoptionPolicy Never": {never,
			guestThat(lifecycle.Stall(b2b.ReasonGuestDisabled, "m"), pending, adopted), lifecycle.Stalled, b2b.ReasonGuestDisabled},
		"pending, and readyWhen Accepted": {patient,
			guestThat(is(b2b.ReasonInvited, "m"), pending, invited), lifecycle.Waiting, b2b.ReasonWaitingForAcceptance},
		"adopted and pending, and readyWhen Accepted": {patient,
			guestThat(is(b2b.ReasonAdopted, "m"), pending, adopted), lifecycle.Waiting, b2b.ReasonWaitingForAcceptance},
		"accepted, and readyWhen Accepted": {patient,
			guestThat(is(b2b.ReasonAccepted, "m"), accepted, invited), lifecycle.Ready, b2b.ReasonAccepted},
		"adopted, accepted, and readyWhen Accepted": {patient,
			guestThat(is(b2b.ReasonAdopted, "m"), accepted, adopted), lifecycle.Ready, b2b.ReasonAdopted},
		"adoptionPolicy Never before readyWhen": {both,
			guestThat(is(b2b.ReasonAdopted, "m"), pending, adopted), lifecycle.Stalled, b2b.ReasonAlreadyAGuest},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, v := NewWithT(t), standingOf(&b2b.GuestInvitation{Spec: c.spec}, c.guest)
			g.Expect(v.Outcome).To(Equal(c.outcome))
			g.Expect(v.Reason).To(Equal(c.reason))
		})
	}
}

func TestTheStateOfTheGuestIsMirroredAndGoesWithIt(t *testing.T) {
	g, invitation := NewWithT(t), &b2b.GuestInvitation{}
	guest := guestThat(lifecycle.IsReady(b2b.ReasonAccepted, "m"), b2b.GuestStateAccepted, b2b.GuestOriginInvited)
	guest.Status.ExternalUserState, guest.Status.InvitationsSent, guest.Status.UserPrincipalName = b2b.ExternalUserStateAccepted, 2, "upn"
	mirrorGuest(invitation, guest)
	g.Expect(invitation.Status.GuestRef.Name).To(Equal("default.ada"))
	g.Expect(invitation.Status.UserID).To(Equal("ada"))
	g.Expect(invitation.Status.UserPrincipalName).To(Equal("upn"))
	g.Expect(invitation.Status.ExternalUserState).To(Equal(b2b.ExternalUserStateAccepted))
	g.Expect(invitation.Status.InvitationsSent).To(BeEquivalentTo(2))
	g.Expect(meta.IsStatusConditionTrue(invitation.Status.Conditions, b2b.ConditionAccepted)).To(BeTrue())

	guest.Status.State = b2b.GuestStateReleased
	mirrorGuest(invitation, guest)
	g.Expect(invitation.Status.GuestRef.Name).To(Equal("default.ada"))
	g.Expect(invitation.Status.UserID).To(BeEmpty(), "the user of the life before is nobody's")

	mirrorGuest(invitation, nil)
	g.Expect(invitation.Status.GuestRef).To(BeNil())
}

func TestTheInvitedConditionSaysWhyNobodyIsInvited(t *testing.T) {
	for _, reason := range []string{b2b.ReasonGuestGone, b2b.ReasonAlreadyAGuest, b2b.ReasonAddressIsInternal} {
		g, invitation := NewWithT(t), &b2b.GuestInvitation{}
		mirrorGuest(invitation, guestThat(lifecycle.IsReady(b2b.ReasonInvited, "m"), b2b.GuestStatePending, b2b.GuestOriginInvited))
		reportMilestones(invitation, lifecycle.IsReady(b2b.ReasonInvited, "m"))
		g.Expect(meta.IsStatusConditionTrue(invitation.Status.Conditions, b2b.ConditionInvited)).To(BeTrue())
		g.Expect(meta.IsStatusConditionFalse(invitation.Status.Conditions, b2b.ConditionAccepted)).To(BeTrue())

		reportMilestones(invitation, lifecycle.Stall(reason, "m"))
		invited := meta.FindStatusCondition(invitation.Status.Conditions, b2b.ConditionInvited)
		g.Expect(invited.Status).To(Equal(metav1.ConditionFalse))
		g.Expect(invited.Reason).To(Equal(reason))
		g.Expect(meta.FindStatusCondition(invitation.Status.Conditions, b2b.ConditionAccepted)).To(BeNil())
	}
}
