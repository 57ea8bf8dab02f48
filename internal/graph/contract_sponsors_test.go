package graph_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestASponsorComesAndGoesAndStaysWhoTheyAre(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	id, owner := tenant.AddGuest("ada@partner.example", "Ada"), tenant.AddUser(graphsim.User{DisplayName: "Owner", Mail: "owner@contoso.example"})
	group := tenant.AddGroup(graphsim.Group{DisplayName: "owners"})
	byUser, byGroup := directory.SponsorRef{ID: owner, Kind: directory.SponsorUser}, directory.SponsorRef{ID: group, Kind: directory.SponsorGroup}
	sponsors := func() []directory.Sponsor {
		found, err := client.ListSponsors(ctx, id)
		g.Expect(err).NotTo(HaveOccurred())
		return found
	}

	g.Expect(sponsors()).To(BeEmpty())
	g.Expect(directory.IsNotFound(client.RemoveSponsor(ctx, id, owner))).To(BeTrue())
	g.Expect(client.AddSponsor(ctx, id, byUser)).To(Succeed())
	g.Expect(client.AddSponsor(ctx, id, byGroup)).To(Succeed())
	g.Expect(sponsors()).To(ConsistOf(
		directory.Sponsor{SponsorRef: byUser, DisplayName: "Owner"}, directory.Sponsor{SponsorRef: byGroup, DisplayName: "owners"}))
	err := client.AddSponsor(ctx, id, byUser)
	g.Expect(directory.HasDetail(err, directory.AlreadySponsor)).To(BeTrue(), "%v", err)

	g.Expect(client.RemoveSponsor(ctx, id, owner)).To(Succeed())
	g.Expect(client.RemoveSponsor(ctx, id, group)).To(Succeed())
	g.Expect(sponsors()).To(BeEmpty())
	_, alive := tenant.User(owner)
	g.Expect(alive).To(BeTrue(), "the reference was removed, not the sponsor")
	g.Expect(tenant.Ledger().UsersDeleted).To(BeEmpty())
	g.Expect(tenant.Ledger().SponsorsAdded).To(HaveLen(2))
	g.Expect(tenant.Ledger().SponsorsRemoved).To(HaveLen(2))
}

func TestSponsorsOfWhatDoesNotExistAreNotFound(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	id, owner := tenant.AddGuest("ada@partner.example", "Ada"), tenant.AddUser(graphsim.User{DisplayName: "Owner"})
	_, err := client.ListSponsors(ctx, nobody)
	g.Expect(directory.IsNotFound(err)).To(BeTrue())
	for _, pair := range [][2]string{{nobody, owner}, {id, nobody}} {
		err := client.AddSponsor(ctx, pair[0], directory.SponsorRef{ID: pair[1], Kind: directory.SponsorUser})
		g.Expect(directory.IsNotFound(err)).To(BeTrue(), "%v", err)
		g.Expect(directory.HasDetail(err, directory.ReferenceNotReady)).To(BeTrue())
		g.Expect(directory.IsNotFound(client.RemoveSponsor(ctx, pair[0], pair[1]))).To(BeTrue())
	}
}

func TestASixthSponsorIsRefused(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	id := tenant.AddGuest("ada@partner.example", "Ada")
	add := func() error {
		owner := tenant.AddUser(graphsim.User{DisplayName: "Owner"})
		return client.AddSponsor(t.Context(), id, directory.SponsorRef{ID: owner, Kind: directory.SponsorUser})
	}
	for range directory.MaxSponsors {
		g.Expect(add()).To(Succeed())
	}
	g.Expect(directory.Is(add(), directory.Invalid)).To(BeTrue())
}

func TestAUserIsFoundByName(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	owner := tenant.AddUser(graphsim.User{DisplayName: "Owner", UserPrincipalName: "pat.o'brien@contoso.example", Department: "Looms"})
	guest := tenant.AddGuest("ada@partner.example", "Ada")
	user, err := client.GetUserByName(ctx, "Pat.O'Brien@contoso.example")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user.ID).To(Equal(owner))
	g.Expect(user.Profile.Department).To(Equal("Looms"))

	external, err := client.GetUser(ctx, guest)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(external.UserPrincipalName).To(ContainSubstring("#EXT#"))
	user, err = client.GetUserByName(ctx, external.UserPrincipalName)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user).To(Equal(external))

	_, err = client.GetUserByName(ctx, "nobody@contoso.example")
	g.Expect(directory.IsNotFound(err)).To(BeTrue(), "%v", err)
}

func TestAnInvitationCarriesSponsorsAndItsMessage(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	owner, group := tenant.AddUser(graphsim.User{DisplayName: "Owner"}), tenant.AddGroup(graphsim.Group{DisplayName: "owners"})
	invitation := invitationTo("ada@partner.example")
	invitation.Body, invitation.CcRecipients, invitation.Language = "Welcome!", []string{"owner@contoso.example"}, "de-DE"
	invitation.Sponsors = []directory.SponsorRef{{ID: owner, Kind: directory.SponsorUser}, {ID: group, Kind: directory.SponsorGroup}}
	invited, err := client.Invite(ctx, invitation)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(invited.RedeemURL.Reveal()).To(BeEmpty(), "it was not wanted")
	sponsors, err := client.ListSponsors(ctx, invited.UserID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sponsors).To(HaveLen(2))
	g.Expect(tenant.Mailbox("ada@partner.example")).To(HaveLen(1))
	g.Expect(tenant.Mailbox("ada@partner.example")[0].Cc).To(Equal("owner@contoso.example"))

	invitation.EmailAddress, invitation.Sponsors = "bob@partner.example", []directory.SponsorRef{{ID: nobody, Kind: directory.SponsorUser}}
	_, err = client.Invite(ctx, invitation)
	g.Expect(directory.HasDetail(err, directory.ReferenceNotReady)).To(BeTrue(), "%v", err)
	g.Expect(tenant.Mailbox("bob@partner.example")).To(BeEmpty())
}
