package controllers

import "slices"

// withheld is an object that ran out after somebody else had taken its target from the guest: renewing it does not give it to them again,
// another regrant token does.
type withheld struct {
	target
	UserID string `json:"userID"`
	claimant
}

// maxWithheld is how many of them a record keeps: an annotation is bounded.
const maxWithheld = maxClaims

// withhold remembers one, and reports whether that changed anything.
func (r *record) withhold(next withheld) bool {
	if slices.Contains(r.Withheld, next) {
		return false
	}
	r.dropWithheld(next.target, next.claimant)
	r.Withheld = append(r.Withheld, next)
	r.Withheld = r.Withheld[max(0, len(r.Withheld)-maxWithheld):]
	return true
}

// withheldFrom gives what is remembered of an object, which may be nothing.
func (r *record) withheldFrom(t target, userID string, c claimant) *withheld {
	for i := range r.Withheld {
		if w := &r.Withheld[i]; w.target == t && w.UserID == userID && w.UID == c.UID {
			return w
		}
	}
	return nil
}

// dropWithheld forgets what is remembered of an object.
func (r *record) dropWithheld(t target, c claimant) {
	r.Withheld = slices.DeleteFunc(r.Withheld, func(w withheld) bool { return w.target == t && w.UID == c.UID })
}
