package policy

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// grantsID reports whether the policy lists the group by this id.
func grantsID(policy *b2b.GuestPolicy, id string) bool {
	return slices.ContainsFunc(policy.Spec.Groups, func(group b2b.GroupReference) bool { return id != "" && group.ID == id })
}

// grantsName reports whether the policy lists a group by this name.
func grantsName(policy *b2b.GuestPolicy, name string) bool {
	return slices.ContainsFunc(policy.Spec.Groups, func(group b2b.GroupReference) bool { return name != "" && group.DisplayName == name })
}

// Known gives what the status knows of a group that the policy lists: the group that a name is pinned to, or the name that the
// group with an id was found under.
//
// A group that is listed by id has an entry of its own with its name. That entry pins nothing: where the same name is listed as
// well, it is pinned by a second entry.
func Known(policy *b2b.GuestPolicy, group b2b.GroupReference) (b2b.ResolvedGroup, bool) {
	for _, known := range policy.Status.Groups {
		if group.ID != "" && known.ID == group.ID {
			return known, true
		}
		if group.ID == "" && known.DisplayName == group.DisplayName && pins(policy, known.ID) {
			return known, true
		}
	}
	return b2b.ResolvedGroup{}, false
}

// pins reports whether an entry for the id stands for a name that the policy lists.
func pins(policy *b2b.GuestPolicy, id string) bool {
	entries := 0
	for _, known := range policy.Status.Groups {
		if known.ID == id {
			entries++
		}
	}
	return entries > 1 || !grantsID(policy, id)
}

// lookingUp reports whether the policy lists a group that concerns the request and has not been asked for in the tenant yet.
func lookingUp(policy *b2b.GuestPolicy, concerns func(b2b.GroupReference) bool) bool {
	if policy.Status.ObservedGeneration == policy.Generation && meta.IsStatusConditionTrue(policy.Status.Conditions, b2b.ConditionReady) {
		return false
	}
	return slices.ContainsFunc(policy.Spec.Groups, func(group b2b.GroupReference) bool {
		_, known := Known(policy, group)
		return !known && concerns(group)
	})
}
