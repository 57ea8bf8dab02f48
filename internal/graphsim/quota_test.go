package graphsim_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func heldTo(q graphsim.Quota) func(*graphsim.Options) {
	return func(o *graphsim.Options) { o.Quota = q }
}

func TestThePublishedQuotasOfATenantBySize(t *testing.T) {
	g := NewWithT(t)
	for size, units := range map[string]int{"S": 3500, "M": 5000, "L": 8000} {
		g.Expect(graphsim.QuotaOf(size)).To(Equal(graphsim.Quota{ResourceUnits: units, Writes: 3000, TenantWrites: 18000, Invitations: 150}))
	}
	g.Expect(graphsim.QuotaOf("none")).To(BeZero())
	_, err := graphsim.QuotaOf("XL")
	g.Expect(err).To(MatchError(ContainSubstring("XL")))
}

func TestCallsCostWhatMicrosoftsTableSays(t *testing.T) {
	tests := []struct {
		method, path string
		units        string
	}{
		{"GET", "/users", "2"},
		{"GET", "/users?$select=id", "1"},
		{"GET", "/users?$top=10", "1"},
		{"GET", "/users?$top=20", "2"},
		{"GET", "/users?$select=id&$top=10", "1"},
		{"GET", "/users?$expand=manager", "3"},
		{"GET", "/users?%24select=id&%24expand=manager", "2"},
		{"GET", "/users/x", "1"},
		{"GET", "/users/x/memberOf", "2"},
		{"GET", "/users/x/transitiveMemberOf/graph.group", "2"},
		{"GET", "/groups/x/members", "3"},
		{"GET", "/groups/x/members?$select=id", "2"},
		{"GET", "/groups/x/members/microsoft.graph.user", "3"},
		{"GET", "/groups/x/transitiveMembers", "5"},
		{"GET", "/groups/x/owners", "1"},
		{"GET", "/groups", "1"},
		{"POST", "/directoryObjects/getByIds", "5"},
		{"POST", "/directoryObjects/getByIds?$select=id", "2"},
		{"POST", "/users/x/checkMemberGroups", "4"},
		{"POST", "/groups/x/checkMemberObjects", "4"},
		{"POST", "/directoryObjects/x/getMemberGroups", "2"},
		{"POST", "/invitations", "1"},
		{"PATCH", "/groups/x", "1"},
		{"DELETE", "/groups/x/members/y/$ref", "1"},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			_, graph := newTenant(t, heldTo(graphsim.Quota{ResourceUnits: 1000}))
			NewWithT(t).Expect(graph.do(test.method, "/v1.0"+test.path, "").header.Get("x-ms-resource-unit")).To(Equal(test.units))
		})
	}
}

func TestWithoutAQuotaNothingIsThrottledOrTold(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	g.Expect(graph.get("/v1.0/users").header).NotTo(HaveKey("X-Ms-Resource-Unit"))
	tenant.SetQuota(graphsim.Quota{Writes: 1})
	graph.invite("ada@partner.example")
	g.Expect(graph.invite("ben@partner.example").status).To(Equal(http.StatusTooManyRequests))
	tenant.SetQuota(graphsim.Quota{})
	g.Expect(graph.invite("ben@partner.example").status).To(Equal(http.StatusCreated))
}

func TestWritesAreThrottledUntilThereIsRoomAndReadsAreNot(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock), heldTo(graphsim.Quota{ResourceUnits: 1000, Writes: 30}))
	for i := range 30 {
		g.Expect(graph.invite(fmt.Sprintf("user%d@partner.example", i)).status).To(Equal(http.StatusCreated))
	}
	refused := graph.invite("late@partner.example")
	g.Expect(refused.status).To(Equal(http.StatusTooManyRequests))
	g.Expect(refused.header.Get("Retry-After")).To(Equal("5"), "a write each 5 s")
	g.Expect(refused.header.Get("x-ms-throttle-scope")).To(Equal("Tenant_Application/Write/00000000-0000-0000-0000-000000000000/" + tenant.TenantID()))
	g.Expect(refused.header.Get("x-ms-throttle-information")).To(Equal("WriteLimitExceeded"))
	g.Expect(refused.header.Get("x-ms-resource-unit")).To(Equal("1"))
	g.Expect(refused.code()).To(Equal("TooManyRequests"))
	g.Expect(refused.body["error"]).To(HaveKeyWithValue("innerError", HaveKeyWithValue("status", "429")))
	g.Expect(graph.get("/v1.0/users").status).To(Equal(http.StatusOK))
	clock.advance(4 * time.Second)
	g.Expect(graph.invite("late@partner.example").status).To(Equal(http.StatusTooManyRequests))
	clock.advance(time.Second)
	g.Expect(graph.invite("late@partner.example").status).To(Equal(http.StatusCreated), "what was throttled cost no write")
	g.Expect(tenant.Ledger().Throttled).To(Equal(2))
	g.Expect(tenant.Ledger().EarlyCalls).To(HaveExactElements(HaveField("Class", "POST /invitations")), "reads may go on")
	g.Expect(tenant.Users()).To(HaveLen(31))
}

func TestThrottledCallsStillCostResourceUnits(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock), heldTo(graphsim.Quota{ResourceUnits: 10}))
	for i, want := range []string{"", "", "", "0.80", "1.00", "1.20", "1.40", "1.60", "1.80", "1.80"} {
		answer := graph.get("/v1.0/users")
		g.Expect(answer.header.Get("x-ms-throttle-limit-percentage")).To(Equal(want), strconv.Itoa(i))
		g.Expect(answer.status == http.StatusTooManyRequests).To(Equal(i >= 5), strconv.Itoa(i))
	}
	refused := graph.get("/v1.0/users/x")
	g.Expect(refused.header.Get("Retry-After")).To(Equal("9"), "8 below nothing, and 1 needed")
	g.Expect(refused.header.Get("x-ms-throttle-scope")).To(HavePrefix("Tenant_Application/ReadWrite/"))
	g.Expect(refused.header.Get("x-ms-throttle-information")).To(Equal("ResourceUnitLimitExceeded"))
	clock.advance(10 * time.Second) // as the costlier call before was told
	g.Expect(graph.get("/v1.0/users/x").status).To(Equal(http.StatusNotFound))
	g.Expect(tenant.Ledger().EarlyCalls).To(HaveLen(5))
	clock.advance(time.Hour)
	g.Expect(graph.get("/v1.0/users/x").header).NotTo(HaveKey("X-Ms-Throttle-Limit-Percentage"), "full again, and no more than full")
}

func TestInvitationsHaveALimitOfTheirOwnAndCountAsWritesUnlessToldOtherwise(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	limits := graphsim.Quota{ResourceUnits: 1000, Writes: 100, Invitations: 5}
	tenant, graph := newTenant(t, at(clock), heldTo(limits))
	inviteFive := func(name string) (last response) {
		for i := range 5 {
			last = graph.invite(fmt.Sprintf("%s%d@partner.example", name, i))
			g.Expect(last.status).To(Equal(http.StatusCreated))
		}
		return last
	}
	inviteFive("a")
	refused := graph.invite("late@partner.example")
	g.Expect(refused.status).To(Equal(http.StatusTooManyRequests))
	g.Expect(refused.header.Get("Retry-After")).To(Equal("1"))
	g.Expect(refused.header).NotTo(HaveKey("X-Ms-Throttle-Scope"), "another service than the directory")
	g.Expect(graph.do("POST", "/v1.0/groups", "{}").status).To(Equal(http.StatusBadRequest), "other writes go on")
	g.Expect(tenant.Ledger().EarlyCalls).To(BeEmpty())

	tenant.SetQuota(graphsim.Quota{Writes: 3, Invitations: 5, InvitationsOutside: true})
	g.Expect(inviteFive("b").header).NotTo(HaveKey("X-Ms-Resource-Unit"))
	tenant.SetQuota(graphsim.Quota{Writes: 3, Invitations: 5})
	for range 3 {
		graph.invite("c@partner.example")
	}
	g.Expect(graph.invite("c@partner.example").header.Get("x-ms-throttle-scope")).To(HavePrefix("Tenant_Application/Write/"))
}

func TestQuotasAreOfOneApplicationOrOfAllOfTheTenant(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t, heldTo(graphsim.Quota{Writes: 2, TenantWrites: 3}))
	as := func(app string) client {
		answer := graph.do(http.MethodPost, "/"+tenant.TenantID()+"/oauth2/v2.0/token",
			"grant_type=client_credentials&client_id="+app+"&client_secret=s&scope="+graph.url+"/.default",
			"Content-Type: application/x-www-form-urlencoded")
		return client{t, graph.url, answer.text("access_token")}
	}
	one, other := as("one"), as("other")
	g.Expect(one.invite("a@partner.example").status).To(Equal(201))
	g.Expect(one.invite("b@partner.example").status).To(Equal(201))
	g.Expect(one.invite("c@partner.example").header.Get("x-ms-throttle-scope")).To(Equal("Tenant_Application/Write/one/" + tenant.TenantID()))
	g.Expect(other.invite("c@partner.example").status).To(Equal(201))
	g.Expect(tenant.Ledger().EarlyCalls).To(BeEmpty(), "nobody has told the other")
	g.Expect(other.invite("d@partner.example").header.Get("x-ms-throttle-scope")).To(Equal("Tenant/Write/other/" + tenant.TenantID()))
}

func TestItemsOfABatchAreChargedAndThrottledOneByOne(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t, at(newClock()), heldTo(graphsim.Quota{ResourceUnits: 100, Writes: 2}))
	var asked []string
	for i := range 3 {
		asked = append(asked, item(strconv.Itoa(i), "POST", "/invitations", withBody(invitationOf(fmt.Sprintf("user%d@partner.example", i)))))
	}
	envelope := graph.batch(append(asked, item("read", "GET", "/users"))...)
	g.Expect(envelope.header).NotTo(HaveKey("Retry-After"))
	answers, _ := envelope.items(g)
	g.Expect(answers["1"].status).To(Equal(201))
	g.Expect(answers["2"].status).To(Equal(429))
	g.Expect(answers["2"].header.Get("Retry-After")).To(Equal("75"))
	g.Expect(answers["2"].header.Get("x-ms-throttle-information")).To(Equal("WriteLimitExceeded"))
	g.Expect(answers["2"].code()).To(Equal("TooManyRequests"))
	g.Expect(answers["read"].header.Get("x-ms-resource-unit")).To(Equal("2"))
	g.Expect(tenant.Ledger().Throttled).To(Equal(1))
}
