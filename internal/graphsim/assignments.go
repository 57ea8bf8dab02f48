package graphsim

import (
	"encoding/base64"
	"iter"
	"net/http"
	"slices"
)

func listAssignedTo(x *exchange) (*answer, *apiError) {
	p, err := x.pathServicePrincipal()
	if err != nil {
		return nil, err
	}
	return x.list(x.assignments(p.ID, "servicePrincipals('"+p.ID+"')/appRoleAssignedTo"))
}

func listUsersAssignments(x *exchange) (*answer, *apiError) {
	u, err := x.pathUser()
	if err != nil {
		return nil, err
	}
	return x.list(x.assignments(u.ID, "appRoleAssignments"))
}

// assignments draws those of a principal, or to a resource.
func (x *exchange) assignments(id, context string) source {
	t := x.t
	return source{resource: appRoleAssignmentResource, context: context, after: func(seq uint64, _ predicate) iter.Seq[entry] {
		return func(yield func(entry) bool) {
			for _, a := range t.apps.of(id, seq) {
				if t.assigned(a) && !yield(entry{a, a.seq, func() bool { return !a.adding.met(t.now()) }}) {
					return
				}
			}
		}
	}}
}

// assigned reports whether both sides are there. A deleted user keeps the assignments,
// which come back into sight when the user is restored.
func (t *Tenant) assigned(a *assignment) bool {
	return t.apps.byID[a.ResourceID] != nil && t.principal(a.PrincipalID) != nil
}

// principal is the live user, group or service principal of the id.
func (t *Tenant) principal(id string) object {
	if p := t.apps.byID[id]; p != nil {
		return p
	}
	return t.object(id)
}

func getAssignedTo(x *exchange) (*answer, *apiError) {
	p, err := x.pathServicePrincipal()
	if err != nil {
		return nil, err
	}
	return x.readAssignment(func(a *assignment) bool { return a.ResourceID == p.ID }, "servicePrincipals('"+p.ID+"')/appRoleAssignedTo")
}

func getUsersAssignment(x *exchange) (*answer, *apiError) {
	u, err := x.pathUser()
	if err != nil {
		return nil, err
	}
	return x.readAssignment(func(a *assignment) bool { return a.PrincipalID == u.ID }, "users('"+u.ID+"')/appRoleAssignments")
}

func (x *exchange) readAssignment(belongs func(*assignment) bool, context string) (*answer, *apiError) {
	q, err := x.itemQuery(appRoleAssignmentResource)
	if err != nil {
		return nil, err
	}
	a, err := x.pathAssignment()
	if err != nil {
		return nil, err
	}
	if !belongs(a) || a.adding.met(x.t.now()) {
		return nil, notFound(a.ID)
	}
	return x.item(a, q, context, false), nil
}

// pathAssignment is the assignment of the path, whose id is told from others by case
// too.
func (x *exchange) pathAssignment() (*assignment, *apiError) {
	if a := x.t.apps.assignments[x.params["assignmentId"]]; a != nil && x.t.assigned(a) {
		return a, nil
	}
	return nil, notFound(x.params["assignmentId"])
}

func deleteAssignedTo(x *exchange) (*answer, *apiError) {
	p, err := x.pathServicePrincipal()
	if err != nil {
		return nil, err
	}
	return x.deleteAssignment(func(a *assignment) bool { return a.ResourceID == p.ID })
}

func deleteUsersAssignment(x *exchange) (*answer, *apiError) {
	u, err := x.pathUserForWrite()
	if err != nil {
		return nil, err
	}
	return x.deleteAssignment(func(a *assignment) bool { return a.PrincipalID == u.ID })
}

// deleteAssignment refuses one that belongs to another object in words of its own.
func (x *exchange) deleteAssignment(belongs func(*assignment) bool) (*answer, *apiError) {
	a, err := x.pathAssignment()
	switch {
	case err != nil:
		return nil, err
	case !belongs(a):
		return nil, badRequest("EntitlementGrant being updated or deleted is not found.")
	}
	x.t.unassign(a, ByAPI)
	x.record(a.event())
	return noContent(), nil
}

func postAssignedTo(x *exchange) (*answer, *apiError) {
	p, err := x.pathServicePrincipal()
	if err != nil {
		return nil, err
	}
	a, err := x.newAssignment(func(a *assignment) bool { return a.ResourceID == p.ID })
	if err != nil {
		return nil, err
	}
	return x.assign(a, "servicePrincipals('"+p.ID+"')/appRoleAssignedTo")
}

func postUsersAssignment(x *exchange) (*answer, *apiError) {
	u := x.t.userNamed(x.params["id"])
	if u == nil || u.deleted {
		return nil, notFound(x.params["id"])
	}
	a, err := x.newAssignment(func(a *assignment) bool { return a.PrincipalID == u.ID })
	if err != nil {
		return nil, err
	}
	return x.assign(a, "users('"+u.ID+"')/appRoleAssignments")
}

// newAssignment reads the body, which has to name the object of the path too.
func (x *exchange) newAssignment(belongs func(*assignment) bool) (*assignment, *apiError) {
	body, err := x.payload()
	if err != nil {
		return nil, err
	}
	a := &assignment{}
	if err := appRoleAssignmentResource.apply(a, body); err != nil {
		return nil, err
	}
	if a.PrincipalID == "" || a.ResourceID == "" || a.AppRoleID == "" || !belongs(a) {
		return nil, badRequest("One or more property values specified are invalid.")
	}
	return a, nil
}

// assign makes the assignment, or refuses it as the service does.
func (x *exchange) assign(a *assignment, context string) (*answer, *apiError) {
	if err := x.checkAssignment(a); err != nil {
		return nil, err
	}
	x.t.assign(a, ByAPI)
	x.record(a.event())
	made := x.item(a, &query{properties: appRoleAssignmentResource.defaults}, context, false)
	made.status = http.StatusCreated
	return made, nil
}

// checkAssignment cannot tell a principal that is not replicated from one that does
// not exist: neither can the service.
func (x *exchange) checkAssignment(a *assignment) *apiError {
	t, p := x.t, x.t.apps.byID[a.ResourceID]
	switch {
	case p == nil:
		return notFound(a.ResourceID)
	case t.apps.byID[a.PrincipalID] == nil && !t.referable(a.PrincipalID):
		return badRequest("Not a valid reference update.")
	case !t.assignable(p, a):
		return badRequest("Permission being assigned was not found on application '%s'.", p.AppID)
	case t.apps.byKey[a.key()] == nil:
		return nil
	case t.behaviour.EntitlementGrantWording:
		return refuse(http.StatusBadRequest, "Request_MultipleObjectsWithSameKeyValue", "EntitlementGrant entry already exists.")
	}
	return badRequest("Permission being assigned already exists on the object")
}

// assignable reports whether the application has the role to give to this principal.
func (t *Tenant) assignable(p *servicePrincipal, a *assignment) bool {
	if a.AppRoleID == DefaultAccess {
		return len(p.AppRoles) == 0 || t.behaviour.DefaultAccessAlways
	}
	kind := "User"
	if t.apps.byID[a.PrincipalID] != nil {
		kind = "Application"
	}
	role := p.role(a.AppRoleID)
	return role != nil && !role.Disabled && slices.Contains(role.AllowedMemberTypes, kind)
}

// assign writes an assignment down that has been checked.
func (t *Tenant) assign(a *assignment, by string) {
	a.ID = base64.RawURLEncoding.EncodeToString(t.ids.bytes(32))
	a.seq, a.CreatedDateTime, a.adding = t.nextSeq(), t.stamp(), t.veil(t.lag.Assignments)
	a.resourceName = t.apps.byID[a.ResourceID].DisplayName
	switch o := t.principal(a.PrincipalID).(type) {
	case *user:
		a.principalType, a.principalName = "User", o.DisplayName
	case *group:
		a.principalType, a.principalName = "Group", o.DisplayName
	case *servicePrincipal:
		a.principalType, a.principalName = "ServicePrincipal", o.DisplayName
	}
	t.apps.add(a)
	t.ledger.AssignmentsAdded = append(t.ledger.AssignmentsAdded, t.change(a, by))
}

func (t *Tenant) unassign(a *assignment, by string) {
	t.apps.remove(a)
	t.ledger.AssignmentsRemoved = append(t.ledger.AssignmentsRemoved, t.change(a, by))
}

func (t *Tenant) change(a *assignment, by string) AssignmentChange {
	return AssignmentChange{a.ID, a.PrincipalID, a.ResourceID, a.AppRoleID, by, t.now()}
}

// event is the write that made or removed the assignment.
func (a *assignment) event() WriteEvent {
	event := WriteEvent{Target: a.ResourceID + "/" + a.PrincipalID, ResourceID: a.ResourceID}
	switch a.principalType {
	case "User":
		event.UserID = a.PrincipalID
	case "Group":
		event.GroupID = a.PrincipalID
	}
	return event
}
