package controllers

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// target is what a guest is given: to be in a group, or to have an app role of an application, which is directory.DefaultAccess for access
// without a role. The zero target is none.
type target struct {
	GroupID            string `json:"groupID,omitempty"`
	ServicePrincipalID string `json:"servicePrincipalID,omitempty"`
	RoleID             string `json:"roleID,omitempty"`
}

func inGroup(groupID string) target { return target{GroupID: groupID} }

func withRole(servicePrincipalID, roleID string) target {
	return target{ServicePrincipalID: servicePrincipalID, RoleID: roleID}
}

// claimKind is the kind of the objects that want it.
func (t target) claimKind() b2b.ClaimKind {
	if t.ServicePrincipalID != "" {
		return b2b.ClaimKindGuestAppRoleAssignment
	}
	return b2b.ClaimKindGuestGroupMembership
}

// of is a user with the target, as a key.
func (t target) of(userID string) string {
	if t.ServicePrincipalID != "" {
		return t.ServicePrincipalID + "/" + t.RoleID + "/" + userID
	}
	return t.GroupID + "/" + userID
}

// pair is one guest with one target, announced before the guest is given it, with the objects that want it.
type pair struct {
	target
	UserID      string    `json:"userID"`
	GuestUID    types.UID `json:"guestUID"` // another uid than the Guest's own marks a restored copy
	AnnouncedAt time.Time `json:"announcedAt"`
	// Found is set where the guest had the target before anybody here wanted it: such a pair is never taken back.
	Found bool `json:"found,omitempty"`
	// AssignmentID is the app role assignment, once it has been seen. Groups have none.
	AssignmentID string     `json:"assignmentID,omitempty"`
	Claimants    []claimant `json:"claimants"`
}

// claimant is an object that wants a pair, of the kind that wants such targets, and the regrant token of it that needs no more action.
type claimant struct {
	Namespace    string    `json:"namespace"`
	Name         string    `json:"name"`
	UID          types.UID `json:"uid"`
	RegrantToken string    `json:"regrantToken,omitempty"`
}

// pair gives the pair with a target, nil where none is recorded.
func (r *record) pair(t target) *pair {
	for i := range r.Pairs {
		if r.Pairs[i].target == t {
			return &r.Pairs[i]
		}
	}
	return nil
}

// dropPair forgets the pair with a target.
func (r *record) dropPair(t target) {
	r.Pairs = slices.DeleteFunc(r.Pairs, func(p pair) bool { return p.target == t })
}

// claimant gives what an object is recorded as, nil where it is not.
func (p *pair) claimant(namespace, name string) *claimant {
	if p == nil {
		return nil
	}
	for i := range p.Claimants {
		if p.Claimants[i].Namespace == namespace && p.Claimants[i].Name == name {
			return &p.Claimants[i]
		}
	}
	return nil
}

// dropClaimant takes an object out of a pair, and the pair out of the record when nobody wants it any more.
func (r *record) dropClaimant(t target, namespace, name string) {
	p := r.pair(t)
	if p == nil {
		return
	}
	p.Claimants = slices.DeleteFunc(p.Claimants, func(c claimant) bool { return c.Namespace == namespace && c.Name == name })
	if len(p.Claimants) == 0 {
		r.dropPair(t)
	}
}

// holds reports whether every one of the pairs is in the record, with all that want it and as they do.
func (r *record) holds(pairs []pair) bool {
	for _, p := range pairs {
		kept := r.pair(p.target)
		if kept == nil || kept.UserID != p.UserID || kept.GuestUID != p.GuestUID || kept.Found != p.Found {
			return false
		}
		for _, c := range p.Claimants {
			if k := kept.claimant(c.Namespace, c.Name); k == nil || *k != c {
				return false
			}
		}
	}
	return true
}

// forgetAssignment forgets which assignment a pair is about, and reports whether that was known.
func (r *record) forgetAssignment(t target) bool {
	p := r.pair(t)
	if p == nil || p.AssignmentID == "" {
		return false
	}
	p.AssignmentID = ""
	return true
}

// same reports whether two states of a pair announce the same, whenever they did.
func (p pair) same(other pair) bool {
	return p.UserID == other.UserID && p.GuestUID == other.GuestUID && p.Found == other.Found && p.AssignmentID == other.AssignmentID &&
		slices.Equal(p.Claimants, other.Claimants)
}
