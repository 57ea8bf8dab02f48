package graphsim_test

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const (
	wikiID     = "11111111-aaaa-4bbb-8ccc-000000000001"
	wikiAppID  = "11111111-aaaa-4bbb-8ccc-000000000002"
	readerRole = "11111111-aaaa-4bbb-8ccc-000000000003"
	editorRole = "11111111-aaaa-4bbb-8ccc-000000000004"
	exportRole = "11111111-aaaa-4bbb-8ccc-000000000005"
	retired    = "11111111-aaaa-4bbb-8ccc-000000000006"
	portalID   = "22222222-aaaa-4bbb-8ccc-000000000001"
)

// givenApplications are a wiki with roles and a portal without.
func givenApplications(t *graphsim.Tenant) {
	t.AddServicePrincipal(graphsim.ServicePrincipal{
		ID: wikiID, AppID: wikiAppID, DisplayName: "Project Wiki", AppRoleAssignmentRequired: true,
		AppRoles: []graphsim.AppRole{
			{ID: readerRole, Value: "Reader", DisplayName: "Readers"},
			{ID: editorRole, Value: "Editor"},
			{ID: exportRole, Value: "Export", AllowedMemberTypes: []string{"Application"}},
			{ID: retired, Value: "Old", Disabled: true},
		},
	})
	t.AddServicePrincipal(graphsim.ServicePrincipal{ID: portalID, DisplayName: "Partner Portal"})
}

func grantOf(principal, resource, role string) string {
	return `{"principalId":"` + principal + `","resourceId":"` + resource + `","appRoleId":"` + role + `"}`
}

func (c client) assignTo(resource, principal, role string) response {
	c.t.Helper()
	return c.do(http.MethodPost, "/v1.0/servicePrincipals/"+resource+"/appRoleAssignedTo", grantOf(principal, resource, role))
}

func TestApplicationsAreFoundByIdAndNameAndShowTheirRoles(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	g.Expect(graph.get("/v1.0/servicePrincipals").column("displayName")).To(Equal([]string{"Project Wiki", "Partner Portal"}))
	for _, filter := range []string{
		"appId eq '" + wikiAppID + "'", "displayName eq 'project wiki'", "startswith(displayName,'Proj')", "id eq '" + wikiID + "'",
	} {
		g.Expect(graph.filter("servicePrincipals", filter).column("id")).To(Equal([]string{wikiID}), filter)
	}
	g.Expect(graph.filter("servicePrincipals", "displayName eq 'Wiki'").values()).To(BeEmpty())
	g.Expect(graph.filter("servicePrincipals", "appRoleAssignmentRequired eq true").code()).To(Equal("Request_UnsupportedQuery"))
	g.Expect(graph.get("/v1.0/servicePrincipals/$count", advanced).raw).To(Equal("2"))

	for _, key := range []string{"/" + wikiID, "(appId='" + wikiAppID + "')", "(AppID=%27" + wikiAppID + "%27)"} {
		path := "/v1.0/servicePrincipals" + key
		wiki := graph.get(path + "?$select=id,appId,displayName,appRoleAssignmentRequired,appRoles,accountEnabled,servicePrincipalType")
		g.Expect(wiki.status).To(Equal(http.StatusOK), path)
		delete(wiki.body, "@odata.context")
		roles := wiki.body["appRoles"]
		delete(wiki.body, "appRoles")
		g.Expect(wiki.body).To(Equal(map[string]any{
			"id": wikiID, "appId": wikiAppID, "displayName": "Project Wiki", "appRoleAssignmentRequired": true,
			"accountEnabled": true, "servicePrincipalType": "Application",
		}))
		g.Expect(roles).To(HaveLen(4))
		g.Expect(roles).To(ContainElement(map[string]any{
			"id": readerRole, "value": "Reader", "displayName": "Readers", "description": nil, "allowedMemberTypes": []any{"User"},
			"isEnabled": true, "origin": "Application",
		}))
		g.Expect(roles).To(ContainElement(SatisfyAll(HaveKeyWithValue("value", "Old"), HaveKeyWithValue("isEnabled", false))))
	}
	g.Expect(graph.get("/v1.0/servicePrincipals(appId='nobody')").status).To(Equal(http.StatusNotFound))
	g.Expect(graph.get("/v1.0/servicePrincipals/"+wikiAppID).status).To(Equal(http.StatusNotFound), "the other id")
}

func TestCallsToApplicationsCostWhatIsPublished(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	ada := tenant.AddGuest("ada@partner.example", "Ada")
	tenant.SetQuota(graphsim.Quota{ResourceUnits: 8000, Writes: 3})
	for _, path := range []string{
		"servicePrincipals", "servicePrincipals/" + wikiID, "servicePrincipals/" + wikiID + "/appRoleAssignedTo",
		"users/" + ada + "/appRoleAssignments", "users/" + ada + "/sponsors",
	} {
		g.Expect(graph.get("/v1.0/"+path).header.Get("x-ms-resource-unit")).To(Equal("1"), path)
	}
	g.Expect(graph.get("/v1.0/users/" + ada + "?$expand=sponsors").header.Get("x-ms-resource-unit")).To(Equal("2"))
	g.Expect(graph.assignTo(wikiID, ada, readerRole).header.Get("x-ms-resource-unit")).To(Equal("1"))
	g.Expect(graph.assignTo(wikiID, ada, editorRole).status).To(Equal(http.StatusCreated))
	g.Expect(graph.do("POST", "/v1.0/users/"+ada+"/revokeSignInSessions", "").status).To(Equal(http.StatusOK))
	g.Expect(graph.assignTo(portalID, ada, graphsim.DefaultAccess).status).To(Equal(http.StatusTooManyRequests), "each was a write")
}

func TestAnApplicationWithdrawsARole(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	ada := tenant.AddGuest("ada@partner.example", "Ada")
	g.Expect(graph.assignTo(wikiID, ada, readerRole).status).To(Equal(http.StatusCreated))
	g.Expect(tenant.UpdateServicePrincipal(wikiID, func(p *graphsim.ServicePrincipal) { p.AppRoles = p.AppRoles[1:] })).To(Succeed())
	g.Expect(graph.assignTo(wikiID, tenant.AddGuest("bob@partner.example", "Bob"), readerRole).status).To(Equal(http.StatusBadRequest))
	g.Expect(tenant.Assignments(ada)).To(HaveLen(1), "what was assigned stays")
	g.Expect(tenant.UpdateServicePrincipal(ada, func(*graphsim.ServicePrincipal) {})).NotTo(Succeed())
}
