package policy

import (
	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// Membership is what a GuestGroupMembership asks for.
type Membership struct {
	Group b2b.GroupReference
	// EmailAddress is the guest's.
	EmailAddress string
	// ByAddress says that the guest is named by address and not by an invitation, which a policy has allowed already: the
	// policy that grants the group must then allow the domain too.
	ByAddress bool
	// Lifetime is that of the membership, which may end with its invitation.
	Lifetime
}

// Membership decides whether the namespace may put the guest into the group, and which group that is. A group that is named is
// looked up among those that the policies grant, as found in their status.
func (g Grants) Membership(membership Membership) Decision {
	return g.judge(func(policy *b2b.GuestPolicy) verdict {
		said := groupVerdict(policy, membership.Group)
		grant, domain := policy.Spec.Invitations, domainOf(membership.EmailAddress)
		if membership.ByAddress && !allowsDomain(grant, domain) || deniesDomain(grant, domain) {
			said.objections = append(said.objections, domainObjection(domain))
		}
		membership.limit(&said, grant)
		return said
	})
}
