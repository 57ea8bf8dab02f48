package graphsim_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestEveryAnswerCarriesTheDirectorysHeaders(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	_, graph := newTenant(t, at(clock))
	for _, path := range []string{"/v1.0/users", "/v1.0/users/nobody", "/v1.0/nothing"} {
		answer := graph.get(path, "client-request-id: 7f1c")
		g.Expect(answer.header.Get("Date")).To(Equal("Tue, 24 Nov 2026 08:00:00 GMT"), "the directory's clock")
		g.Expect(answer.header.Get("request-id")).To(HaveLen(36))
		g.Expect(answer.header.Get("client-request-id")).To(Equal("7f1c"))
		g.Expect(answer.header.Get("x-ms-ags-diagnostic")).NotTo(BeEmpty())
		g.Expect(answer.header.Get("Content-Type")).To(HavePrefix("application/json"))
	}
}

func TestErrorsComeInGraphsEnvelope(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t, at(newClock()))
	answer := graph.get("/v1.0/users/nobody", "client-request-id: 7f1c")
	g.Expect(answer.body["error"]).To(HaveKeyWithValue("innerError", SatisfyAll(
		HaveKeyWithValue("date", "2026-11-24T08:00:00"),
		HaveKeyWithValue("request-id", answer.header.Get("request-id")),
		HaveKeyWithValue("client-request-id", "7f1c"))))
}

func TestPathsThatNothingServes(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	for _, path := range []string{"/v1.0/devices", "/v1.0/users/x/drive", "/beta/users", "/v1.0/"} {
		answer := graph.get(path)
		g.Expect(answer.status).To(Equal(http.StatusNotFound), path)
		g.Expect(answer.code()).NotTo(BeEmpty())
	}
	g.Expect(tenant.Ledger().UnknownPaths).To(HaveLen(4))
	g.Expect(tenant.Ledger().UnknownPaths).To(HaveKeyWithValue("GET /v1.0/devices", 1))
	g.Expect(graph.do("PUT", "/v1.0/users/x", "{}").status).To(Equal(http.StatusMethodNotAllowed))
}

func TestCallsWithoutATokenAreRefused(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	graph.token = ""
	answer := graph.invite("ada@partner.example")
	g.Expect(answer.status).To(Equal(http.StatusUnauthorized))
	g.Expect(answer.code()).To(Equal("InvalidAuthenticationToken"))
	g.Expect(answer.header.Get("WWW-Authenticate")).To(HavePrefix("Bearer"))
	g.Expect(tenant.Users()).To(BeEmpty())

	strict := graphsim.Options{}
	_, graph = newTenant(t, func(o *graphsim.Options) { *o = strict })
	g.Expect(graph.get("/v1.0/users").code()).To(Equal("InvalidAuthenticationToken"), "a token of somebody else")
}

func TestEachOperationNeedsItsPermission(t *testing.T) {
	tests := []struct{ method, path, permission string }{
		{"GET", "/users", "User.Read.All"},
		{"GET", "/users/x", "User.Read.All"},
		{"PATCH", "/users/x", "User.ReadWrite.All"},
		{"DELETE", "/users/x", "User.DeleteRestore.All"},
		{"GET", "/directory/deletedItems/graph.user", "User.Read.All"},
		{"POST", "/directory/deletedItems/x/restore", "User.DeleteRestore.All"},
		{"GET", "/users/x/sponsors", "User.Read.All"},
		{"POST", "/users/x/sponsors/$ref", "User.ReadWrite.All"},
		{"DELETE", "/users/x/sponsors/y/$ref", "User.ReadWrite.All"},
		{"POST", "/users/x/revokeSignInSessions", "User.RevokeSessions.All"},
		{"GET", "/servicePrincipals", "Application.Read.All"},
		{"GET", "/servicePrincipals/x", "Application.Read.All"},
		{"GET", "/servicePrincipals/x/appRoleAssignedTo", "Application.Read.All"},
		{"DELETE", "/servicePrincipals/x/appRoleAssignedTo/y", "AppRoleAssignment.ReadWrite.All"},
		{"GET", "/users/x/appRoleAssignments", "AppRoleAssignment.ReadWrite.All"},
		{"POST", "/users/x/appRoleAssignments", "AppRoleAssignment.ReadWrite.All"},
		{"DELETE", "/users/x/appRoleAssignments/y", "AppRoleAssignment.ReadWrite.All"},
		{"GET", "/groups", "GroupMember.Read.All"},
		{"GET", "/groups/x/members", "GroupMember.Read.All"},
		{"POST", "/groups/x/members/$ref", "GroupMember.ReadWrite.All"},
		{"DELETE", "/groups/x/members/y/$ref", "GroupMember.ReadWrite.All"},
		{"POST", "/groups", "Group.Create"},
		{"GET", "/organization", "Organization.Read.All"},
		{"GET", "/policies/authorizationPolicy", "Policy.Read.All"},
		{"PATCH", "/policies/authorizationPolicy", "Policy.ReadWrite.Authorization"},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			tenant.SetPermissions([]string{"User.Invite.All"})
			denied := graph.do(test.method, "/v1.0"+test.path, "{}")
			g.Expect(denied.status).To(Equal(http.StatusForbidden))
			g.Expect(denied.code()).To(Equal("Authorization_RequestDenied"))
			tenant.SetPermissions([]string{test.permission})
			g.Expect(graph.do(test.method, "/v1.0"+test.path, "{}").status).NotTo(Equal(http.StatusForbidden))
		})
	}
}

func zipped(t *testing.T, body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCompressedBodies(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	body, compressed := invitationOf("ada@partner.example"), "Content-Encoding: gzip"

	plain := graph.do("POST", "/v1.0/invitations", body, compressed)
	g.Expect(plain.status).To(Equal(http.StatusBadRequest), "the header lies")
	g.Expect(tenant.Users()).To(BeEmpty())
	g.Expect(graph.do("POST", "/v1.0/invitations", zipped(t, body), compressed).status).To(Equal(http.StatusCreated))

	tenant.Configure(func(b *graphsim.Behaviour) { b.RefuseGzip = true })
	g.Expect(graph.do("POST", "/v1.0/invitations", zipped(t, body), compressed).status).To(Equal(http.StatusUnsupportedMediaType))
	g.Expect(graph.do("POST", "/v1.0/invitations", body).status).To(Equal(http.StatusCreated))
}

func TestLargeAnswersAreCompressedForClientsThatAskForIt(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	manyUsers(tenant, 50)
	g.Expect(graph.get("/v1.0/users", "Accept-Encoding: gzip").header.Get("Content-Encoding")).To(Equal("gzip"))
	g.Expect(graph.get("/v1.0/users").values()).To(HaveLen(50))
}

func TestBodiesThatAreNoJSONAreRefused(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	for _, body := range []string{"", "null", "[]", "{", "text"} {
		g.Expect(graph.do("POST", "/v1.0/invitations", body).status).To(Equal(http.StatusBadRequest), body)
	}
	g.Expect(graph.do("POST", "/v1.0/invitations", invitationOf("a@b.example"), "Content-Type: text/plain").message()).To(HavePrefix("Unable to read JSON request payload."))
}

func TestQueryOptionsAreTakenWithAndWithoutTheDollarSign(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	graph.inviteID("ada@partner.example")
	for _, query := range []string{"$select=mail&$top=1", "%24select=mail&%24top=1", "select=mail&top=1", "$Select=mail"} {
		g.Expect(graph.get("/v1.0/users?"+query).values()).To(Equal([]map[string]any{{"mail": "ada@partner.example"}}), query)
	}
	g.Expect(graph.get("/v1.0/users?$colour=blue").status).To(Equal(http.StatusBadRequest))
	g.Expect(graph.get("/v1.0/users?$top=1&$top=2").status).To(Equal(http.StatusBadRequest))
}

func TestTheOrganizationNamesItsDomains(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.AddVerifiedDomain("fabrikam.example")
	organization := graph.get("/v1.0/organization?$select=id,displayName,verifiedDomains").values()
	g.Expect(organization).To(HaveLen(1))
	g.Expect(organization[0]).To(HaveKeyWithValue("id", graphsim.DefaultTenantID))
	g.Expect(organization[0]["verifiedDomains"]).To(ContainElement(HaveKeyWithValue("name", "fabrikam.example")))
	g.Expect(organization[0]["verifiedDomains"]).To(ContainElement(HaveKeyWithValue("isInitial", true)))
}

func TestTheAuthorizationPolicyDecidesWhoMayInvite(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	const path = "/v1.0/policies/authorizationPolicy"
	g.Expect(graph.get(path).text("allowInvitesFrom")).To(Equal("everyone"))
	g.Expect(graph.do("PATCH", path, `{"allowInvitesFrom":"nobody"}`).status).To(Equal(http.StatusBadRequest))
	g.Expect(graph.do("PATCH", path, `{"allowInvitesFrom":"none","defaultUserRolePermissions":{"allowedToCreateApps":false}}`).status).To(Equal(http.StatusNoContent))
	policy := graph.get(path)
	g.Expect(policy.text("allowInvitesFrom")).To(Equal("none"))
	g.Expect(policy.body["defaultUserRolePermissions"]).To(SatisfyAll(HaveKeyWithValue("allowedToCreateApps", false), HaveKeyWithValue("allowedToReadOtherUsers", true)))
	g.Expect(graph.invite("ada@partner.example").status).To(Equal(http.StatusForbidden))
	g.Expect(graph.do("PATCH", path, `{"allowInvitesFrom":"adminsAndGuestInviters"}`).status).To(Equal(http.StatusNoContent))
	g.Expect(graph.invite("ada@partner.example").status).To(Equal(http.StatusCreated), "an application may")
}

func TestTheSameSeedGivesTheSameIDs(t *testing.T) {
	g := NewWithT(t)
	seeded := func(seed uint64) string {
		return graphsim.New(graphsim.Options{Seed: seed}).AddUser(graphsim.User{DisplayName: "Ada"})
	}
	g.Expect(seeded(7)).To(Equal(seeded(7)))
	g.Expect(seeded(7)).NotTo(Equal(seeded(8)))
	g.Expect(seeded(0)).NotTo(Equal(seeded(0)))
}

func TestLatencyDelaysEveryCall(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.SetLatency(30 * time.Millisecond)
	start := time.Now()
	graph.get("/v1.0/users")
	g.Expect(time.Since(start)).To(BeNumerically(">=", 30*time.Millisecond))
}

func TestTheSeedDataHasAGroupOfEveryKind(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	graphsim.Seed(tenant)
	names := graph.get("/v1.0/groups").column("displayName")
	g.Expect(strings.Join(names, " ")).To(ContainSubstring("sg-project-42-partners"))
	g.Expect(names).To(HaveLen(8))
	guest, found := tenant.UserByAddress("sara.davis@fabrikam.example")
	g.Expect(found).To(BeTrue())
	g.Expect(guest.ExternalUserState).To(Equal("Accepted"))
	g.Expect(tenant.Ledger().Writes).To(BeEmpty())
}
