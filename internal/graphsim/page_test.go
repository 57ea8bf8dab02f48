package graphsim_test

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestThePageShowsUsersAndGroupsAsTheyChange(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	graphsim.Seed(tenant)
	id := graph.inviteID("ada@partner.example", `"invitedUserDisplayName":"Ada Lovelace"`)
	page := func() string { return graph.get("/").raw }
	g.Expect(page()).To(SatisfyAll(ContainSubstring("Ada Lovelace"), ContainSubstring("Pending acceptance"), ContainSubstring("Megan Bowen"), ContainSubstring("sg-project-42-partners")))
	for _, kind := range []string{"Security", "Dynamic", "Synced", "Role-assignable", "Microsoft 365", "Distribution list", "Restricted management"} {
		g.Expect(page()).To(ContainSubstring(kind))
	}
	graph.addMember(tenant.GroupByName("sg-project-42-partners"), id)
	g.Expect(page()).To(ContainSubstring(`<span class="chip wait">Ada Lovelace</span>`))
	_, err := tenant.Redeem("ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(page()).To(ContainSubstring(`<span class="chip good">Ada</span>`), "the home's name")
	graph.do("DELETE", "/v1.0/users/"+id, "")
	g.Expect(page()).To(ContainSubstring("Deleted"))
	g.Expect(page()).NotTo(ContainSubstring(`<span class="chip good">Ada</span>`))
}

func TestThePageEscapesWhatItShows(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t, func(o *graphsim.Options) { o.DisplayName = `<script>alert("o")</script>` })
	tenant.AddGroup(graphsim.Group{DisplayName: `<img src=x onerror=alert(1)>`})
	graph.inviteID("ada@partner.example", `"invitedUserDisplayName":"<script>alert(1)</script>"`, `"sendInvitationMessage":true`)
	for _, path := range []string{"/", "/mailbox", "/redeem?ticket=%3Cscript%3Ealert(2)%3C/script%3E", "/mailbox?address=%22%3E%3Cscript%3Ealert(3)"} {
		page := graph.get(path)
		g.Expect(page.raw).NotTo(ContainSubstring("<script>alert"), path)
		g.Expect(page.raw).NotTo(ContainSubstring("<img"), path)
		g.Expect(page.header.Get("Content-Security-Policy")).To(ContainSubstring("default-src 'self'"))
	}
}

var (
	linkPattern   = regexp.MustCompile(`class="button" href="(/redeem[^"]+)"`)
	ticketPattern = regexp.MustCompile(`name="ticket" value="([^"]+)"`)
)

func TestAGuestReadsTheMailAndAccepts(t *testing.T) {
	languages := map[string]struct{ title, accept, consent, landing string }{
		"en-GB": {"Contoso invites you as a guest", "Accept invitation", "Contoso asks for your consent", "You have joined Contoso as a guest."},
		"de-DE": {"Contoso lädt Sie als Gast ein", "Einladung annehmen", "Contoso bittet um Ihre Zustimmung", "Sie sind jetzt Gast bei Contoso."},
		"fr":    {"Contoso vous invite", "Accepter l’invitation", "Contoso demande votre accord", "Vous êtes désormais invité chez Contoso."},
		"xx":    {"Contoso invites you as a guest", "Accept invitation", "Contoso asks for your consent", "You have joined Contoso as a guest."},
	}
	for language, want := range languages {
		t.Run(language, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			id := graph.inviteID("ada@partner.example", `"sendInvitationMessage":true`, `"invitedUserMessageInfo":{"messageLanguage":"`+language+`"}`)
			mail := graph.get("/mailbox?address=ADA@partner.example").raw
			g.Expect(mail).To(SatisfyAll(ContainSubstring(want.title), ContainSubstring(want.accept), ContainSubstring("invites@microsoft.com"), ContainSubstring("wiki.contoso.example")))

			link := html.UnescapeString(linkPattern.FindStringSubmatch(mail)[1])
			consent := graph.get(link)
			g.Expect(consent.status).To(Equal(200))
			g.Expect(consent.raw).To(ContainSubstring(want.consent))
			pending, _ := tenant.User(id)
			g.Expect(pending.ExternalUserState).To(Equal("PendingAcceptance"), "reading is not accepting")

			ticket := html.UnescapeString(ticketPattern.FindStringSubmatch(consent.raw)[1])
			done := graph.do("POST", "/redeem", url.Values{"ticket": {ticket}}.Encode(), "Content-Type: application/x-www-form-urlencoded")
			g.Expect(done.status).To(Equal(200), done.raw)
			g.Expect(done.raw).To(SatisfyAll(ContainSubstring(want.landing), ContainSubstring("https://wiki.contoso.example/")))
			accepted, _ := tenant.User(id)
			g.Expect(accepted.ExternalUserState).To(Equal("Accepted"))
			g.Expect(graph.get("/mailbox").raw).NotTo(MatchRegexp(linkPattern.String()), "nothing left to accept")
		})
	}
}

func TestADeadLinkSaysSo(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	graph.inviteID("ada@partner.example", `"sendInvitationMessage":true`)
	old := tenant.Mailbox("")[0].RedeemPath
	graph.inviteID("ada@partner.example", `"sendInvitationMessage":true`)
	g.Expect(graph.get(old).status).To(Equal(404))
	g.Expect(graph.get("/mailbox").raw).To(ContainSubstring("This link is no longer valid"))
	g.Expect(tenant.DisableUser(tenant.Mailbox("")[0].UserID)).To(Succeed())
	g.Expect(graph.do("POST", "/redeem", url.Values{"ticket": {tenant.Mailbox("")[1].Ticket}}.Encode(), "Content-Type: application/x-www-form-urlencoded").status).To(Equal(409))
}

func TestOtherProcessesControlTheTenantOverHTTP(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	idOf := func(r response) string {
		g.Expect(r.status).To(Equal(200), r.raw)
		return r.text("id")
	}
	user := idOf(graph.do("POST", "/sim/admin/users", `{"displayName":"Owner","mail":"owner@contoso.example"}`))
	group := idOf(graph.do("POST", "/sim/admin/groups", `{"displayName":"Partners"}`))
	guest := idOf(graph.do("POST", "/sim/admin/guests", `{"address":"old@partner.example"}`))
	g.Expect(graph.do("POST", "/sim/admin/groups/"+group+"/members/"+user, "").status).To(Equal(204))
	g.Expect(tenant.Members(group)).To(Equal([]string{user}))
	g.Expect(graph.do("DELETE", "/sim/admin/groups/"+group+"/members/"+user, "").status).To(Equal(204))
	g.Expect(graph.do("POST", "/sim/admin/users/"+user+"/disable", "").status).To(Equal(204))
	g.Expect(graph.do("DELETE", "/sim/admin/users/"+guest, "").status).To(Equal(204))
	g.Expect(graph.do("DELETE", "/sim/admin/users/"+guest, "").status).To(Equal(400))
	g.Expect(graph.do("POST", "/sim/admin/users", `{"colour":"blue"}`).status).To(Equal(400))

	graph.invite("ada@partner.example", `"sendInvitationMessage":true`)
	g.Expect(graph.get("/sim/mailbox/ada@partner.example").raw).To(ContainSubstring(`"redeemPath":"/redeem?ticket=`))
	g.Expect(graph.do("POST", "/sim/redeem", `{"address":"ada@partner.example"}`).text("redirectUrl")).To(Equal("https://wiki.contoso.example/"))
	g.Expect(graph.do("POST", "/sim/redeem", `{"address":"nobody@partner.example"}`).status).To(Equal(409))

	var ledger graphsim.Ledger
	g.Expect(json.Unmarshal([]byte(graph.get("/sim/ledger").raw), &ledger)).To(Succeed())
	g.Expect(ledger.Writes).To(HaveLen(1), "an administrator's work is none of the API")
	g.Expect(ledger.Requests).To(Equal(1))
	g.Expect(ledger.States[guest]).To(HaveEach(HaveField("By", graphsim.ByAdmin)))

	g.Expect(graph.do("POST", "/sim/admin/permissions", `{"permissions":["User.Read.All"]}`).status).To(Equal(204))
	g.Expect(graph.invite("bob@partner.example").status).To(Equal(401))
	g.Expect(graph.do("POST", "/sim/admin/outage", `{"on":true}`).status).To(Equal(204))
	_, err := graph.try("GET", "/v1.0/users", "")
	g.Expect(err).To(HaveOccurred())
	g.Expect(graph.do("POST", "/sim/ledger/reset", "").status).To(Equal(204))
	g.Expect(tenant.Ledger().Requests).To(BeZero())
}
