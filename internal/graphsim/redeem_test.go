package graphsim_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestRedemptionChangesWhatItChangesAndNothingElse(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	id := graph.inviteID("ada@partner.example", `"invitedUserDisplayName":"A. L."`)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	g.Expect(tenant.AddMember(group, id)).To(Succeed())
	before, _ := tenant.User(id)
	tenant.SetHome("ada@partner.example", graphsim.Home{DisplayName: "Ada, Countess of Lovelace", Addresses: []string{"countess@partner.example"}})
	clock.advance(time.Hour)

	redirect, err := tenant.Redeem("ada@partner.example")

	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(redirect).To(Equal("https://wiki.contoso.example/"))
	after, _ := tenant.User(id)
	g.Expect(after.ExternalUserState).To(Equal("Accepted"))
	g.Expect(after.ExternalUserStateChangeDateTime).To(Equal(clock.Truncate(time.Second)))
	g.Expect(after.DisplayName).To(Equal("Ada, Countess of Lovelace"))
	g.Expect(after.Identities).To(ContainElement(graphsim.Identity{SignInType: "federated", Issuer: "ExternalAzureAD"}))
	g.Expect(after.OtherMails).To(ConsistOf("ada@partner.example", "countess@partner.example"))
	g.Expect(after.ProxyAddresses).To(ConsistOf("SMTP:ada@partner.example", "smtp:countess@partner.example"))
	g.Expect(after.UserPrincipalName).To(Equal(before.UserPrincipalName))
	g.Expect(after.UserType).To(Equal("Guest"))
	g.Expect(tenant.Members(group)).To(Equal([]string{id}))
	g.Expect(graph.filter("users", "otherMails/any(m:m eq 'countess@partner.example')").column("id")).To(Equal([]string{id}), "the new address is found")
}

func TestTheIdentityProviderDependsOnTheDomain(t *testing.T) {
	for address, issuer := range map[string]string{
		"ada@gmail.com": "google.com", "ada@outlook.com": "MicrosoftAccount", "ada@partner.example": "ExternalAzureAD",
	} {
		t.Run(address, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			id := graph.inviteID(address)
			_, err := tenant.Redeem(address)
			g.Expect(err).NotTo(HaveOccurred())
			user, _ := tenant.User(id)
			g.Expect(user.Identities).To(ContainElement(HaveField("Issuer", issuer)))
		})
	}
}

func TestRedeemingTwiceChangesNothing(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	link := graph.invite("ada@partner.example").text("inviteRedeemUrl")
	for range 2 {
		_, err := tenant.Redeem(link)
		g.Expect(err).NotTo(HaveOccurred())
	}
	user, _ := tenant.UserByAddress("ada@partner.example")
	g.Expect(user.Identities).To(HaveLen(2))
}

func TestWhoCannotRedeem(t *testing.T) {
	tests := map[string]func(*graphsim.Tenant, string){
		"a deleted guest":  func(t *graphsim.Tenant, id string) { _ = t.DeleteUser(id) },
		"a disabled guest": func(t *graphsim.Tenant, id string) { _ = t.DisableUser(id) },
		"a guest from a blocked home": func(t *graphsim.Tenant, _ string) {
			t.Configure(func(b *graphsim.Behaviour) { b.BlockedDomains = []string{"partner.example"} })
		},
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			answer := graph.invite("ada@partner.example")
			arrange(tenant, answer.body["invitedUser"].(map[string]any)["id"].(string))
			_, err := tenant.Redeem(answer.text("inviteRedeemUrl"))
			g.Expect(err).To(MatchError(graphsim.ErrNotRedeemable))
		})
	}
}
