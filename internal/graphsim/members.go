package graphsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// manageRoles is needed beside the group permission to touch a role-assignable group.
const manageRoles = "RoleManagement.ReadWrite.Directory"

// maxBind is how many members one PATCH may add.
const maxBind = 20

func onPremises() *apiError {
	return badRequest("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
}

// writable refuses changes to the members of groups that something else governs.
func (x *exchange) writable(g *group) *apiError {
	switch {
	case g.ManagementRestricted, g.dynamic():
		return requestDenied()
	case g.AssignableToRole && !x.grants(manageRoles):
		return requestDenied()
	case g.OnPremisesSyncEnabled:
		return onPremises()
	case g.MailEnabled && !g.unified():
		return badRequest("Cannot Update a mail-enabled security groups and or distribution list.")
	}
	return nil
}

// reference reads the object id out of an @odata.id. Its host must be the caller's
// cloud's: that of the request, or the one the tenant is configured with.
func (x *exchange) reference(link string) (string, *apiError) {
	parsed, err := url.Parse(link)
	if err != nil || parsed.Host != x.r.Host && !strings.EqualFold(parsed.Host, x.t.options.GraphHost) {
		return "", badRequest("Invalid URL specified for a reference: the host is not this service.")
	}
	segments := split(parsed.Path)
	if len(segments) != 3 || !slices.Contains([]string{"directoryObjects", "users", "groups"}, segments[1]) {
		return "", badRequest("Invalid URL specified for a reference.")
	}
	return strings.ToLower(segments[2]), nil
}

// references reads a list of @odata.bind and takes it out of the body. All objects
// must exist, each once.
func (x *exchange) references(body map[string]json.RawMessage, name string, g *group) ([]string, *apiError) {
	raw, given := body[name]
	if !given {
		return nil, nil
	}
	delete(body, name)
	var links []string
	if json.Unmarshal(raw, &links) != nil {
		return nil, badRequest("Invalid value specified for property '%s' of resource 'Group'.", name)
	}
	var ids []string
	for _, link := range links {
		id, err := x.reference(link)
		if err != nil {
			return nil, err
		}
		if slices.Contains(ids, id) {
			return nil, badRequest("Object '[ResourceType=User,Id=%s]' referenced from '[ResourceType=Group,Id=%s]' can only be present once as an add/remove change.", id, g.ID)
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		if !x.t.referable(id) {
			return nil, notFound(id)
		}
	}
	return ids, nil
}

// referable reports whether a write can refer to the object on this replica.
func (t *Tenant) referable(id string) bool {
	if u := t.users.byID[id]; u != nil {
		return t.canWrite(u)
	}
	return t.groupByID[id] != nil
}

func alreadyMember() *apiError {
	return badRequest("One or more added object references already exist for the following modified properties: 'members'.")
}

func postMember(x *exchange) (*answer, *apiError) {
	id, err := x.bodyReference()
	if err != nil {
		return nil, err
	}
	g, err := x.pathGroup()
	if err != nil {
		return nil, err
	}
	if err := x.writable(g); err != nil {
		return nil, err
	}
	if !x.t.referable(id) {
		return nil, notFound(id)
	}
	if g.has(id) {
		return nil, alreadyMember()
	}
	x.t.join(g, id, ByAPI)
	x.commit(g.ID+"/"+id, id, g.ID)
	return noContent(), nil
}

// bodyReference reads the body {"@odata.id": "..."} and nothing else.
func (x *exchange) bodyReference() (string, *apiError) {
	body, err := x.payload()
	if err != nil {
		return "", err
	}
	var link string
	if json.Unmarshal(body["@odata.id"], &link) != nil || len(body) != 1 {
		return "", badRequest("The request body must be a reference with '@odata.id' and nothing else.")
	}
	return x.reference(link)
}

// addMembers is PATCH /groups/{id} with members@odata.bind: all or nothing.
func (x *exchange) addMembers(g *group, body map[string]json.RawMessage) (*answer, *apiError) {
	if err := x.writable(g); err != nil {
		return nil, err
	}
	ids, err := x.references(body, "members@odata.bind", g)
	switch {
	case err != nil:
		return nil, err
	case len(body) > 0:
		return nil, badRequest("Members cannot be added together with other changes.")
	case len(ids) == 0 || len(ids) > maxBind:
		return nil, badRequest("The number of members to add must be between 1 and %d.", maxBind)
	case slices.ContainsFunc(ids, g.has):
		return nil, alreadyMember()
	}
	for _, id := range ids {
		x.t.join(g, id, ByAPI)
	}
	x.commit(g.ID+"/"+strings.Join(ids, ","), strings.Join(ids, ","), g.ID)
	return noContent(), nil
}

func deleteMember(x *exchange) (*answer, *apiError) {
	return x.removeMember(strings.ToLower(x.params["memberId"]))
}

// deleteMemberByURL is DELETE members/$ref?@id={url}.
func deleteMemberByURL(x *exchange) (*answer, *apiError) {
	id, err := x.reference(x.r.URL.Query().Get("@id"))
	if err != nil {
		return nil, err
	}
	return x.removeMember(id)
}

func (x *exchange) removeMember(id string) (*answer, *apiError) {
	g, err := x.pathGroup()
	if err != nil {
		return nil, err
	}
	if err := x.writable(g); err != nil {
		return nil, err
	}
	if !g.has(id) {
		return nil, notFound(id)
	}
	x.t.part(g, id, ByAPI)
	x.commit(g.ID+"/"+id, id, g.ID)
	return noContent(), nil
}

// deleteMemberObject is the call without /$ref. It does not touch the group: it
// deletes the member itself, where the application may do that.
func deleteMemberObject(x *exchange) (*answer, *apiError) {
	g, err := x.pathGroup()
	if err != nil {
		return nil, err
	}
	if !x.grantsAny(deleteUsers) {
		return nil, requestDenied()
	}
	id := strings.ToLower(x.params["memberId"])
	u := x.t.users.byID[id]
	if !g.has(id) || u == nil || !x.t.canWrite(u) {
		return nil, notFound(id)
	}
	return x.deleteUser(u)
}

func patchMembersRef(*exchange) (*answer, *apiError) {
	return nil, refuse(http.StatusBadRequest, "BadRequest", "The request is currently not supported on the targeted entity set")
}

func postMembersWithoutRef(*exchange) (*answer, *apiError) {
	return nil, refuse(http.StatusBadRequest, "BadRequest", "Write requests are only supported on contained entities")
}
