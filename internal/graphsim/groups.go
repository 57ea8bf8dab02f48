package graphsim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

func listGroups(x *exchange) (*answer, *apiError) { return x.list(groupSource(&x.t.groups)) }

func countGroups(x *exchange) (*answer, *apiError) { return x.countOnly(groupSource(&x.t.groups)) }

func (x *exchange) pathGroup() (*group, *apiError) {
	if g := x.t.groupByID[strings.ToLower(x.params["id"])]; g != nil {
		return g, nil
	}
	return nil, notFound(x.params["id"])
}

func getGroup(x *exchange) (*answer, *apiError) {
	q, err := x.itemQuery(groupResource)
	if err != nil {
		return nil, err
	}
	g, err := x.pathGroup()
	if err != nil {
		return nil, err
	}
	return x.item(g, q, "groups", false), nil
}

// settableOnce are properties that may be set when a group is made and never after.
var settableOnce = map[string]func(*Group) *bool{
	"isAssignableToRole": func(g *Group) *bool { return &g.AssignableToRole },
}

func postGroup(x *exchange) (*answer, *apiError) {
	body, err := x.payload()
	if err != nil {
		return nil, err
	}
	g := &group{Group: Group{ID: x.t.ids.guid(), CreatedDateTime: x.t.stamp()}}
	for name, field := range settableOnce {
		if raw, given := body[name]; given {
			if json.Unmarshal(raw, field(&g.Group)) != nil {
				return nil, badRequest("Invalid value specified for property '%s' of resource 'Group'.", name)
			}
			delete(body, name)
		}
	}
	members, err := x.references(body, "members@odata.bind", g)
	if err != nil {
		return nil, err
	}
	owners, err := x.references(body, "owners@odata.bind", g)
	if err != nil {
		return nil, err
	}
	if err := groupResource.apply(g, body); err != nil {
		return nil, err
	}
	if err := x.checkNewGroup(g, body); err != nil {
		return nil, err
	}
	if g.MailEnabled {
		g.Mail = g.MailNickname + "@" + x.t.options.InitialDomain
		g.Visibility = orElse(g.Visibility, "Public")
	}
	g.owners = owners
	x.t.addGroup(g)
	for _, id := range members {
		x.t.join(g, id, ByAPI)
	}
	x.commit(g.ID, "", g.ID)
	a := x.item(g, &query{properties: groupResource.defaults}, "groups", false)
	a.status = 201
	return a, nil
}

func (x *exchange) checkNewGroup(g *group, body map[string]json.RawMessage) *apiError {
	for _, name := range []string{"displayName", "mailEnabled", "mailNickname", "securityEnabled"} {
		if _, given := body[name]; !given {
			return badRequest("A value is required for property '%s' of resource 'Group'.", name)
		}
	}
	switch {
	case g.MailEnabled && !g.unified():
		return badRequest("The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.")
	case g.AssignableToRole && (!g.SecurityEnabled || g.dynamic()):
		return badRequest("Only assigned security groups can be assignable to a role.")
	case g.AssignableToRole && !x.grants(manageRoles):
		return requestDenied()
	}
	return nil
}

func patchGroup(x *exchange) (*answer, *apiError) {
	body, err := x.payload()
	if err != nil {
		return nil, err
	}
	g, err := x.pathGroup()
	if err != nil {
		return nil, err
	}
	if _, adds := body["members@odata.bind"]; adds {
		return x.addMembers(g, body)
	}
	if !x.grantsAny(writeGroups) {
		return nil, requestDenied()
	}
	if g.OnPremisesSyncEnabled {
		return nil, onPremises()
	}
	changed := &group{Group: g.snapshot(), seq: g.seq}
	if err := groupResource.apply(changed, body); err != nil {
		return nil, err
	}
	x.t.changeGroup(g, func(into *Group) { *into = changed.Group })
	x.commit(g.ID, "", g.ID)
	return noContent(), nil
}

func deleteGroup(x *exchange) (*answer, *apiError) {
	g, err := x.pathGroup()
	if err != nil {
		return nil, err
	}
	if g.AssignableToRole && !x.grants(manageRoles) || g.ManagementRestricted {
		return nil, requestDenied()
	}
	x.t.deleteGroup(g)
	x.commit(g.ID, "", g.ID)
	return noContent(), nil
}

func (t *Tenant) addGroup(g *group) {
	if g.seq == 0 {
		g.seq = t.nextSeq()
	}
	if g.byMember == nil {
		g.byMember = map[string]*membership{}
	}
	t.groups.insert(g)
	t.groupByID[g.ID] = g
	t.logGroup(g.ID)
	for id, pair := range g.byMember {
		if !pair.removed {
			t.noteMember(g, id)
			t.logMembership(g.ID, id)
		}
	}
}

// deleteGroup keeps a Microsoft 365 group restorable; others are gone at once.
func (t *Tenant) deleteGroup(g *group) {
	t.groups.remove(g)
	delete(t.groupByID, g.ID)
	t.logGroup(g.ID)
	for id := range g.byMember {
		delete(t.memberOf[id], g.ID)
	}
	if g.unified() {
		g.DeletedDateTime = t.stamp()
		t.deadGroups.insert(g)
	} else {
		t.apps.dropAll(g.ID)
	}
}

// groupsOf are the ids of the groups that an object is directly in, sorted.
func (t *Tenant) groupsOf(id string) []string {
	ids := slices.Sorted(maps.Keys(t.memberOf[id]))
	return ids
}
