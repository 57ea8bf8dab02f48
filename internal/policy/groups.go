package policy

import (
	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// groupsOf are the groups of a policy.
func groupsOf(policy *b2b.GuestPolicy) catalog {
	groups := catalog{one: "group", many: "groups", id: "id", waitingFor: b2b.ReasonWaitingForGroup, asked: asked(policy)}
	for _, group := range policy.Spec.Groups {
		groups.listed = append(groups.listed, entry{id: group.ID, name: group.DisplayName})
	}
	for _, group := range policy.Status.Groups {
		groups.known = append(groups.known, entry{id: group.ID, name: group.DisplayName})
	}
	return groups
}

// Known gives what the status knows of a group that the policy lists: the group that a name is pinned to, or the name that the
// group with an id was found under.
func Known(policy *b2b.GuestPolicy, group b2b.GroupReference) (b2b.ResolvedGroup, bool) {
	at := groupsOf(policy).find(entry{id: group.ID, name: group.DisplayName})
	if at < 0 {
		return b2b.ResolvedGroup{}, false
	}
	return policy.Status.Groups[at], true
}

func groupVerdict(policy *b2b.GuestPolicy, group b2b.GroupReference) verdict {
	id, said := groupsOf(policy).resolve(entry{id: group.ID, name: group.DisplayName})
	said.groupID = id
	return said
}
