package policy

import (
	"fmt"
	"slices"

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

func groupVerdict(policy *b2b.GuestPolicy, group b2b.GroupReference) verdict {
	if group.ID != "" {
		return groupByID(policy, group.ID)
	}
	return groupByName(policy, group.DisplayName)
}

// groupByID is granted by its id, or by a name that is pinned to it.
func groupByID(policy *b2b.GuestPolicy, id string) verdict {
	pinnedToIt := func(group b2b.GroupReference) bool {
		known, found := Known(policy, group)
		return found && known.ID == id
	}
	switch {
	case slices.ContainsFunc(policy.Spec.Groups, pinnedToIt), grantsID(policy, id):
		return verdict{groupID: id}
	case lookingUp(policy, func(group b2b.GroupReference) bool { return group.DisplayName != "" }):
		return verdict{pending: fmt.Sprintf("its groups are being looked up, so that it is not known yet whether %s is one of them", id)}
	}
	return verdict{objections: []string{fmt.Sprintf("the group with id %s", id)}}
}

// groupByName is granted by that name, or by the id of the only granted group that was found under it.
func groupByName(policy *b2b.GuestPolicy, name string) verdict {
	if grantsName(policy, name) {
		if known, found := Known(policy, b2b.GroupReference{DisplayName: name}); found {
			return verdict{groupID: known.ID}
		}
		return verdict{pending: fmt.Sprintf("no group called %q has been found in the tenant, or several", name)}
	}
	switch named := idsCalled(policy, name); {
	case len(named) == 1:
		return verdict{groupID: named[0]}
	case len(named) > 1:
		return verdict{pending: fmt.Sprintf("several of its groups are called %q: the policy has to list the one that is meant by name", name)}
	case lookingUp(policy, func(group b2b.GroupReference) bool { return group.ID != "" }):
		return verdict{pending: fmt.Sprintf("its groups are being looked up, so that it is not known yet whether one is called %q", name)}
	}
	return verdict{objections: []string{fmt.Sprintf("the group %q", name)}}
}

// idsCalled gives those groups listed by id that were found under the name.
func idsCalled(policy *b2b.GuestPolicy, name string) (ids []string) {
	for _, known := range policy.Status.Groups {
		if known.DisplayName == name && grantsID(policy, known.ID) && !slices.Contains(ids, known.ID) {
			ids = append(ids, known.ID)
		}
	}
	return ids
}
