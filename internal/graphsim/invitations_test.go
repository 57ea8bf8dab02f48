package graphsim_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestAnInvitationCreatesAPendingGuest(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))

	answer := graph.invite("Ada@partner.example", `"invitedUserDisplayName":"Ada Lovelace"`)

	g.Expect(answer.status).To(Equal(http.StatusCreated), answer.raw)
	g.Expect(answer.body).To(HaveKeyWithValue("status", "PendingAcceptance"))
	g.Expect(answer.body).To(HaveKeyWithValue("invitedUserType", "Guest"))
	g.Expect(answer.text("inviteRedeemUrl")).To(HavePrefix(
		"https://login.microsoftonline.com/redeem?rd=https%3a%2f%2finvitations.microsoft.com%2fredeem%2f%3ftenant%3d" +
			graphsim.DefaultTenantID + "%26user%3d" + answer.text("id") + "%26ticket%3d"))
	g.Expect(answer.text("inviteRedeemUrl")).To(HaveSuffix("%26ver%3d2.0"))
	g.Expect(answer.body["invitedUserMessageInfo"]).To(HaveKeyWithValue("ccRecipients", HaveLen(1)), "an empty recipient even without one")

	id := answer.body["invitedUser"].(map[string]any)["id"].(string)
	g.Expect(id).NotTo(Equal(answer.text("id")))
	user, found := tenant.User(id)
	g.Expect(found).To(BeTrue())
	g.Expect(user.UserPrincipalName).To(Equal("Ada_partner.example#EXT#@contoso.onmicrosoft.com"))
	g.Expect(user.DisplayName).To(Equal("Ada Lovelace"))
	g.Expect(user.Mail).To(Equal("Ada@partner.example"))
	g.Expect(user.OtherMails).To(ConsistOf("Ada@partner.example"))
	g.Expect(user.ProxyAddresses).To(ConsistOf("SMTP:Ada@partner.example"))
	g.Expect(user.UserType).To(Equal("Guest"))
	g.Expect(user.CreationType).To(Equal("Invitation"))
	g.Expect(user.ExternalUserState).To(Equal("PendingAcceptance"))
	g.Expect(user.Identities).To(ConsistOf(graphsim.Identity{SignInType: "userPrincipalName", Issuer: "contoso.onmicrosoft.com", IssuerAssignedID: user.UserPrincipalName}))
	g.Expect(user.CreatedDateTime).To(Equal(clock.Truncate(1e9)), "in whole seconds")
	g.Expect(tenant.Mailbox("")).To(BeEmpty(), "no mail unless asked for")
}

func TestARepeatedInvitationReturnsTheSameUserWithANewTicket(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	first := graph.invite("ada@partner.example")
	second := graph.invite("ADA@partner.example")

	g.Expect(second.status).To(Equal(http.StatusCreated))
	g.Expect(second.body["invitedUser"]).To(Equal(first.body["invitedUser"]))
	g.Expect(second.text("id")).NotTo(Equal(first.text("id")))
	g.Expect(second.text("inviteRedeemUrl")).NotTo(Equal(first.text("inviteRedeemUrl")))
	g.Expect(tenant.Users()).To(HaveLen(1))

	_, err := tenant.Redeem(first.text("inviteRedeemUrl"))
	g.Expect(err).To(MatchError(graphsim.ErrNotRedeemable), "the first ticket is dead")
	_, err = tenant.Redeem(second.text("inviteRedeemUrl"))
	g.Expect(err).NotTo(HaveOccurred())
}

func TestEarlierTicketsStayValidWhereConfigured(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Configure(func(b *graphsim.Behaviour) { b.KeepTickets = true })
	first := graph.invite("ada@partner.example")
	graph.invite("ada@partner.example")
	_, err := tenant.Redeem(first.text("inviteRedeemUrl"))
	g.Expect(err).NotTo(HaveOccurred())
}

func TestAddressesThatTheServiceRefuses(t *testing.T) {
	_, graph := newTenant(t)
	for _, address := range []string{
		"", "ada", "@partner.example", "ada@", "ada@partner", "a+b@partner.example", "a b@partner.example", ".ada@partner.example",
		"ada.@partner.example", "-ada@partner.example", "ada-@partner.example", "a@b@partner.example", "a,b@partner.example",
		"a#b@partner.example", "a~b@partner.example", "ada@partner.example.", strings.Repeat("a", 250) + "@partner.example",
	} {
		t.Run(address, func(t *testing.T) {
			g := NewWithT(t)
			answer := graph.invite(address)
			g.Expect(answer.status).To(Equal(http.StatusBadRequest))
			g.Expect(answer.code()).To(Equal("BadRequest"))
			if address != "" {
				g.Expect(answer.message()).To(Equal("The Primary SMTP Address is an invalid value"))
			}
		})
	}
	for _, address := range []string{"o'brien@partner.example", "_ada_@partner.example", "a-d.a@sub.partner.example"} {
		t.Run(address+" is fine", func(t *testing.T) {
			NewWithT(t).Expect(graph.invite(address).status).To(Equal(http.StatusCreated))
		})
	}
}

func TestInvitationsThatTheServiceRefuses(t *testing.T) {
	const exists = "The invited user already exists in the directory as object ID: <id>"
	tests := []struct {
		name    string
		arrange func(*graphsim.Tenant) string
		address string
		more    string
		status  int
		code    string
		message string
	}{
		{"nobody may invite", func(t *graphsim.Tenant) string { t.SetAllowInvitesFrom("none"); return "" },
			"ada@partner.example", "", 403, "Forbidden", "Guest invitations not allowed for your company. Contact your company administrator for more details."},
		{"blocked for suspicious activity", func(t *graphsim.Tenant) string {
			t.Configure(func(b *graphsim.Behaviour) { b.InvitationsBlocked = true })
			return ""
		}, "ada@partner.example", "", 403, "Forbidden", "Invitations are blocked for this directory due to suspicious activity."},
		{"the initial domain", nil, "ada@contoso.onmicrosoft.com", "", 400, "BadRequest", "This user cannot be invited because the domain of the user's email address is a verified domain of this directory."},
		{"a verified domain in capitals", nil, "ada@CONTOSO.example", "", 400, "BadRequest", "This user cannot be invited because the domain of the user's email address is a verified domain of this directory."},
		{"an internal member with that mail", func(t *graphsim.Tenant) string {
			return t.AddUser(graphsim.User{DisplayName: "Ada", Mail: "ada@partner.example"})
		}, "ada@partner.example", "", 400, "BadRequest", exists + ". They can use that account to sign in to shared apps and resources."},
		{"a disabled guest", func(t *graphsim.Tenant) string {
			id := t.AddGuest("ada@partner.example", "Ada")
			_ = t.DisableUser(id)
			return id
		}, "ada@partner.example", "", 400, "BadRequest", exists + ", but the account is blocked from signing in. If the account is unblocked, they can use that account to sign in to shared apps and resources."},
		{"a redeemed guest, where configured", func(t *graphsim.Tenant) string {
			t.Configure(func(b *graphsim.Behaviour) { b.RefuseRedeemed = true })
			return t.AddGuest("ada@partner.example", "Ada")
		}, "ada@partner.example", "", 400, "BadRequest", exists + ". They can use that account to sign in to shared apps and resources."},
		{"cross-tenant access settings", func(t *graphsim.Tenant) string {
			t.Configure(func(b *graphsim.Behaviour) { b.BlockedDomains = []string{"partner.example"} })
			return ""
		}, "ada@partner.example", "", 400, "BadRequest", "This invitation is blocked by cross-tenant access settings. Admins in both your organization and the invited user's organization must configure cross-tenant access settings to allow the invitation."},
		{"the address of a group", func(t *graphsim.Tenant) string {
			t.AddGroup(graphsim.Group{DisplayName: "Team", GroupTypes: []string{"Unified"}, Mail: "team@other.example"})
			return ""
		}, "team@other.example", "", 400, "BadRequest", "Group email address is not supported."},
		{"an unknown property", nil, "ada@partner.example", `"colour":"blue"`, 400, "BadRequest",
			"The property 'colour' does not exist on type 'microsoft.graph.invitation'. Make sure to only use property names that are defined by the type."},
		{"an unknown property within", nil, "ada@partner.example", `"invitedUserMessageInfo":{"colour":"blue"}`, 400, "BadRequest", `Invalid value in the request body: unknown field "colour"`},
		{"two recipients of a copy", nil, "ada@partner.example", `"invitedUserMessageInfo":{"ccRecipients":[{"emailAddress":{"address":"a@x.example"}},{"emailAddress":{"address":"b@x.example"}}]}`,
			400, "BadRequest", "Only one CC recipient is supported."},
		{"another user type", nil, "ada@partner.example", `"invitedUserType":"Owner"`, 400, "BadRequest", "Invalid value for property invitedUserType."},
		{"a reset without a user", nil, "ada@partner.example", `"resetRedemption":true`, 400, "BadRequest", "Property invitedUser.id is required to reset the redemption."},
		{"a sponsor who does not exist", nil, "ada@partner.example", `"invitedUserSponsors":[{"id":"nobody"}]`, 400, "BadRequest",
			"Resource 'nobody' does not exist or one of its queried reference-property objects are not present."},
		{"a redirect that is no URL", nil, "ada@partner.example", `"inviteRedirectUrl":"wiki"`, 400, "BadRequest", "Property inviteRedirectUrl is required and must be an absolute URL."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			id := ""
			if test.arrange != nil {
				id = test.arrange(tenant)
			}
			before := len(tenant.Users())
			more := []string{}
			if test.more != "" {
				more = append(more, test.more)
			}
			answer := graph.invite(test.address, append(more, `"sendInvitationMessage":true`)...)
			g.Expect(answer.status).To(Equal(test.status), answer.raw)
			g.Expect(answer.code()).To(Equal(test.code))
			g.Expect(answer.message()).To(Equal(strings.ReplaceAll(test.message, "<id>", id)))
			g.Expect(tenant.Users()).To(HaveLen(before), "nobody is created")
			g.Expect(tenant.Ledger().Writes).To(BeEmpty())
			g.Expect(tenant.Mailbox("")).To(BeEmpty())
		})
	}
}

func TestAnAliasOfAnExistingGuestReturnsThatGuest(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	tenant.AddAlias(id, "countess@partner.example")
	g.Expect(graph.inviteID("Countess@partner.example")).To(Equal(id))
	g.Expect(tenant.Users()).To(HaveLen(1))
}

func TestASoftDeletedGuestIsInvitedAsANewOneAndCannotBeRestoredThen(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	old := graph.inviteID("ada@partner.example")
	g.Expect(graph.do("DELETE", "/v1.0/users/"+old, "").status).To(Equal(http.StatusNoContent))
	g.Expect(graph.inviteID("ada@partner.example")).NotTo(Equal(old))

	restored := graph.do("POST", "/v1.0/directory/deletedItems/"+old+"/restore", "")
	g.Expect(restored.status).To(Equal(http.StatusBadRequest))
	g.Expect(restored.message()).To(ContainSubstring("userPrincipalName already exists"))
}

func TestGuestsWhoseNamesWouldBeTheSameGetDigits(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	graph.inviteID("a_b@partner.example")
	id := graph.inviteID("a@b_partner.example")
	user, _ := tenant.User(id)
	g.Expect(user.UserPrincipalName).To(Equal("a_b_partner.example1#EXT#@contoso.onmicrosoft.com"))
}

func TestAnInvitationMailHasTheRecipientsLanguageAndNoCustomBody(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	answer := graph.invite("ada@partner.example", `"sendInvitationMessage":true`,
		`"invitedUserMessageInfo":{"messageLanguage":"de-DE","customizedMessageBody":"Hello <b>you</b>","ccRecipients":[{"emailAddress":{"address":"owner@contoso.example"}}]}`)
	g.Expect(answer.status).To(Equal(http.StatusCreated), answer.raw)

	box := tenant.Mailbox("ADA@partner.example")
	g.Expect(box).To(HaveLen(1))
	g.Expect(box[0].Language).To(Equal("de-DE"))
	g.Expect(box[0].Subject).To(Equal("Contoso lädt Sie als Gast ein"))
	g.Expect(box[0].Cc).To(Equal("owner@contoso.example"))
	g.Expect(box[0].InvitationID).To(Equal(answer.text("id")))
	page := graph.get("/mailbox")
	g.Expect(page.raw).NotTo(ContainSubstring("Hello"), "an application cannot send a message of its own")
}

func TestWhoIsInCopyFindsTheMailInTheirOwnMailbox(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	graph.inviteID("ada@partner.example", `"sendInvitationMessage":true`,
		`"invitedUserMessageInfo":{"ccRecipients":[{"emailAddress":{"name":"Owner","address":"Owner@contoso.example"}}]}`)
	g.Expect(tenant.Mailbox("owner@contoso.example")).To(Equal(tenant.Mailbox("ada@partner.example")))
	g.Expect(tenant.Mailbox("")).To(HaveLen(1), "it is one mail")
	g.Expect(graph.get("/mailbox?address=owner@contoso.example").raw).To(ContainSubstring("ada@partner.example"))

	ledger := tenant.Ledger()
	g.Expect(ledger.Copies).To(HaveKeyWithValue("owner@contoso.example", HaveLen(1)))
	g.Expect(ledger.MailCount("owner@contoso.example")).To(BeZero(), "a copy is no invitation")
	g.Expect(ledger.MailCount("ada@partner.example")).To(Equal(1))
}

func TestOnlyAnAdministratorInvitesMembers(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.SetPermissions([]string{"User.Invite.All"})
	refused := graph.invite("ada@partner.example", `"invitedUserType":"Member"`)
	g.Expect(refused.status).To(Equal(http.StatusForbidden))
	g.Expect(refused.code()).To(Equal("Forbidden"))
	g.Expect(tenant.Users()).To(BeEmpty())

	tenant.Configure(func(b *graphsim.Behaviour) { b.MemberAsGuest = true })
	swallowed := graph.invite("ada@partner.example", `"invitedUserType":"Member"`)
	g.Expect(swallowed.status).To(Equal(http.StatusCreated))
	g.Expect(swallowed.text("invitedUserType")).To(Equal("Guest"))
	g.Expect(tenant.Users()).To(ConsistOf(HaveField("UserType", "Guest")))

	tenant.SetPermissions([]string{"User.Invite.All", "User.ReadWrite.All"})
	id := graph.inviteID("bob@partner.example", `"invitedUserType":"Member"`)
	user, _ := tenant.User(id)
	g.Expect(user.UserType).To(Equal("Member"))
}

func TestResettingARedemptionMakesTheGuestPendingAgain(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	_, err := tenant.Redeem("ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())

	again := graph.invite("ada@partner.example", `"resetRedemption":true`, `"invitedUser":{"id":"`+id+`"}`)
	g.Expect(again.status).To(Equal(http.StatusCreated), again.raw)
	user, _ := tenant.User(id)
	g.Expect(user.ExternalUserState).To(Equal("PendingAcceptance"))
}

func TestTheStatusOfARedeemedGuestIsAHintOnly(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.AddGuest("ada@partner.example", "Ada")
	g.Expect(graph.invite("ada@partner.example").text("status")).To(Equal("PendingAcceptance"))
	tenant.Configure(func(b *graphsim.Behaviour) { b.CompletedStatus = true })
	g.Expect(graph.invite("ada@partner.example").text("status")).To(Equal("Completed"))
}

func TestAMissingPermissionToInviteIsRefusedInTheWordsOfTheInvitationService(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.SetPermissions([]string{"User.Read.All"})
	answer := graph.invite("ada@partner.example")
	g.Expect(answer.status).To(Equal(http.StatusUnauthorized))
	g.Expect(answer.code()).To(Equal("Unauthorized"))
	g.Expect(answer.message()).To(ContainSubstring("ControllerName=MSGraphInviteAPI"))

	tenant.SetPermissions([]string{"User.Invite.All"})
	g.Expect(graph.invite("ada@partner.example").status).To(Equal(http.StatusCreated), "it heals at once for a token that is not ours")
}
