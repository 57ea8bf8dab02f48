package controllers

import (
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestGuestsWhoWereThereBeforeAreAdoptedAndNeverWrittenTo(t *testing.T) {
	o := startScenario(t)
	o.givenPending("pending@partner.example")
	o.tenant.AddGuest("accepted@partner.example", "")
	o.givenPending("self.service@partner.example", func(u *graphsim.User) {
		u.CreationType, u.ExternalUserState = "SelfServiceSignUp", ""
	})
	o.givenPending("other@partner.example", func(u *graphsim.User) {
		u.OtherMails = append(u.OtherMails, "alias@partner.example")
	})
	o.givenConnectedTenant()
	adopted := map[string]*b2b.GuestInvitation{
		"pending@partner.example":      o.givenInvitation(o.team, "pending", "Pending@partner.example"),
		"accepted@partner.example":     o.givenInvitation(o.team, "accepted", "accepted@partner.example"),
		"self.service@partner.example": o.givenInvitation(o.team, "self-service", "self.service@partner.example"),
		"alias@partner.example":        o.givenInvitation(o.team, "alias", "alias@partner.example"),
	}
	for address, invitation := range adopted {
		o.expectReady(invitation, b2b.ReasonAdopted)
		o.Expect(invitation.Status.UserID).To(Equal(o.userID(address)))
	}
	o.Expect(adopted["self.service@partner.example"].Status.ExternalUserState).To(BeEmpty())
	o.Expect(o.guest("self.service@partner.example").Status.Origin).To(Equal(b2b.GuestOriginSelfServiceSignUp))
	o.Expect(o.guest("accepted@partner.example").Status.Origin).To(Equal(b2b.GuestOriginAdopted))

	for address, invitation := range adopted {
		o.delete(invitation)
		o.expectNoObject(invitation)
		guest := o.expectReleased(address)
		o.expectEvent(guest, "Retained", "did not create")
	}
	for address := range adopted {
		o.expectUser(address)
	}
	o.Expect(o.writes()).To(BeEmpty())
}

func TestAnInvitationWithAdoptionPolicyNeverRefusesAGuestWhoWasThereBefore(t *testing.T) {
	o := startScenario(t)
	o.tenant.AddGuest("ada@partner.example", "")
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", func(i *b2b.GuestInvitation) {
		i.Spec.AdoptionPolicy = b2b.AdoptionPolicyNever
	})
	o.expectStalled(ada, b2b.ReasonAlreadyAGuest)
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectWaiting(membership, b2b.ReasonWaitingForInvitation)
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.AdoptionPolicy = b2b.AdoptionPolicyAdopt })
	o.expectReady(ada, b2b.ReasonAdopted)
	o.expectReady(membership, b2b.ReasonGranted)
	o.expectMails("ada@partner.example", 0)
}

func TestEmployeesAreNotInvited(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.tenant.AddUser(graphsim.User{DisplayName: "Employee", Mail: "employee@brand.example"})
	employee := o.givenInvitation(o.team, "employee", "employee@brand.example")
	unknown := o.givenInvitation(o.team, "unknown", "nobody@contoso.example") // of the tenant's own domain
	membership := o.givenMembership(o.team, "employee", "employee")
	o.expectStalled(employee, b2b.ReasonAddressIsInternal)
	o.expectStalled(unknown, b2b.ReasonAddressIsInternal)
	o.expectWaiting(membership, b2b.ReasonWaitingForInvitation)
	o.delete(employee, unknown)
	o.expectNoObject(employee, unknown)
	o.restart()
	o.awaitRounds(1)
	o.expectUser("employee@brand.example")
	o.Expect(o.writes()).To(BeEmpty())
}

func TestAnAddressThatOnlyTheGuestsHomeKnowsAdoptsTheGuest(t *testing.T) {
	o := startScenario(t)
	id := o.givenPending("ada@partner.example")
	o.tenant.AddAlias(id, "ada.lovelace@partner.example")
	o.givenConnectedTenant()
	alias := o.givenInvitation(o.team, "alias", "ada.lovelace@partner.example")
	o.expectReady(alias, b2b.ReasonAdopted)
	o.Expect(alias.Status.UserID).To(Equal(id))
	o.delete(alias)
	o.expectNoObject(alias)
	o.expectEvent(o.expectReleased("ada.lovelace@partner.example"), "Retained", "")
	o.expectUser("ada@partner.example")
}
