package controllers

import "slices"

// withheld is a membership that ran out after somebody else had taken the guest out of its group: renewing it does not add them again,
// another regrant token does.
type withheld struct {
	GroupID string `json:"groupID"`
	UserID  string `json:"userID"`
	claimant
}

// maxWithheld is how many of them a record keeps: an annotation is bounded.
const maxWithheld = maxClaims

// withhold remembers one, and reports whether that changed anything.
func (r *record) withhold(next withheld) bool {
	if slices.Contains(r.Withheld, next) {
		return false
	}
	r.dropWithheld(next.GroupID, next.claimant)
	r.Withheld = append(r.Withheld, next)
	r.Withheld = r.Withheld[max(0, len(r.Withheld)-maxWithheld):]
	return true
}

// withheld gives what is remembered of a membership, which may be nothing.
func (r *record) withheldFrom(groupID, userID string, c claimant) *withheld {
	for i := range r.Withheld {
		if w := &r.Withheld[i]; w.GroupID == groupID && w.UserID == userID && w.UID == c.UID {
			return w
		}
	}
	return nil
}

// dropWithheld forgets what is remembered of a membership.
func (r *record) dropWithheld(groupID string, c claimant) {
	r.Withheld = slices.DeleteFunc(r.Withheld, func(w withheld) bool { return w.GroupID == groupID && w.UID == c.UID })
}
