package graphsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestAUserIsAssignedARoleAndLosesItAgain(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	givenApplications(tenant)
	ada := graph.inviteID("ada@partner.example", `"invitedUserDisplayName":"Ada"`)
	tenant.ResetCounters()

	made := graph.assignTo(wikiID, ada, readerRole)
	g.Expect(made.status).To(Equal(http.StatusCreated), made.raw)
	id := made.text("id")
	g.Expect(id).To(HaveLen(43))
	want := map[string]any{
		"id": id, "deletedDateTime": nil, "appRoleId": readerRole, "createdDateTime": clock.Format(time.RFC3339), "principalDisplayName": "Ada",
		"principalId": ada, "principalType": "User", "resourceDisplayName": "Project Wiki", "resourceId": wikiID,
	}
	g.Expect(made.text("@odata.context")).To(HaveSuffix("#servicePrincipals('" + wikiID + "')/appRoleAssignedTo/$entity"))
	delete(made.body, "@odata.context")
	g.Expect(made.body).To(Equal(want))
	g.Expect(graph.get("/v1.0/servicePrincipals/" + wikiID + "/appRoleAssignedTo").values()).To(Equal([]map[string]any{want}))
	g.Expect(graph.get("/v1.0/users/" + ada + "/appRoleAssignments").values()).To(Equal([]map[string]any{want}))
	g.Expect(graph.get("/v1.0/servicePrincipals/" + wikiID + "/appRoleAssignedTo/" + id).text("principalId")).To(Equal(ada))
	g.Expect(graph.get("/v1.0/users/" + ada + "/appRoleAssignments/" + id).text("principalId")).To(Equal(ada))

	item := "/v1.0/servicePrincipals/" + wikiID + "/appRoleAssignedTo/" + id
	g.Expect(graph.do("DELETE", strings.ToLower(item), "").status).To(Equal(http.StatusNotFound), "its case matters")
	g.Expect(graph.do("DELETE", item, "").status).To(Equal(http.StatusNoContent))
	missing := graph.do("DELETE", item, "")
	g.Expect(missing.status).To(Equal(http.StatusNotFound))
	g.Expect(missing.code()).To(Equal("Request_ResourceNotFound"))
	g.Expect(tenant.Assignments(ada)).To(BeEmpty())

	ledger := tenant.Ledger()
	change := SatisfyAll(HaveField("AssignmentID", id), HaveField("PrincipalID", ada), HaveField("ResourceID", wikiID),
		HaveField("AppRoleID", readerRole), HaveField("By", graphsim.ByAPI))
	g.Expect(ledger.AssignmentsAdded).To(HaveExactElements(change))
	g.Expect(ledger.AssignmentsRemoved).To(HaveExactElements(change))
	g.Expect(ledger.Writes).To(HaveLen(2))
	g.Expect(ledger.Writes).To(HaveEach(SatisfyAll(
		HaveField("Target", wikiID+"/"+ada), HaveField("UserID", ada), HaveField("ResourceID", wikiID))))
}

func TestAssignmentsAreMadeFromTheUsersSideToo(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	ada, bob := graph.inviteID("ada@partner.example"), graph.inviteID("bob@partner.example")
	path := "/v1.0/users/" + ada + "/appRoleAssignments"
	g.Expect(graph.do("POST", path, grantOf(bob, wikiID, readerRole)).status).To(Equal(http.StatusBadRequest), "somebody else's")
	g.Expect(graph.do("POST", path, grantOf(ada, wikiAppID, readerRole)).status).To(Equal(http.StatusNotFound), "no such service principal")
	g.Expect(graph.do("POST", path, grantOf(ada, portalID, graphsim.DefaultAccess)).status).To(Equal(http.StatusCreated))
	wiki := graph.do("POST", path, grantOf(ada, wikiID, strings.ToUpper(readerRole)))
	g.Expect(wiki.status).To(Equal(http.StatusCreated))

	ofWiki := graph.filter("users/"+ada+"/appRoleAssignments", "resourceId eq "+wikiID)
	g.Expect(ofWiki.column("id")).To(Equal([]string{wiki.text("id")}))
	quoted := graph.filter("users/"+ada+"/appRoleAssignments", "resourceId eq '"+wikiID+"'")
	g.Expect(quoted.status).To(Equal(http.StatusBadRequest))
	g.Expect(quoted.message()).To(ContainSubstring("incompatible types"))
	byPrincipal := graph.filter("servicePrincipals/"+wikiID+"/appRoleAssignedTo", "principalId eq "+ada)
	g.Expect(byPrincipal.code()).To(Equal("Request_UnsupportedQuery"))

	first := graph.get(path + "?$top=1")
	g.Expect(first.column("resourceId")).To(Equal([]string{portalID}))
	g.Expect(graph.get(first.text("@odata.nextLink")).column("resourceId")).To(Equal([]string{wikiID}))

	elsewhere := graph.do("DELETE", "/v1.0/users/"+bob+"/appRoleAssignments/"+wiki.text("id"), "")
	g.Expect(elsewhere.status).To(Equal(http.StatusBadRequest))
	g.Expect(elsewhere.message()).To(Equal("EntitlementGrant being updated or deleted is not found."))
	g.Expect(graph.do("DELETE", path+"/"+wiki.text("id"), "").status).To(Equal(http.StatusNoContent))
	g.Expect(tenant.Assignments(wikiID)).To(BeEmpty())
}

func TestAssignmentsThatAreRefused(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	ada := graph.inviteID("ada@partner.example")
	gone := graph.inviteID("gone@partner.example")
	graph.do("DELETE", "/v1.0/users/"+gone, "")
	const notFound = "Permission being assigned was not found on application '" + wikiAppID + "'."
	const invalid = "One or more property values specified are invalid."
	const unreadable = "Invalid value specified for property 'appRoleId' of resource 'AppRoleAssignment'."
	const unknown = "Property 'colour' does not exist as a declared property or extension property."
	for name, test := range map[string]struct {
		body    string
		message string
	}{
		"a role that the application has not":    {grantOf(ada, wikiID, portalID), notFound},
		"default access beside roles":            {grantOf(ada, wikiID, graphsim.DefaultAccess), notFound},
		"a role that is disabled":                {grantOf(ada, wikiID, retired), notFound},
		"a role for applications":                {grantOf(ada, wikiID, exportRole), notFound},
		"a principal that does not exist":        {grantOf(wikiAppID, wikiID, readerRole), "Not a valid reference update."},
		"a principal that is deleted":            {grantOf(gone, wikiID, readerRole), "Not a valid reference update."},
		"another resource than that of the path": {grantOf(ada, portalID, graphsim.DefaultAccess), invalid},
		"no role":                                {`{"principalId":"` + ada + `","resourceId":"` + wikiID + `"}`, invalid},
		"a role by its value":                    {grantOf(ada, wikiID, "Reader"), unreadable},
		"an unknown property":                    {`{"colour":"blue"}`, unknown},
		"a property of the service":              {`{"principalType":"User"}`, "Property 'principalType' is read-only and cannot be set."},
	} {
		refused := graph.do("POST", "/v1.0/servicePrincipals/"+wikiID+"/appRoleAssignedTo", test.body)
		g.Expect(refused.status).To(Equal(http.StatusBadRequest), name)
		g.Expect(refused.code()).To(Equal("Request_BadRequest"), name)
		g.Expect(refused.message()).To(Equal(test.message), name)
	}
	g.Expect(graph.assignTo(wikiAppID, ada, readerRole).status).To(Equal(http.StatusNotFound))
	g.Expect(tenant.Ledger().AssignmentsAdded).To(BeEmpty())

	tenant.Configure(func(b *graphsim.Behaviour) { b.DefaultAccessAlways = true })
	g.Expect(graph.assignTo(wikiID, ada, graphsim.DefaultAccess).status).To(Equal(http.StatusCreated))
}

func TestAnAssignmentThatIsThereIsRefusedInEitherWording(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	ada := graph.inviteID("ada@partner.example")
	g.Expect(graph.assignTo(wikiID, ada, readerRole).status).To(Equal(http.StatusCreated))
	g.Expect(graph.assignTo(wikiID, ada, editorRole).status).To(Equal(http.StatusCreated), "another role is another assignment")
	again := graph.assignTo(wikiID, ada, readerRole)
	g.Expect(again.status).To(Equal(http.StatusBadRequest))
	g.Expect(again.code()).To(Equal("Request_BadRequest"))
	g.Expect(again.message()).To(Equal("Permission being assigned already exists on the object"))

	g.Expect(graph.do("POST", "/sim/settings", `{"entitlementGrantWording":true}`).status).To(Equal(204))
	again = graph.assignTo(wikiID, ada, readerRole)
	g.Expect(again.status).To(Equal(http.StatusBadRequest))
	g.Expect(again.code()).To(Equal("Request_MultipleObjectsWithSameKeyValue"))
	g.Expect(again.message()).To(Equal("EntitlementGrant entry already exists."))
	g.Expect(tenant.Assignments(ada)).To(HaveLen(2))
}

func TestAPrincipalThatHasNotReplicatedIsNoValidReference(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	givenApplications(tenant)
	tenant.SetLag(graphsim.Lag{Writes: graphsim.Replication{Delay: time.Minute}})
	ada := graph.inviteID("ada@partner.example")
	for _, path := range []string{"servicePrincipals/" + wikiID + "/appRoleAssignedTo", "users/" + ada + "/appRoleAssignments"} {
		early := graph.do("POST", "/v1.0/"+path, grantOf(ada, wikiID, readerRole))
		g.Expect(early.status).To(Equal(http.StatusBadRequest))
		g.Expect(early.message()).To(Equal("Not a valid reference update."))
	}
	clock.advance(time.Minute)
	g.Expect(graph.assignTo(wikiID, ada, readerRole).status).To(Equal(http.StatusCreated))
}

func TestAnAssignmentLagsInReadsWhileWritesKnowTheTruth(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	givenApplications(tenant)
	tenant.SetLag(graphsim.Lag{Assignments: graphsim.Replication{Delay: time.Minute}})
	ada := graph.inviteID("ada@partner.example")
	id := graph.assignTo(wikiID, ada, readerRole).text("id")
	g.Expect(graph.get("/v1.0/users/" + ada + "/appRoleAssignments").values()).To(BeEmpty())
	g.Expect(graph.get("/v1.0/servicePrincipals/" + wikiID + "/appRoleAssignedTo/" + id).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.assignTo(wikiID, ada, readerRole).status).To(Equal(http.StatusBadRequest))
	clock.advance(time.Minute)
	g.Expect(graph.get("/v1.0/users/" + ada + "/appRoleAssignments").column("id")).To(Equal([]string{id}))
}

func TestADeletedUsersAssignmentsAreHiddenUntilRestoredAndEndWithThePurge(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	ada := graph.inviteID("ada@partner.example")
	id := graph.assignTo(wikiID, ada, readerRole).text("id")
	assignedTo := func() []string {
		return graph.get("/v1.0/servicePrincipals/" + wikiID + "/appRoleAssignedTo").column("id")
	}

	graph.do("DELETE", "/v1.0/users/"+ada, "")
	g.Expect(assignedTo()).To(BeEmpty())
	g.Expect(graph.do("DELETE", "/v1.0/servicePrincipals/"+wikiID+"/appRoleAssignedTo/"+id, "").status).To(Equal(http.StatusNotFound))
	graph.do("POST", "/v1.0/directory/deletedItems/"+ada+"/restore", "")
	g.Expect(assignedTo()).To(Equal([]string{id}), "kept")

	graph.do("DELETE", "/v1.0/users/"+ada, "")
	graph.do("DELETE", "/v1.0/directory/deletedItems/"+ada, "")
	g.Expect(assignedTo()).To(BeEmpty())
	g.Expect(tenant.Assignments(wikiID)).To(BeEmpty())
	g.Expect(tenant.Ledger().AssignmentsRemoved).To(BeEmpty(), "nobody removed it")
}

func TestGroupsAreAssignedRolesAndLoseThemWhenDeleted(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	made := graph.assignTo(wikiID, group, readerRole)
	g.Expect(made.body).To(SatisfyAll(HaveKeyWithValue("principalType", "Group"), HaveKeyWithValue("principalDisplayName", "Partners")))
	g.Expect(tenant.Ledger().WritesOf("POST /servicePrincipals/{id}/appRoleAssignedTo")).To(HaveExactElements(HaveField("GroupID", group)))
	g.Expect(tenant.DeleteGroup(group)).To(Succeed())
	g.Expect(tenant.Assignments(wikiID)).To(BeEmpty())
}

func TestGrantingARoleNeedsToReadApplicationsToo(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	givenApplications(tenant)
	ada := tenant.AddGuest("ada@partner.example", "Ada")
	tenant.SetPermissions([]string{"AppRoleAssignment.ReadWrite.All"})
	denied := graph.assignTo(wikiID, ada, readerRole)
	g.Expect(denied.status).To(Equal(http.StatusForbidden))
	g.Expect(denied.code()).To(Equal("Authorization_RequestDenied"))
	tenant.SetPermissions([]string{"Application.Read.All"})
	g.Expect(graph.assignTo(wikiID, ada, readerRole).status).To(Equal(http.StatusForbidden))
	tenant.SetPermissions([]string{"AppRoleAssignment.ReadWrite.All", "Application.Read.All"})
	g.Expect(graph.assignTo(wikiID, ada, readerRole).status).To(Equal(http.StatusCreated))
}
