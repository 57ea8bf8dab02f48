package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// lifeOf is a Guest "ours" with these attempts, and with an author whose resend token has been heeded.
func lifeOf(attempts ...attempt) *guestLife {
	return &guestLife{
		guest:  &b2b.Guest{ObjectMeta: metav1.ObjectMeta{Name: "default.ada", UID: "ours", Generation: 2}},
		record: &record{Attempts: attempts, Author: &author{UID: "author", ResendToken: "1"}},
		author: &b2b.GuestInvitation{ObjectMeta: metav1.ObjectMeta{UID: "author"}, Spec: b2b.GuestInvitationSpec{ResendToken: "1"}},
	}
}

func kindAt(now time.Time) *guestKind {
	return &guestKind{Dependencies: Dependencies{Now: func() time.Time { return now }, ReplicationWindow: window}}
}

// named is a user whom the directory shows with everything.
func named(created time.Time, state directory.ExternalUserState) directory.User {
	return directory.User{ID: "ada", UserPrincipalName: "ada_partner.example#EXT#@contoso.example", CreatedDateTime: created, ExternalUserState: state}
}

func TestTheOriginOfAUserIsToldByTheRecordAndNotByTheState(t *testing.T) {
	signedUp := named(noon.Add(-time.Hour), "")
	signedUp.CreationType = directory.CreationTypeSelfServiceSignUp
	cases := map[string]struct {
		life *guestLife
		user directory.User
		want b2b.GuestOrigin
	}{
		"made by an attempt":               {lifeOf(first("")), named(noon, directory.PendingAcceptance), b2b.GuestOriginInvited},
		"there before":                     {lifeOf(first("")), named(noon.Add(-time.Hour), directory.PendingAcceptance), b2b.GuestOriginAdopted},
		"never invited by us":              {lifeOf(), named(noon, directory.Accepted), b2b.GuestOriginAdopted},
		"signed up":                        {lifeOf(), signedUp, b2b.GuestOriginSelfServiceSignUp},
		"only the id, after an attempt":    {lifeOf(first("")), directory.User{ID: "ada"}, b2b.GuestOriginInvited},
		"only the id, after a refusal":     {lifeOf(first(outcomeRefused)), directory.User{ID: "ada"}, b2b.GuestOriginAdopted},
		"only the id, without any attempt": {lifeOf(), directory.User{ID: "ada"}, b2b.GuestOriginAdopted},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(c.life.origin(c.user)).To(Equal(c.want))
		})
	}
}

func TestAGuestWhoIsThereIsReadyForTheReasonThatFits(t *testing.T) {
	cases := map[string]struct {
		life *guestLife
		user directory.User
		want string
	}{
		"pending":                         {lifeOf(first("")), named(noon, directory.PendingAcceptance), b2b.ReasonInvited},
		"accepted":                        {lifeOf(first("")), named(noon, directory.Accepted), b2b.ReasonAccepted},
		"only the id":                     {lifeOf(first("")), directory.User{ID: "ada"}, b2b.ReasonInvited},
		"adopted":                         {lifeOf(), named(noon, directory.PendingAcceptance), b2b.ReasonAdopted},
		"adopted after they had accepted": {lifeOf(), named(noon, directory.Accepted), b2b.ReasonAdopted},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, v := NewWithT(t), kindAt(noon).standing(c.life, c.user)
			g.Expect(v.Outcome).To(Equal(lifecycle.Ready))
			g.Expect(v.Reason).To(Equal(c.want))
			g.Expect(v.After).To(BeZero(), "what changes wakes the Guest")
		})
	}
}

func TestWhatTheDirectoryShowsIsPutIntoTheStatus(t *testing.T) {
	g, life := NewWithT(t), lifeOf(first(outcomeSent), resent("2", ""))
	user := named(noon.Add(time.Second), directory.Accepted)
	user.ExternalUserStateChangeDateTime = noon.Add(time.Hour)
	observed(life, sighting{user: &user})
	created, redeemed := metav1.NewTime(noon.Add(time.Second)), metav1.NewTime(noon.Add(time.Hour))
	g.Expect(life.guest.Status).To(Equal(b2b.GuestStatus{
		State: b2b.GuestStateAccepted, Origin: b2b.GuestOriginInvited, UserID: "ada", UserPrincipalName: user.UserPrincipalName,
		ExternalUserState: b2b.ExternalUserStateAccepted, InvitedTime: &created, AcceptedTime: &redeemed, InvitationsSent: 2,
	}))

	user.ExternalUserState = directory.PendingAcceptance // an administrator has reset the redemption
	observed(life, sighting{user: &user})
	g.Expect(life.guest.Status.State).To(Equal(b2b.GuestStatePending))
	g.Expect(life.guest.Status.AcceptedTime).To(BeNil())

	observed(life, sighting{gone: &user})
	g.Expect(life.guest.Status.State).To(Equal(b2b.GuestStateGone))
	g.Expect(life.guest.Status.UserID).To(Equal("ada"))
	g.Expect(life.guest.Status.ExternalUserState).To(BeEmpty())
}

func TestRightAfterTheInvitationTheAnnouncementTellsWhen(t *testing.T) {
	g, life := NewWithT(t), lifeOf(first(""))
	observed(life, sighting{user: &directory.User{ID: "ada"}})
	g.Expect(life.guest.Status.State).To(Equal(b2b.GuestStatePending))
	g.Expect(life.guest.Status.Origin).To(Equal(b2b.GuestOriginInvited))
	g.Expect(life.guest.Status.InvitedTime.Time).To(BeTemporally("==", noon))
	g.Expect(life.guest.Status.ExternalUserState).To(BeEmpty())
}

func TestANewLifeShowsNothingOfTheUserOfTheOldOne(t *testing.T) {
	g, life := NewWithT(t), lifeOf(first(outcomeSent))
	user := named(noon, directory.Accepted)
	observed(life, sighting{user: &user})
	life.record.Excused = []string{"ada"}
	observed(life, sighting{})
	g.Expect(life.guest.Status).To(Equal(b2b.GuestStatus{InvitationsSent: 1}))
}

func TestOnlyTheStatesThatGraphDocumentsReachTheStatus(t *testing.T) {
	g := NewWithT(t)
	for state, want := range map[directory.ExternalUserState]b2b.ExternalUserState{
		directory.Accepted: b2b.ExternalUserStateAccepted, directory.PendingAcceptance: b2b.ExternalUserStatePendingAcceptance,
		"": "", "Pending Acceptance": "", "SomethingNew": "",
	} {
		g.Expect(externalUserState(directory.User{ExternalUserState: state})).To(Equal(want))
	}
}
