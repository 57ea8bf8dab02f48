package graph_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// The contract suite, in the files contract_*_test.go, holds the client against the simulated tenant over real HTTP.

const nobody = "99999999-9999-9999-9999-999999999999"

// tenantAndClient is a simulated tenant behind plain HTTP, and its client. Every test ends with the check that the client asked for
// nothing that Graph does not serve.
func tenantAndClient(t *testing.T, change ...func(*graph.Config)) (*graphsim.Tenant, *graph.Client) {
	t.Helper()
	return tenantAndClientAt(t, time.Now, change...)
}

// tenantAndClientAt has both of them live by one clock.
func tenantAndClientAt(t *testing.T, now func() time.Time, change ...func(*graph.Config)) (*graphsim.Tenant, *graph.Client) {
	t.Helper()
	tenant := graphsim.New(graphsim.Options{AcceptAnyToken: true, Seed: 1, Now: now})
	server := httptest.NewServer(tenant.Handler())
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		NewWithT(t).Expect(tenant.Ledger().UnknownPaths).To(BeEmpty())
		NewWithT(t).Expect(tenant.Ledger().EarlyCalls).To(BeEmpty())
	})
	config := graph.Config{TenantID: tenant.TenantID(), Endpoint: server.URL, Now: now}
	for _, c := range change {
		c(&config)
	}
	client, err := graph.New(config)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return tenant, client
}

func invitationTo(address string) directory.Invitation {
	return directory.Invitation{EmailAddress: address, RedirectURL: "https://myapps.microsoft.com", SendMessage: true}
}

func idsOf(users []directory.User) []string {
	ids := []string{}
	for _, user := range users {
		ids = append(ids, user.ID)
	}
	return ids
}

func TestFindByAddressFindsEverybodyWhoHasIt(t *testing.T) {
	tenant, client := tenantAndClient(t)
	byMail := tenant.AddUser(graphsim.User{DisplayName: "Mail", Mail: "mail@contoso.example"})
	byOther := tenant.AddUser(graphsim.User{DisplayName: "Other", Mail: "x1@contoso.example", OtherMails: []string{"private@home.example"}})
	byProxy := tenant.AddUser(graphsim.User{DisplayName: "Proxy", Mail: "x2@contoso.example", ProxyAddresses: []string{"SMTP:x2@contoso.example", "smtp:alias@contoso.example"}})
	byName := tenant.AddUser(graphsim.User{DisplayName: "Name", Mail: "new@partner.example", UserType: "Guest",
		UserPrincipalName: "old_partner.example#EXT#@contoso.onmicrosoft.com"})
	irish := tenant.AddGuest("pat.o'brien@partner.example", "Pat O'Brien")

	for address, want := range map[string]string{
		"mail@contoso.example":        byMail,
		"MAIL@Contoso.Example":        byMail,
		"private@home.example":        byOther,
		"alias@contoso.example":       byProxy,
		"old@partner.example":         byName,
		"pat.o'brien@partner.example": irish,
	} {
		t.Run(address, func(t *testing.T) {
			g := NewWithT(t)
			before := tenant.Now().Truncate(time.Second)
			found, err := client.FindByAddress(t.Context(), address)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(idsOf(found.Users)).To(Equal([]string{want}))
			g.Expect(found.Deleted).To(BeEmpty())
			g.Expect(found.At).To(BeTemporally(">=", before))
			g.Expect(found.At).To(BeTemporally("<=", tenant.Now()))
		})
	}
}

func TestFindByAddressTakesNoAddressForSyntax(t *testing.T) {
	tenant, client := tenantAndClient(t)
	tenant.AddGuest("ada@partner.example", "Ada")
	for _, address := range []string{
		"x' or mail ne 'y@partner.example", "a+b@partner.example", "a&$top=1@partner.example", "a#b@partner.example",
		"a%27b@partner.example", "ä@partner.example", "a b@partner.example", "x')@partner.example", "'", "",
	} {
		g := NewWithT(t)
		found, err := client.FindByAddress(t.Context(), address)
		g.Expect(err).NotTo(HaveOccurred(), address)
		g.Expect(found.Users).To(BeEmpty(), address)
		g.Expect(found.Deleted).To(BeEmpty(), address)
	}
}

func TestFindByAddressTakesTwoRequests(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	_, err := client.FindByAddress(t.Context(), "ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tenant.Ledger().Requests).To(Equal(2))
}

func TestTheDeletedAreFoundAndReadAmongTheDeletedItems(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	id := tenant.AddGuest("ada@partner.example", "Ada")
	_, err := client.GetDeletedUser(t.Context(), id)
	g.Expect(directory.IsNotFound(err)).To(BeTrue())

	g.Expect(client.DeleteUser(t.Context(), id)).To(Succeed())
	found, err := client.FindByAddress(t.Context(), "ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found.Users).To(BeEmpty())
	g.Expect(idsOf(found.Deleted)).To(Equal([]string{id}))
	g.Expect(found.Deleted[0].DeletedDateTime).To(BeTemporally("~", tenant.Now(), time.Minute))

	deleted, err := client.GetDeletedUser(t.Context(), id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(deleted).To(Equal(found.Deleted[0]))
	_, err = client.GetUser(t.Context(), id)
	g.Expect(directory.IsNotFound(err)).To(BeTrue())
	g.Expect(directory.IsNotFound(client.DeleteUser(t.Context(), id))).To(BeTrue())
}

func TestEveryPropertyOfAUserIsRead(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	id := tenant.AddUser(graphsim.User{
		DisplayName: "Ada", GivenName: "Ada", Department: "Engines", UsageLocation: "GB",
		Mail: "ada@partner.example", OtherMails: []string{"ada@home.example"},
		ProxyAddresses: []string{"SMTP:ada@partner.example"}, UserType: "Guest", CreationType: "Invitation", ExternalUserState: "Accepted",
		UserPrincipalName: "ada_partner.example#EXT#@contoso.onmicrosoft.com", Disabled: true, CreatedDateTime: created,
		Identities: []graphsim.Identity{{SignInType: "federated", Issuer: "ExternalAzureAD", IssuerAssignedID: "x"}},
	})
	user, err := client.GetUser(t.Context(), strings.ToUpper(id))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user).To(Equal(directory.User{
		ID: id, DisplayName: "Ada", Mail: "ada@partner.example", OtherMails: []string{"ada@home.example"},
		ProxyAddresses: []string{"SMTP:ada@partner.example"}, UserType: directory.UserTypeGuest, CreationType: "Invitation",
		ExternalUserState: directory.Accepted, UserPrincipalName: "ada_partner.example#EXT#@contoso.onmicrosoft.com",
		AccountEnabled: false, CreatedDateTime: created, Profile: directory.Profile{GivenName: "Ada", Department: "Engines", UsageLocation: "GB"},
		Identities: []directory.Identity{{SignInType: "federated", Issuer: "ExternalAzureAD", IssuerAssignedID: "x"}},
	}))
}

func TestAGuestWhoSignedUpIsListedLikeTheOthersAndNobodyInvitedThem(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	id, err := tenant.SignUp("ada@partner.example", "Ada")
	g.Expect(err).NotTo(HaveOccurred())
	var listed []directory.User
	g.Expect(client.ListGuests(t.Context(), func(page []directory.User) error { listed = append(listed, page...); return nil })).To(Succeed())
	g.Expect(idsOf(listed)).To(Equal([]string{id}))
	g.Expect(listed[0].SignedUp()).To(BeTrue())
	g.Expect(listed[0].ExternalUserState).To(BeEmpty())
	g.Expect(listed[0].External()).To(BeTrue())
	found, err := client.FindByAddress(t.Context(), "ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found.Users).To(Equal(listed))
}

func TestWhatIsNotAnObjectIDIsNeverSent(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	ctx := t.Context()
	for _, id := range []string{"", "me", "ada@partner.example", "../" + nobody, nobody + "/x", nobody + "?x", "x' or 'y"} {
		_, get := client.GetUser(ctx, id)
		_, getDeleted := client.GetDeletedUser(ctx, id)
		_, group := client.GetGroup(ctx, id)
		_, member := client.IsMember(ctx, nobody, id)
		for _, err := range []error{
			get, getDeleted, group, member, client.DeleteUser(ctx, id),
			client.AddMembers(ctx, nobody, []string{id}), client.AddMembers(ctx, id, []string{nobody}), client.RemoveMember(ctx, nobody, id), client.RemoveMember(ctx, id, nobody),
			client.ListMembers(ctx, id, func([]string) error { return nil }),
		} {
			g.Expect(directory.Is(err, directory.Invalid)).To(BeTrue(), id)
		}
	}
	g.Expect(tenant.Ledger().Requests).To(BeZero())
}

func TestAnInvitationIsCarriedOutOnce(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	invitation := invitationTo("ada@partner.example")
	invitation.DisplayName, invitation.Language, invitation.UserType = "Ada Lovelace", "en-GB", directory.UserTypeGuest
	invitation.WantRedeemURL = true
	invited, err := client.Invite(t.Context(), invitation)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(invited.RedeemURL.Reveal()).To(HavePrefix("http"))

	mails := tenant.Mailbox("ada@partner.example")
	g.Expect(mails).To(HaveLen(1))
	g.Expect(mails[0].Language).To(Equal("en-GB"))
	g.Expect(mails[0].RedirectURL).To(HavePrefix("https://myapps.microsoft.com"))
	user, err := client.GetUser(t.Context(), invited.UserID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user.DisplayName).To(Equal("Ada Lovelace"))
	g.Expect(user.External()).To(BeTrue())
	g.Expect(user.ExternalUserState).To(Equal(directory.PendingAcceptance))
	g.Expect(user.AccountEnabled).To(BeTrue())

	_, err = tenant.Redeem(invited.RedeemURL.Reveal())
	g.Expect(err).NotTo(HaveOccurred())
	user, err = client.GetUser(t.Context(), invited.UserID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user.ExternalUserState).To(Equal(directory.Accepted))

	quiet := invitationTo("bob@partner.example")
	quiet.SendMessage = false
	_, err = client.Invite(t.Context(), quiet)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tenant.Mailbox("bob@partner.example")).To(BeEmpty())
}

func TestRefusedInvitationsSayWhy(t *testing.T) {
	for name, tt := range map[string]struct {
		arrange func(*graphsim.Tenant)
		address string
		class   directory.Class
		detail  directory.Detail
	}{
		"an employee's domain":    {func(*graphsim.Tenant) {}, "someone@contoso.example", directory.Invalid, directory.AddressInVerifiedDomain},
		"an address that is none": {func(*graphsim.Tenant) {}, "a+b@partner.example", directory.Invalid, directory.AddressRefused},
		"no permission":           {func(s *graphsim.Tenant) { s.SetPermissions([]string{"User.Read.All"}) }, "ada@partner.example", directory.Denied, ""},
		"the tenant's policy":     {func(s *graphsim.Tenant) { s.SetAllowInvitesFrom("none") }, "ada@partner.example", directory.Denied, directory.InvitationsNotAllowed},
		"blocked by Entra": {func(s *graphsim.Tenant) {
			s.Configure(func(b *graphsim.Behaviour) { b.InvitationsBlocked = true })
		}, "ada@partner.example", directory.Denied, directory.InvitationsNotAllowed},
		"a cross-tenant block": {func(s *graphsim.Tenant) {
			s.Configure(func(b *graphsim.Behaviour) { b.BlockedDomains = []string{"partner.example"} })
		}, "ada@partner.example", directory.Invalid, ""},
		"already a guest": {func(s *graphsim.Tenant) {
			s.Configure(func(b *graphsim.Behaviour) { b.RefuseRedeemed = true })
			s.AddGuest("ada@partner.example", "Ada")
		}, "ada@partner.example", directory.Invalid, directory.UserExists},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, client := tenantAndClient(t)
			tt.arrange(tenant)
			_, err := client.Invite(t.Context(), invitationTo(tt.address))
			g.Expect(directory.ClassOf(err)).To(Equal(tt.class), "%v", err)
			g.Expect(directory.HasDetail(err, tt.detail)).To(BeTrue(), "%v", err)
			g.Expect(directory.RequestID(err)).NotTo(BeEmpty())
			g.Expect(tenant.Ledger().Writes).To(BeEmpty())
		})
	}
}

func TestARefusalNamesTheUserWhoExists(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	tenant.Configure(func(b *graphsim.Behaviour) { b.RefuseRedeemed = true })
	id := tenant.AddGuest("ada@partner.example", "Ada")
	_, err := client.Invite(t.Context(), invitationTo("ada@partner.example"))
	var e *directory.Error
	g.Expect(asError(err, &e)).To(BeTrue())
	g.Expect(e.UserID).To(Equal(id))
	g.Expect(tenant.DisableUser(id)).To(Succeed())
	_, err = client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(directory.HasDetail(err, directory.UserExistsDisabled)).To(BeTrue(), "%v", err)
}

func TestAllGuestsAreListedOverSeveralPages(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	want := map[string]bool{}
	for i := range 2050 {
		want[tenant.AddGuest(fmt.Sprintf("guest%d@partner.example", i), "Guest")] = true
	}
	converted := tenant.AddGuest("converted@partner.example", "Converted")
	g.Expect(tenant.UpdateUser(converted, func(u *graphsim.User) { u.UserType, u.CreationType = "Member", "Invitation" })).To(Succeed())
	want[converted] = true
	tenant.AddUser(graphsim.User{DisplayName: "Employee", Mail: "employee@contoso.example"})

	got, pages := map[string]bool{}, 0
	g.Expect(client.ListGuests(t.Context(), func(page []directory.User) error {
		pages++
		for _, user := range page {
			got[user.ID] = true
			g.Expect(user.Mail).To(HaveSuffix("@partner.example"))
		}
		return nil
	})).To(Succeed())
	g.Expect(got).To(Equal(want))
	g.Expect(pages).To(Equal(3))
	g.Expect(tenant.Ledger().Requests).To(Equal(3))
}

func TestAnErrorFromYieldEndsTheListing(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	for i := range 1001 {
		tenant.AddGuest(fmt.Sprintf("guest%d@partner.example", i), "Guest")
	}
	err := client.ListGuests(t.Context(), func([]directory.User) error { return context.Canceled })
	g.Expect(err).To(BeIdenticalTo(context.Canceled))
	g.Expect(tenant.Ledger().Requests).To(Equal(1))
}

func TestTheTenantTellsAboutItself(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	tenant.AddVerifiedDomain("fabrikam.example")
	organization, err := client.Organization(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(organization.ID).To(Equal(tenant.TenantID()))
	g.Expect(organization.DisplayName).To(Equal("Contoso"))
	g.Expect(organization.VerifiedDomains).To(ConsistOf("contoso.onmicrosoft.com", "contoso.example", "fabrikam.example"))

	for _, setting := range []directory.AllowInvitesFrom{"everyone", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", directory.AllowInvitesFromNone} {
		tenant.SetAllowInvitesFrom(string(setting))
		got, err := client.AllowInvitesFrom(t.Context())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(got).To(Equal(setting))
	}
}
