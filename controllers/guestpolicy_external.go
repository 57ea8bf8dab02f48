package controllers

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// resolve brings status.groups and status.applications up to date with the spec, and says whether the policy is in force. What was found
// once is never looked for again: its name is pinned to it.
func (r *policyReconciler) resolve(ctx context.Context, object *b2b.GuestPolicy, tenant tenant, look *policyLook) lifecycle.Verdict {
	groups, unknownGroups := knownGroups(object)
	applications, unknownApplications := knownApplications(object)
	object.Status.Groups, object.Status.Applications = groups, applications
	if verdict := invalidSelector(object); verdict != nil {
		return *verdict
	}
	if verdict := tenant.waiting(object.Spec.TenantRef.Name); verdict != nil {
		return *verdict
	}
	if len(unknownGroups)+len(unknownApplications) == 0 {
		return inForce(policyTrouble{})
	}
	if look.connection == tenant.Connection && r.Now().Sub(look.looked) < lifecycle.Later {
		return inForce(look.trouble).Within(lifecycle.Later)
	}
	trouble, failed := r.find(ctx, object, tenant.Directory, unknownGroups, unknownApplications)
	if failed != nil {
		return notFoundYet(object, *failed)
	}
	look.connection, look.looked, look.trouble = tenant.Connection, r.Now(), trouble
	verdict := inForce(trouble)
	if !trouble.none() {
		verdict = verdict.Within(lifecycle.Later)
	}
	return verdict
}

// policyTrouble names what the tenant does not have, and says what is wrong with it.
type policyTrouble struct{ groups, applications []string }

func (t policyTrouble) none() bool { return len(t.groups)+len(t.applications) == 0 }

// find asks the tenant for groups and applications and puts those that it has into the status. A verdict means that the tenant could
// not tell.
func (r *policyReconciler) find(ctx context.Context, object *b2b.GuestPolicy, tenant directory.Directory,
	groups []b2b.GroupReference, applications []b2b.ApplicationReference) (trouble policyTrouble, failed *lifecycle.Verdict) {
	var groupsErr, applicationsErr error
	trouble.groups, groupsErr = findGroups(ctx, object, tenant, groups)
	trouble.applications, applicationsErr = findApplications(ctx, object, tenant, applications)
	object.Status.Groups, _ = knownGroups(object) // in the order of the spec
	object.Status.Applications, _ = knownApplications(object)
	switch {
	case groupsErr != nil:
		failed = failureOf(groupsErr, "looking for groups", permissionReadGroups)
	case applicationsErr != nil:
		failed = failureOf(applicationsErr, "looking for applications", permissionReadApplications)
	}
	return trouble, failed
}

// knownGroups gives what the status knows of the groups in the spec, in the order of the spec, and the groups that it does not know.
func knownGroups(object *b2b.GuestPolicy) (known []b2b.ResolvedGroup, unknown []b2b.GroupReference) {
	for i, group := range object.Spec.Groups {
		if slices.Contains(object.Spec.Groups[:i], group) {
			continue
		}
		if resolved, found := policy.Known(object, group); found {
			known = append(known, resolved)
		} else {
			unknown = append(unknown, group)
		}
	}
	return known, unknown
}

// findGroups asks the tenant for groups and puts those that it has into the status. Trouble names the others, and says what is wrong.
// An error means that the tenant could not tell.
func findGroups(ctx context.Context, object *b2b.GuestPolicy, groups directory.Groups,
	wanted []b2b.GroupReference) (trouble []string, err error) {
	for _, group := range wanted {
		found, wrong, err := findGroup(ctx, groups, group)
		switch {
		case err != nil:
			return nil, err
		case wrong != "":
			trouble = append(trouble, wrong)
		default:
			object.Status.Groups = append(object.Status.Groups, found)
		}
	}
	return trouble, nil
}

func findGroup(ctx context.Context, groups directory.Groups, group b2b.GroupReference) (found b2b.ResolvedGroup, wrong string, err error) {
	if group.ID != "" {
		one, err := groups.GetGroup(ctx, group.ID)
		if directory.IsNotFound(err) {
			return found, fmt.Sprintf("%s does not exist", group.ID), nil
		}
		return b2b.ResolvedGroup{ID: group.ID, DisplayName: one.DisplayName}, "", err
	}
	all, err := groups.FindGroups(ctx, group.DisplayName)
	switch {
	case err != nil:
		return found, "", err
	case len(all) == 0:
		return found, fmt.Sprintf("%q does not exist", group.DisplayName), nil
	case len(all) > 1:
		return found, fmt.Sprintf("%q is the name of %d groups: list the one that is meant by id", group.DisplayName, len(all)), nil
	}
	return b2b.ResolvedGroup{ID: all[0].ID, DisplayName: group.DisplayName}, "", nil
}

// notFoundYet is the verdict while the tenant cannot tell. A policy whose groups and applications have been looked for before stays
// in force.
func notFoundYet(object *b2b.GuestPolicy, failed lifecycle.Verdict) lifecycle.Verdict {
	if object.Status.ObservedGeneration == object.Generation && meta.IsStatusConditionTrue(object.Status.Conditions, b2b.ConditionReady) {
		return lifecycle.LookAgain(failed.After)
	}
	return failed
}
