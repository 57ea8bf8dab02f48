package controllers

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// pair is one guest in one group, announced before the guest is added, with the memberships that want it.
type pair struct {
	GroupID     string    `json:"groupID"`
	UserID      string    `json:"userID"`
	GuestUID    types.UID `json:"guestUID"` // another uid than the Guest's own marks a restored copy
	AnnouncedAt time.Time `json:"announcedAt"`
	// Found is set where the guest was in the group before anybody here wanted it: such a pair is never removed.
	Found     bool       `json:"found,omitempty"`
	Claimants []claimant `json:"claimants"`
}

// claimant is a membership that wants a pair, and the regrant token of it that needs no more action.
type claimant struct {
	Namespace    string    `json:"namespace"`
	Name         string    `json:"name"`
	UID          types.UID `json:"uid"`
	RegrantToken string    `json:"regrantToken,omitempty"`
}

// pair gives the pair of a group, nil where none is recorded.
func (r *record) pair(groupID string) *pair {
	for i := range r.Pairs {
		if r.Pairs[i].GroupID == groupID {
			return &r.Pairs[i]
		}
	}
	return nil
}

// dropPair forgets the pair of a group.
func (r *record) dropPair(groupID string) {
	r.Pairs = slices.DeleteFunc(r.Pairs, func(p pair) bool { return p.GroupID == groupID })
}

// claimant gives what a membership is recorded as, nil where it is not.
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

// dropClaimant takes a membership out of a pair, and the pair out of the record when nobody wants it any more.
func (r *record) dropClaimant(groupID, namespace, name string) {
	p := r.pair(groupID)
	if p == nil {
		return
	}
	p.Claimants = slices.DeleteFunc(p.Claimants, func(c claimant) bool { return c.Namespace == namespace && c.Name == name })
	if len(p.Claimants) == 0 {
		r.dropPair(groupID)
	}
}

// holds reports whether every one of the pairs is in the record, with all that want it and as they do.
func (r *record) holds(pairs []pair) bool {
	for _, p := range pairs {
		kept := r.pair(p.GroupID)
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
