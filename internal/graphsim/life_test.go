package graphsim_test

import (
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const profile = "givenName,surname,companyName,department,jobTitle,employeeType,usageLocation"

func TestAProfileIsWrittenReadListedAndFollowed(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	link := graph.latest("/v1.0/users/delta?$select=" + profile + ",accountEnabled")
	body := `{"givenName":"Ada","surname":"Lovelace","companyName":"Partner","department":"Engines",` +
		`"jobTitle":"Analyst","employeeType":"Contractor","usageLocation":"GB","accountEnabled":false}`
	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, body).status).To(Equal(http.StatusNoContent))
	want := SatisfyAll(
		HaveKeyWithValue("givenName", "Ada"), HaveKeyWithValue("surname", "Lovelace"), HaveKeyWithValue("companyName", "Partner"),
		HaveKeyWithValue("department", "Engines"), HaveKeyWithValue("jobTitle", "Analyst"), HaveKeyWithValue("employeeType", "Contractor"),
		HaveKeyWithValue("usageLocation", "GB"), HaveKeyWithValue("accountEnabled", false))
	g.Expect(graph.get("/v1.0/users/" + id + "?$select=" + profile + ",accountEnabled").body).To(want)
	g.Expect(graph.get("/v1.0/users?$select=" + profile + ",accountEnabled").values()).To(ConsistOf(want))
	values, link, _ := graph.round(link)
	g.Expect(values).To(ConsistOf(want))

	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, `{"companyName":null,"jobTitle":null}`).status).To(Equal(http.StatusNoContent))
	g.Expect(graph.get("/v1.0/users/" + id + "?$select=" + profile).body).To(SatisfyAll(
		HaveKeyWithValue("companyName", BeNil()), HaveKeyWithValue("jobTitle", BeNil()), HaveKeyWithValue("department", "Engines")))
	values, _, _ = graph.round(link, "Prefer: return=minimal")
	g.Expect(values).To(Equal([]map[string]any{{"id": id, "companyName": nil, "jobTitle": nil}}))

	patches := tenant.Ledger().WritesOf("PATCH /users/{id}")
	g.Expect(patches).To(HaveLen(2))
	g.Expect(patches[1]).To(SatisfyAll(HaveField("UserID", id), HaveField("Properties", []string{"companyName", "jobTitle"})))
}

func TestAnAdministratorsSensitivePropertiesAreNotForApplications(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := tenant.AddUser(graphsim.User{DisplayName: "Admin", DirectoryRole: true})
	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, `{"accountEnabled":false}`).status).To(Equal(http.StatusForbidden))
	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, `{"jobTitle":"Administrator"}`).status).To(Equal(http.StatusNoContent))
	g.Expect(tenant.DeleteUser(id)).To(Succeed())
	g.Expect(graph.do("POST", "/v1.0/directory/deletedItems/"+id+"/restore", "").status).To(Equal(http.StatusForbidden))
}

func TestDisablingNeedsToReadUsersToo(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	tenant.SetPermissions([]string{"User.EnableDisableAccount.All"})
	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, `{"accountEnabled":false}`).status).To(Equal(http.StatusForbidden))
}

func TestRevokedSessionsAreValidFromNowOnly(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	id := graph.inviteID("ada@partner.example")
	validFrom := func() any {
		return graph.get("/v1.0/users/" + id + "?$select=signInSessionsValidFromDateTime").body["signInSessionsValidFromDateTime"]
	}
	g.Expect(validFrom()).To(Equal(clock.Format(time.RFC3339)))
	clock.advance(time.Hour)
	link := graph.latest("/v1.0/users/delta?$select=signInSessionsValidFromDateTime")
	revoked := graph.do("POST", "/v1.0/users/"+id+"/revokeSignInSessions", "")
	g.Expect(revoked.status).To(Equal(http.StatusOK))
	g.Expect(revoked.body).To(HaveKeyWithValue("value", true))
	g.Expect(validFrom()).To(Equal(clock.Format(time.RFC3339)))
	values, _, _ := graph.round(link)
	g.Expect(values).To(ConsistOf(HaveKeyWithValue("id", id)))
	g.Expect(tenant.Ledger().States[id]).To(ContainElement(SatisfyAll(HaveField("State", "sessionsRevoked"), HaveField("By", graphsim.ByAPI))))
	g.Expect(graph.do("POST", "/v1.0/users/nobody/revokeSignInSessions", "").status).To(Equal(http.StatusNotFound))
}

func TestARestoredUserComesBackAsTheyWereAndIsReported(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, owner := graph.inviteID("ada@partner.example"), employees(tenant, 1)[0]
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	graph.addMember(group, id)
	graph.addSponsor(id, "users", owner)
	graph.do("PATCH", "/v1.0/users/"+id, `{"companyName":"Partner","accountEnabled":false}`)
	before, _ := tenant.User(id)
	graph.do("DELETE", "/v1.0/users/"+id, "")
	link := graph.latest(guestDelta)

	restored := graph.do("POST", "/v1.0/directory/deletedItems/"+id+"/restore", "")
	g.Expect(restored.status).To(Equal(http.StatusOK), restored.raw)
	g.Expect(restored.body).To(SatisfyAll(HaveKeyWithValue("@odata.type", "#microsoft.graph.user"), HaveKeyWithValue("id", id)))
	after, _ := tenant.User(id)
	g.Expect(after).To(Equal(before))
	g.Expect(tenant.Members(group)).To(Equal([]string{id}))
	values, _, _ := graph.round(link)
	g.Expect(values).To(ConsistOf(SatisfyAll(HaveKeyWithValue("id", id), HaveKeyWithValue("mail", "ada@partner.example"))))
	g.Expect(tenant.Ledger().States[id]).To(ContainElement(SatisfyAll(HaveField("State", "restored"), HaveField("By", graphsim.ByAPI))))
	again := graph.do("POST", "/v1.0/directory/deletedItems/"+id+"/restore", "")
	g.Expect(again.status).To(Equal(http.StatusNotFound), "it is not deleted any more")
}

func TestWhoHasLostTheirAddressToSomebodyElseIsNotRestored(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	graph.do("DELETE", "/v1.0/users/"+id, "")
	tenant.AddUser(graphsim.User{DisplayName: "Ada", Mail: "ada@partner.example", UserPrincipalName: "ada@contoso.example"})
	refused := graph.do("POST", "/v1.0/directory/deletedItems/"+id+"/restore", "")
	g.Expect(refused.status).To(Equal(http.StatusBadRequest))
	g.Expect(refused.code()).To(Equal("Request_BadRequest"))
	g.Expect(refused.message()).To(Equal("Another object with the same value for property proxyAddresses already exists."))
	_, deleted := tenant.DeletedUser(id)
	g.Expect(deleted).To(BeTrue())
}

func TestARestoredUserIsOutOfSightUntilReplicated(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	tenant.SetLag(graphsim.Lag{Restores: graphsim.Replication{Delay: time.Minute}})
	id := graph.inviteID("ada@partner.example")
	graph.do("DELETE", "/v1.0/users/"+id, "")
	g.Expect(graph.do("POST", "/v1.0/directory/deletedItems/"+id+"/restore", "").status).To(Equal(http.StatusOK))
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, `{"jobTitle":"x"}`).status).To(Equal(http.StatusNotFound))
	clock.advance(time.Minute)
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusOK))
	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, `{"jobTitle":"x"}`).status).To(Equal(http.StatusNoContent))
}
