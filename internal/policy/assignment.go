package policy

import (
	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// Assignment is what a GuestAppRoleAssignment asks for.
type Assignment struct {
	Application b2b.ApplicationReference
	// Role is the value of an app role; empty for default access.
	Role string
	// EmailAddress and ByAddress are as in Membership.
	EmailAddress string
	ByAddress    bool
	// Lifetime is that of the assignment, which may end with its invitation.
	Lifetime
}

// Assignment decides whether the namespace may let the guest use the application in that role, and which application that is. An
// application that is named is looked up among those that the policies grant, as found in their status. Whether the application
// has the role is not the policies' to know.
func (g Grants) Assignment(assignment Assignment) Decision {
	return g.judge(func(policy *b2b.GuestPolicy) verdict {
		said := applicationVerdict(policy, assignment.Application, assignment.Role)
		grant, domain := policy.Spec.Invitations, domainOf(assignment.EmailAddress)
		if assignment.ByAddress && !allowsDomain(grant, domain) || deniesDomain(grant, domain) {
			said.objections = append(said.objections, domainObjection(domain))
		}
		assignment.limit(&said, grant)
		return said
	})
}
