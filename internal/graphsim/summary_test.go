package graphsim_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestTheSummaryGivesTheTotalsOfTheLedger(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	graph.invite("ada@partner.example", `"sendInvitationMessage":true`)
	graph.invite("ada@partner.example", `"sendInvitationMessage":true`)
	id := graph.inviteID("ben@partner.example", `"sendInvitationMessage":true`)
	graph.addMember(group, id)
	graph.addMember(group, id)
	graph.batch(item("1", "GET", "/users"), item("2", "DELETE", "/users/"+id), item("3", "GET", "/nothing"))
	graph.do("POST", "/v1.0/users/"+id+"/getMemberGroups", "{}")
	graph.do(http.MethodPost, "/"+tenant.TenantID()+"/oauth2/v2.0/token", "grant_type=client_credentials")
	tenant.Inject(graphsim.Fault{Times: 1, Effect: graphsim.Throttle("10")})
	graph.get("/v1.0/users")
	graph.get("/v1.0/users")
	clock.advance(time.Second)
	graph.get("/v1.0/users")

	var s graphsim.Summary
	g.Expect(json.Unmarshal([]byte(graph.get("/sim/ledger/summary").raw), &s)).To(Succeed())
	g.Expect(s.Calls).To(Equal(tenant.Ledger().Calls))
	s.Calls = nil
	g.Expect(s).To(Equal(graphsim.Summary{
		Time: clock.Time, Requests: 11, BatchItems: 3, Reads: 5, WriteCalls: 6, Writes: 5, Mails: 3, MostMails: 2,
		Throttled: 1, EarlyCalls: 2, LateEarlyCalls: 1, TokenRequests: 1, UnknownPaths: 1, MembersAdded: 1, UsersDeleted: 1,
	}))
	tenant.ResetCounters()
	g.Expect(tenant.Summary()).To(Equal(graphsim.Summary{Time: clock.Time, Calls: map[string]int{}}))
}

func TestHandshakesOfTLSAreCounted(t *testing.T) {
	g := NewWithT(t)
	tenant, _ := newTenant(t)
	secure, err := tenant.StartTLS("127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer secure.Close()
	client := trusting(secure)
	for range 2 {
		answer, err := client.Get(secure.URL + "/sim/ledger/summary")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(answer.Body.Close()).To(Succeed())
		client.CloseIdleConnections()
	}
	g.Expect(tenant.Summary().TLSHandshakes).To(Equal(2))
}

func TestAPopulationIsMadeAtOnceAndRedeemsAtOnce(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	g.Expect(graph.do("POST", "/sim/population", `{"guests":3,"first":7,"address":"g%d@partner.example","pending":true,"groups":["`+group+`"]}`).
		body).To(HaveKeyWithValue("guests", BeEquivalentTo(3)))
	g.Expect(graph.do("POST", "/sim/population", `{"guests":2}`).status).To(Equal(200))
	g.Expect(tenant.Members(group)).To(HaveLen(3))
	pending, _ := tenant.UserByAddress("g9@partner.example")
	g.Expect(pending.ExternalUserState).To(Equal("PendingAcceptance"))
	settled, _ := tenant.UserByAddress("guest1@partner.example")
	g.Expect(settled.ExternalUserState).To(Equal("Accepted"))
	g.Expect(tenant.Mailbox("")).To(BeEmpty())

	answer := graph.do("POST", "/sim/redemptions", `{"guests":["g7@partner.example","`+pending.ID+`","nobody@partner.example"]}`)
	g.Expect(answer.body).To(HaveKeyWithValue("redeemed", BeEquivalentTo(2)))
	g.Expect(answer.body["failed"]).To(HaveKey("nobody@partner.example"))
	pending, _ = tenant.User(pending.ID)
	g.Expect(pending.ExternalUserState).To(Equal("Accepted"))
	g.Expect(graph.filter("users", "externalUserState eq 'PendingAcceptance'").column("mail")).To(Equal([]string{"g8@partner.example"}))

	for _, wrong := range []string{`{"guests":1,"address":"a@b"}`, `{"guests":1,"address":"%s%d@b"}`, `{"guests":1,"groups":["x"]}`} {
		g.Expect(graph.do("POST", "/sim/population", wrong).status).To(Equal(400), wrong)
	}
	g.Expect(tenant.Users()).To(HaveLen(5))
}

func TestSettingsChangeAtRunTimeAllOrNone(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	set := func(body string) int { return graph.do("POST", "/sim/settings", body).status }
	g.Expect(set(`{"quota":"S","invitationsOutsideWriteQuota":true}`)).To(Equal(204))
	g.Expect(graph.get("/v1.0/users").header.Get("x-ms-resource-unit")).To(Equal("2"))
	g.Expect(graph.invite("ada@partner.example").header).NotTo(HaveKey("X-Ms-Resource-Unit"))
	g.Expect(set(`{"quota":"none","latency":"soon"}`)).To(Equal(400))
	g.Expect(set(`{"latency":"1ms","quota":"XL"}`)).To(Equal(400))
	g.Expect(graph.get("/v1.0/users").header.Get("x-ms-resource-unit")).To(Equal("2"), "nothing was changed")
	g.Expect(set(`{"latency":"1ms","silentDelta":true,"quota":"none"}`)).To(Equal(204))
	g.Expect(graph.get("/v1.0/users").header).NotTo(HaveKey("X-Ms-Resource-Unit"))
}
