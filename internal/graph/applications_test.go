package graph

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// rooted puts the client's address in place of ROOT.
func rooted(body string, c *Client) string { return strings.ReplaceAll(body, "ROOT", c.base) }

const principalID = "eeeeeeee-0000-0000-0000-000000000001"

// wiki is an application as Graph shows it.
func wiki(id, app string) string {
	return fmt.Sprintf(`{"id":%q,"appId":%q,"displayName":"Wiki","appRoleAssignmentRequired":true,"appRoles":[
		{"id":%q,"value":"Reader","displayName":"Readers","isEnabled":true,"allowedMemberTypes":["User","Application"]},
		{"id":%q,"value":null,"displayName":"Robots","isEnabled":false,"allowedMemberTypes":["Application"]}]}`, id, app, roleID, otherID)
}

func TestAnApplicationIsFoundByItsAppID(t *testing.T) {
	g, seen := NewWithT(t), &recording{Handler: answer(200, `{"value":[`+wiki(principalID, strings.ToUpper(appID))+`]}`)}
	found, err := clientOf(t, seen).GetServicePrincipal(t.Context(), appID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(Equal(directory.ServicePrincipal{
		ID: principalID, AppID: strings.ToUpper(appID), DisplayName: "Wiki", AssignmentRequired: true,
		AppRoles: []directory.AppRole{
			{ID: roleID, Value: "Reader", DisplayName: "Readers", Enabled: true, ForUsers: true},
			{ID: otherID, DisplayName: "Robots"},
		},
	}))
	g.Expect(seen.only(g).line).To(Equal("GET /v1.0/servicePrincipals?$filter=appId%20eq%20%27" + appID +
		"%27&$select=id,appId,displayName,appRoles,appRoleAssignmentRequired"))
}

func TestAnApplicationThatTheTenantDoesNotHaveIsNotFound(t *testing.T) {
	for name, body := range map[string]string{
		"none":          `{"value":[]}`,
		"another one":   `{"value":[` + wiki(principalID, otherID) + `]}`,
		"without appId": `{"value":[{"id":"` + principalID + `"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			_, err := clientOf(t, answer(200, body)).GetServicePrincipal(t.Context(), appID)
			g.Expect(directory.IsNotFound(err)).To(BeTrue(), "%v", err)
			g.Expect(err).To(MatchError(ContainSubstring(appID)))
		})
	}
}

func TestApplicationsAreFoundByNameOverSeveralPages(t *testing.T) {
	g := NewWithT(t)
	pages := &recording{}
	client := clientOf(t, pages)
	pages.Handler = answer(200, `{"value":[`+wiki(principalID, appID)+`],"@odata.nextLink":"`+client.base+`/servicePrincipals?$skiptoken=2"}`)
	_, err := client.FindServicePrincipals(t.Context(), "O'Reilly & Co")
	g.Expect(err).To(MatchError(ContainSubstring("followed before")), "this server's pages have no end")
	g.Expect(pages.sent).To(HaveLen(2))
	g.Expect(pages.sent[0].line).To(ContainSubstring("$filter=displayName%20eq%20%27O%27%27Reilly%20%26%20Co%27"))

	found, err := clientOf(t, answer(200, `{"value":[`+wiki(principalID, appID)+`,`+wiki(userID, otherID)+`]}`)).FindServicePrincipals(t.Context(), "Wiki")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(HaveLen(2))
}

func assignment(id, principal, resource string) string {
	return fmt.Sprintf(`{"id":%q,"principalId":%q,"resourceId":%q,"appRoleId":%q,"createdDateTime":"2026-01-02T03:04:05Z"}`, id, principal, resource, roleID)
}

func TestOnlyTheUsersOwnAssignmentsAreListed(t *testing.T) {
	g := NewWithT(t)
	seen := &recording{Handler: answer(200, `{"value":[`+strings.Join([]string{
		assignment(assignmentID, strings.ToUpper(userID), principalID),
		assignment("of-a-group", groupID, principalID),
		assignment("elsewhere", userID, otherID),
	}, ",")+`]}`)}
	found, err := clientOf(t, seen).ListAppRoleAssignments(t.Context(), userID, principalID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(Equal([]directory.AppRoleAssignment{{
		ID: assignmentID, RoleID: roleID, UserID: userID, ServicePrincipalID: principalID,
		CreatedDateTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}}))
	g.Expect(seen.only(g).line).To(Equal("GET /v1.0/users/" + userID + "/appRoleAssignments?$filter=resourceId%20eq%20" + principalID))
}

func TestAGrantedRoleIsTheOneThatWasAskedFor(t *testing.T) {
	ctx := context.Background()
	for _, status := range []int{200, 201} {
		g, seen := NewWithT(t), &recording{Handler: answer(status, assignment(assignmentID, userID, principalID))}
		granted, err := clientOf(t, seen).GrantAppRole(ctx, principalID, userID, roleID)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(granted.ID).To(Equal(assignmentID))
		g.Expect(seen.only(g).line).To(Equal("POST /v1.0/servicePrincipals/" + principalID + "/appRoleAssignedTo"))
		g.Expect(seen.only(g).body).To(MatchJSON(
			`{"principalId":"` + userID + `","resourceId":"` + principalID + `","appRoleId":"` + roleID + `"}`))
	}
	for name, body := range map[string]string{
		"somebody else's": assignment(assignmentID, otherID, principalID),
		"without an id":   assignment("", userID, principalID),
		"with an odd id":  assignment("a/b", userID, principalID),
		"empty":           `{}`,
	} {
		_, err := clientOf(t, answer(201, body)).GrantAppRole(ctx, principalID, userID, roleID)
		NewWithT(t).Expect(directory.ClassOf(err)).To(Equal(directory.OutcomeUnknown), name)
	}
}
