package graphsim_test

import (
	"math"
	"net/http"
	"strings"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// Ids of the documentation's applications, principals and roles.
const (
	provisioning = "8e881353-1735-45af-af21-ee1344582a4d"
	fabrikam     = "9028d19c-26a9-4809-8e3f-20ff73e2d75e"
	fabrikamRole = "ef7437e6-4f94-4a0a-a110-a439eb2aa8f7"
	alex         = "cdb555e3-b33e-4fd5-a427-17fadacbdfa7"
	megan        = "cde330e5-2150-4c11-9c5b-14bfdc948c79"
	parents      = "33ad69f9-da99-4bed-acd0-3f24235cb296"
)

func application(id, name string, roles ...string) func(*graphsim.Tenant) {
	return func(t *graphsim.Tenant) {
		p := graphsim.ServicePrincipal{ID: id, DisplayName: name}
		for _, role := range roles {
			p.AppRoles = append(p.AppRoles, graphsim.AppRole{ID: role, Value: "Reader"})
		}
		t.AddServicePrincipal(p)
	}
}

// assignable is an application without roles and a user.
func assignable(user string) func(*graphsim.Tenant) {
	return func(t *graphsim.Tenant) {
		application(provisioning, "dxprovisioning-graphapi-client")(t)
		person(user)(t)
	}
}

func assigned(user string) func(*graphsim.Tenant) {
	return func(t *graphsim.Tenant) {
		assignable(user)(t)
		_, _ = t.AssignAppRole(provisioning, user, "")
	}
}

// assignedPlaceholder serves an example whose application is a placeholder,
// assignedPerson one whose user is.
func assignedPlaceholder(t *graphsim.Tenant) {
	person(alex)(t)
	application(placeholder, "Contoso")(t)
	_, _ = t.AssignAppRole(placeholder, alex, "")
}

func assignedPerson(t *graphsim.Tenant) {
	application(provisioning, "Contoso")(t)
	person(placeholder)(t)
	_, _ = t.AssignAppRole(provisioning, placeholder, "")
}

var applicationArrangements = map[string]func(*graphsim.Tenant){
	"serviceprincipal-list-01.json":                     application("", "amasf"),
	"serviceprincipal-list-02.json":                     application("", "a"),
	"serviceprincipal-list-03.json":                     application("", "Team of Contoso"),
	"serviceprincipal-get-01.json":                      application(placeholder, "My app instance in tenant"),
	"serviceprincipal-list-approleassignedto-01.json":   assigned(alex),
	"serviceprincipal-delete-approleassignedto-01.json": assignedPlaceholder,
	"user-list-approleassignments-01.json":              assigned(alex),
	"user-list-approleassignments-02.json":              assigned(alex),
	"user-post-approleassignments-01.json":              assignable(megan),
	"user-delete-approleassignments-01.json":            assignedPerson,
	"error-approle-duplicate.json":                      assigned(megan),
	"error-approle-principal-not-replicated.json": func(t *graphsim.Tenant) {
		assignable(megan)(t)
		t.SetUserLag(megan, graphsim.Replication{}, graphsim.Replication{Misses: math.MaxInt})
	},
	"serviceprincipal-post-approleassignedto-01.json": func(t *graphsim.Tenant) {
		application(fabrikam, "Fabrikam App", fabrikamRole)(t)
		t.AddGroup(graphsim.Group{ID: parents, DisplayName: "Parents of Contoso"})
	},
}

// named puts the id of the assignment that the example is about into its path: it is
// no GUID, and the tenant's to choose.
func (e example) named(t *graphsim.Tenant, target string) string {
	if e.Request.Method != http.MethodDelete || !strings.Contains(target, "/appRoleAssign") {
		return target
	}
	at := strings.LastIndex(target, "/")
	return target[:at+1] + t.Assignments(placeholder)[0].ID
}
