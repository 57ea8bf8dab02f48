package graphsim

import (
	"slices"
	"time"
)

// DefaultAccess is the id of the app role that stands for access without a role.
const DefaultAccess = "00000000-0000-0000-0000-000000000000"

// ServicePrincipal is an application as the tenant has it, in the words of Graph's
// servicePrincipal resource.
type ServicePrincipal struct {
	ID string `json:"id,omitempty"`
	// AppID is the application's own id, which is the same in every tenant.
	AppID       string `json:"appId,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	Description string `json:"description,omitempty"`
	// Type is servicePrincipalType, Application by default.
	Type string `json:"servicePrincipalType,omitempty"`
	// Disabled is the inverse of accountEnabled.
	Disabled bool `json:"disabled,omitempty"`
	// AppRoleAssignmentRequired keeps everybody out who has no assignment.
	AppRoleAssignmentRequired bool `json:"appRoleAssignmentRequired,omitempty"`
	// AppRoles are what the application has declared. Without any, principals are
	// assigned DefaultAccess.
	AppRoles []AppRole `json:"appRoles,omitempty"`
	Tags     []string  `json:"tags,omitempty"`
}

// AppRole is one role that an application declares.
type AppRole struct {
	ID string `json:"id,omitempty"`
	// Value is what tokens carry, for example Reader.
	Value       string `json:"value,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	Description string `json:"description,omitempty"`
	// AllowedMemberTypes are User (which includes groups) and Application; User by
	// default.
	AllowedMemberTypes []string `json:"allowedMemberTypes,omitempty"`
	// Disabled is the inverse of isEnabled.
	Disabled bool `json:"disabled,omitempty"`
}

// AppRoleAssignment is a role of an application that a principal has been assigned,
// in the words of Graph's appRoleAssignment resource.
type AppRoleAssignment struct {
	ID              string    `json:"id"`
	PrincipalID     string    `json:"principalId"`
	ResourceID      string    `json:"resourceId"`
	AppRoleID       string    `json:"appRoleId"`
	CreatedDateTime time.Time `json:"createdDateTime"`
}

// servicePrincipal is a ServicePrincipal in its place.
type servicePrincipal struct {
	ServicePrincipal
	seq uint64
}

func (p *servicePrincipal) sequence() uint64    { return p.seq }
func (p *servicePrincipal) objectID() string    { return p.ID }
func (p *servicePrincipal) resource() *resource { return servicePrincipalResource }

func (p *servicePrincipal) snapshot() ServicePrincipal {
	s := p.ServicePrincipal
	s.AppRoles = slices.Clone(s.AppRoles)
	s.Tags = slices.Clone(s.Tags)
	return s
}

// role is the role of the id, nil if the application has none such.
func (p *servicePrincipal) role(id string) *AppRole {
	for i := range p.AppRoles {
		if p.AppRoles[i].ID == id {
			return &p.AppRoles[i]
		}
	}
	return nil
}

// assignment is an AppRoleAssignment with what the directory wrote down when it was
// made: names do not follow later changes.
type assignment struct {
	AppRoleAssignment
	principalType, principalName, resourceName string

	seq    uint64
	adding veil // hides a new assignment from reads
}

func (a *assignment) sequence() uint64    { return a.seq }
func (a *assignment) objectID() string    { return a.ID }
func (a *assignment) resource() *resource { return appRoleAssignmentResource }

// assignmentKey is what can be assigned only once.
type assignmentKey struct{ principal, resource, role string }

func (a *assignment) key() assignmentKey {
	return assignmentKey{a.PrincipalID, a.ResourceID, a.AppRoleID}
}

// applications are the service principals of the tenant and who is assigned to them.
type applications struct {
	principals  ordered[*servicePrincipal]
	byID        map[string]*servicePrincipal
	assignments map[string]*assignment // by id
	byKey       map[assignmentKey]*assignment
	// byObject are the assignments by the id of either side, in order.
	byObject map[string]*ordered[*assignment]
}

func newApplications() applications {
	return applications{
		byID: map[string]*servicePrincipal{}, assignments: map[string]*assignment{},
		byKey: map[assignmentKey]*assignment{}, byObject: map[string]*ordered[*assignment]{},
	}
}

func (s *applications) add(a *assignment) {
	s.assignments[a.ID], s.byKey[a.key()] = a, a
	for _, side := range []string{a.PrincipalID, a.ResourceID} {
		if s.byObject[side] == nil {
			s.byObject[side] = &ordered[*assignment]{}
		}
		s.byObject[side].insert(a)
	}
}

func (s *applications) remove(a *assignment) {
	delete(s.assignments, a.ID)
	delete(s.byKey, a.key())
	for _, side := range []string{a.PrincipalID, a.ResourceID} {
		if s.byObject[side].remove(a); len(s.byObject[side].items) == 0 {
			delete(s.byObject, side)
		}
	}
}

// of are the assignments of a principal, or to a resource, that follow a place.
func (s *applications) of(id string, seq uint64) []*assignment {
	if all := s.byObject[id]; all != nil {
		return all.after(seq)
	}
	return nil
}

// dropAll ends the assignments of an object that is gone for good.
func (s *applications) dropAll(id string) {
	for _, a := range slices.Clone(s.of(id, 0)) {
		s.remove(a)
	}
}
