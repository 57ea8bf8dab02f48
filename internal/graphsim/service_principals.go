package graphsim

import (
	"iter"
	"net/http"
	"strings"
)

// Application permissions on applications; of each list one suffices.
var (
	readApplications = []string{"Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All"}
	readApplication  = append([]string{"Directory.ReadWrite.All"}, readApplications...)
	assignRoles      = []string{"AppRoleAssignment.ReadWrite.All"}
	knowApplications = []string{"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"}
	removeRoles      = []string{"AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.All"}
	readUsersRoles   = []string{"AppRoleAssignment.ReadWrite.All", "Directory.Read.All"}
)

func applicationRoutes(t *router) {
	const set, assigned, users = "/servicePrincipals", "/servicePrincipals/{id}/appRoleAssignedTo", "/users/{id}/appRoleAssignments"
	t.add(http.MethodGet, set, listServicePrincipals, readApplications...)
	t.add(http.MethodGet, set+"/$count", countServicePrincipals, readApplications...)
	t.add(http.MethodGet, set+"/{id}", getServicePrincipal, readApplication...)
	t.add(http.MethodGet, assigned, listAssignedTo, readApplication...)
	t.add(http.MethodPost, assigned, postAssignedTo, assignRoles...).and(knowApplications...)
	t.add(http.MethodGet, assigned+"/{assignmentId}", getAssignedTo, readApplication...)
	t.add(http.MethodDelete, assigned+"/{assignmentId}", deleteAssignedTo, removeRoles...)
	t.add(http.MethodGet, users, listUsersAssignments, readUsersRoles...)
	t.add(http.MethodPost, users, postUsersAssignment, assignRoles...)
	t.add(http.MethodGet, users+"/{assignmentId}", getUsersAssignment, readUsersRoles...)
	t.add(http.MethodDelete, users+"/{assignmentId}", deleteUsersAssignment, assignRoles...)
}

func listServicePrincipals(x *exchange) (*answer, *apiError) { return x.list(x.servicePrincipals()) }

func countServicePrincipals(x *exchange) (*answer, *apiError) {
	return x.countOnly(x.servicePrincipals())
}

func (x *exchange) servicePrincipals() source {
	return source{resource: servicePrincipalResource, context: "servicePrincipals", after: func(seq uint64, _ predicate) iter.Seq[entry] {
		return func(yield func(entry) bool) {
			for _, p := range x.t.apps.principals.after(seq) {
				if !yield(entry{p, p.seq, func() bool { return true }}) {
					return
				}
			}
		}
	}}
}

func getServicePrincipal(x *exchange) (*answer, *apiError) {
	q, err := x.itemQuery(servicePrincipalResource)
	if err != nil {
		return nil, err
	}
	p, err := x.pathServicePrincipal()
	if err != nil {
		return nil, err
	}
	return x.item(p, q, "servicePrincipals", false), nil
}

// pathServicePrincipal is the one that the path names by its id, or by the id of its
// application as in servicePrincipals(appId='...').
func (x *exchange) pathServicePrincipal() (*servicePrincipal, *apiError) {
	id := strings.ToLower(x.params["id"])
	if appID, alternate := strings.CutPrefix(id, "appid="); alternate {
		for _, p := range x.t.apps.principals.items {
			if p.AppID == appID {
				return p, nil
			}
		}
	}
	if p := x.t.apps.byID[id]; p != nil {
		return p, nil
	}
	return nil, notFound(x.params["id"])
}
