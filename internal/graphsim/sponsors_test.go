package graphsim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func (c client) addSponsor(user, set, sponsor string) response {
	c.t.Helper()
	return c.do(http.MethodPost, "/v1.0/users/"+user+"/sponsors/$ref", `{"@odata.id":"`+c.url+`/v1.0/`+set+`/`+sponsor+`"}`)
}

func (c client) removeSponsor(user, sponsor string) response {
	c.t.Helper()
	return c.do(http.MethodDelete, "/v1.0/users/"+user+"/sponsors/"+sponsor+"/$ref", "")
}

// employees adds people who can vouch for others.
func employees(tenant *graphsim.Tenant, n int) (ids []string) {
	for i := range n {
		ids = append(ids, tenant.AddUser(graphsim.User{DisplayName: fmt.Sprintf("Employee %d", i), Mail: fmt.Sprintf("e%d@contoso.example", i)}))
	}
	return ids
}

func TestUsersAndGroupsAreSponsors(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, owner := graph.inviteID("ada@partner.example"), employees(tenant, 1)[0]
	team := tenant.AddGroup(graphsim.Group{DisplayName: "Sponsors"})
	g.Expect(graph.addSponsor(id, "users", owner).status).To(Equal(http.StatusNoContent))
	g.Expect(graph.addSponsor(id, "groups", team).status).To(Equal(http.StatusNoContent))

	list := graph.get("/v1.0/users/" + id + "/sponsors?$select=id,displayName&$top=1")
	g.Expect(list.values()).To(Equal([]map[string]any{{"@odata.type": "#microsoft.graph.user", "id": owner, "displayName": "Employee 0"}}))
	rest := graph.get(list.text("@odata.nextLink"))
	g.Expect(rest.values()).To(Equal([]map[string]any{{"@odata.type": "#microsoft.graph.group", "id": team, "displayName": "Sponsors"}}))
	g.Expect(rest.body).NotTo(HaveKey("@odata.nextLink"))

	expanded := graph.get("/v1.0/users/" + id + "?$select=id&$expand=sponsors($select=id,displayName)")
	g.Expect(expanded.body["sponsors"]).To(ConsistOf(HaveKeyWithValue("id", owner), HaveKeyWithValue("id", team)))

	g.Expect(graph.removeSponsor(id, owner).status).To(Equal(http.StatusNoContent))
	g.Expect(graph.get("/v1.0/users/" + id + "/sponsors").column("id")).To(Equal([]string{team}))

	ledger := tenant.Ledger()
	g.Expect(ledger.SponsorsAdded).To(HaveExactElements(
		SatisfyAll(HaveField("UserID", id), HaveField("SponsorID", owner), HaveField("By", graphsim.ByAPI)), HaveField("SponsorID", team)))
	g.Expect(ledger.SponsorsRemoved).To(HaveExactElements(
		SatisfyAll(HaveField("UserID", id), HaveField("SponsorID", owner), HaveField("By", graphsim.ByAPI))))
	g.Expect(ledger.WritesOf("POST /users/{id}/sponsors/$ref")[0]).To(SatisfyAll(HaveField("Target", id+"/"+owner), HaveField("UserID", id)))
}

func TestSponsorsThatAreRefused(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, six := graph.inviteID("ada@partner.example"), employees(tenant, 6)
	for _, owner := range six[:5] {
		g.Expect(graph.addSponsor(id, "users", owner).status).To(Equal(http.StatusNoContent))
	}
	again := graph.addSponsor(id, "users", six[0])
	g.Expect(again.status).To(Equal(http.StatusBadRequest))
	g.Expect(again.code()).To(Equal("Request_BadRequest"))
	g.Expect(again.message()).To(Equal("One or more added object references already exist for the following modified properties: 'sponsors'."))
	sixth := graph.addSponsor(id, "users", six[5])
	g.Expect(sixth.status).To(Equal(http.StatusBadRequest))
	g.Expect(sixth.code()).To(Equal("Request_BadRequest"))

	nobody := graph.addSponsor(id, "users", "nobody")
	g.Expect(nobody.status).To(Equal(http.StatusNotFound))
	g.Expect(nobody.message()).To(Equal("Resource 'nobody' does not exist or one of its queried reference-property objects are not present."))
	g.Expect(graph.removeSponsor(id, six[5]).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.addSponsor("nobody", "users", six[0]).status).To(Equal(http.StatusNotFound))
	user, _ := tenant.User(id)
	g.Expect(user.Sponsors).To(Equal(six[:5]))
	g.Expect(tenant.Ledger().SponsorsAdded).To(HaveLen(5))
}

func TestASponsorWhoIsDeletedIsHiddenAndKeepsTheirPlaceUntilPurged(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, six := graph.inviteID("ada@partner.example"), employees(tenant, 6)
	for _, owner := range six[:5] {
		graph.addSponsor(id, "users", owner)
	}
	g.Expect(tenant.DeleteUser(six[0])).To(Succeed())
	g.Expect(graph.get("/v1.0/users/" + id + "/sponsors").column("id")).To(Equal(six[1:5]))
	g.Expect(graph.addSponsor(id, "users", six[5]).status).To(Equal(http.StatusBadRequest))
	g.Expect(tenant.RestoreUser(six[0])).To(Succeed())
	g.Expect(graph.get("/v1.0/users/" + id + "/sponsors").column("id")).To(Equal(six[:5]))

	g.Expect(tenant.DeleteUser(six[0])).To(Succeed())
	tenant.PurgeDeleted()
	g.Expect(graph.addSponsor(id, "users", six[5]).status).To(Equal(http.StatusNoContent))
	g.Expect(graph.get("/v1.0/users/" + id + "/sponsors").column("id")).To(Equal(six[1:]))
}

func TestANewGuestIsGivenSponsorsOnceReplicated(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	owner := employees(tenant, 1)[0]
	tenant.SetLag(graphsim.Lag{Writes: graphsim.Replication{Misses: 1}})
	id := graph.inviteID("ada@partner.example")
	g.Expect(graph.addSponsor(id, "users", owner).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.addSponsor(id, "users", owner).status).To(Equal(http.StatusNoContent))
}

func TestSponsorsOfAnInvitationAreStoredUpToFive(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	owner, team := employees(tenant, 1)[0], tenant.AddGroup(graphsim.Group{DisplayName: "Sponsors"})
	user := `{"@odata.type":"#microsoft.graph.user","id":"` + owner + `"}`
	group := `{"@odata.type":"#microsoft.graph.group","id":"` + team + `"}`
	id := graph.inviteID("ada@partner.example", `"invitedUserSponsors":[`+user+`,`+group+`]`)
	guest, _ := tenant.User(id)
	g.Expect(guest.Sponsors).To(Equal([]string{owner, team}))
	g.Expect(tenant.Ledger().SponsorsAdded).To(HaveLen(2))

	six := strings.TrimSuffix(strings.Repeat(user+",", 6), ",")
	g.Expect(graph.invite("bob@partner.example", `"invitedUserSponsors":[`+six+`]`).status).To(Equal(http.StatusBadRequest))
	g.Expect(tenant.Users()).To(HaveLen(2), "nobody was invited")
}
