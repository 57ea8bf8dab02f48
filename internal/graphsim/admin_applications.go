package graphsim

import (
	"fmt"
	"slices"
	"strings"
)

// The methods of this file are an administrator at work on applications. See admin.go.

// AddServicePrincipal adds an application and returns the id of its service principal.
// What is empty is filled in: ids, type Application, roles for users.
func (t *Tenant) AddServicePrincipal(p ServicePrincipal) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	added := &servicePrincipal{ServicePrincipal: p, seq: t.nextSeq()}
	added.ID = strings.ToLower(orElse(p.ID, t.ids.guid()))
	added.AppID = strings.ToLower(orElse(p.AppID, t.ids.guid()))
	t.completeApplication(&added.ServicePrincipal)
	t.apps.principals.insert(added)
	t.apps.byID[added.ID] = added
	return added.ID
}

func (t *Tenant) completeApplication(p *ServicePrincipal) {
	p.Type = orElse(p.Type, "Application")
	p.AppRoles = slices.Clone(p.AppRoles)
	for i := range p.AppRoles {
		role := &p.AppRoles[i]
		role.ID = strings.ToLower(orElse(role.ID, t.ids.guid()))
		role.DisplayName = orElse(role.DisplayName, role.Value)
		if role.AllowedMemberTypes == nil {
			role.AllowedMemberTypes = []string{"User"}
		}
	}
}

// UpdateServicePrincipal changes an application by hand, for example its roles. The id
// stays.
func (t *Tenant) UpdateServicePrincipal(id string, change func(*ServicePrincipal)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.apps.byID[strings.ToLower(id)]
	if p == nil {
		return absent("service principal", id)
	}
	changed := p.snapshot() // answers may still hold the old one
	change(&changed)
	changed.ID = p.ID
	t.completeApplication(&changed)
	p.ServicePrincipal = changed
	return nil
}

// DeleteServicePrincipal deletes an application for good, and all assignments with it.
func (t *Tenant) DeleteServicePrincipal(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.apps.byID[strings.ToLower(id)]
	if p == nil {
		return absent("service principal", id)
	}
	t.apps.dropAll(p.ID)
	t.apps.principals.remove(p)
	delete(t.apps.byID, p.ID)
	return nil
}

// AssignAppRole assigns a principal a role of an application, named by its value or
// id; "" is default access, whatever roles there are. It returns the id of the
// assignment, and is no error if that is there already.
func (t *Tenant) AssignAppRole(resourceID, principalID, role string) (assignmentID string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.apps.byID[strings.ToLower(resourceID)]
	if p == nil {
		return "", absent("service principal", resourceID)
	}
	principal := t.principal(strings.ToLower(principalID))
	if principal == nil {
		return "", absent("principal", principalID)
	}
	a := &assignment{AppRoleAssignment: AppRoleAssignment{PrincipalID: principal.objectID(), ResourceID: p.ID, AppRoleID: DefaultAccess}}
	if role != "" && role != DefaultAccess {
		at := slices.IndexFunc(p.AppRoles, func(r AppRole) bool { return r.Value == role || strings.EqualFold(r.ID, role) })
		if at < 0 {
			return "", fmt.Errorf("%s has no such role: %s", p.DisplayName, role)
		}
		a.AppRoleID = p.AppRoles[at].ID
	}
	if there := t.apps.byKey[a.key()]; there != nil {
		return there.ID, nil
	}
	t.assign(a, ByAdmin)
	a.adding = veil{}
	return a.ID, nil
}

// RemoveAssignment takes an app role assignment away.
func (t *Tenant) RemoveAssignment(assignmentID string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.apps.assignments[assignmentID]
	if a == nil {
		return absent("assignment", assignmentID)
	}
	t.unassign(a, ByAdmin)
	return nil
}

// ServicePrincipal returns an application by the id of its service principal.
func (t *Tenant) ServicePrincipal(id string) (ServicePrincipal, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.apps.byID[strings.ToLower(id)]; p != nil {
		return p.snapshot(), true
	}
	return ServicePrincipal{}, false
}

// ServicePrincipalByName returns the id of the first application of that display name,
// or "".
func (t *Tenant) ServicePrincipalByName(displayName string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.apps.principals.items {
		if p.DisplayName == displayName {
			return p.ID
		}
	}
	return ""
}

// Assignments returns the app role assignments of a principal, or to an application,
// in the order in which they were made. Those of deleted principals are not among them.
func (t *Tenant) Assignments(id string) []AppRoleAssignment {
	t.mu.Lock()
	defer t.mu.Unlock()
	var assignments []AppRoleAssignment
	for _, a := range t.apps.of(strings.ToLower(id), 0) {
		if t.assigned(a) {
			assignments = append(assignments, a.AppRoleAssignment)
		}
	}
	return assignments
}
