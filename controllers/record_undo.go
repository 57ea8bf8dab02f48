package controllers

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// undo is what has become since of what a release did to a user.
type undo struct {
	// AnnouncedAt is when this operator last announced that it lets the user in again, or restores them; zero where it has not.
	AnnouncedAt time.Time `json:"announcedAt,omitzero"`
	// At is when the user was seen not to be as the release had left them, whoever has done that; zero while they are.
	At time.Time `json:"at,omitzero"`
	// GivenUp is set where a deleted user is not to be restored any more: they have been purged, or somebody else has come in their place.
	GivenUp bool `json:"givenUp,omitempty"`
}

// blockedUser is a user of ours whom somebody else has blocked from signing in.
type blockedUser struct {
	UserID string `json:"userID"`
	// AuthorUID and ResendToken are who decided when that was seen, and the token that they had then: it was not about the block.
	AuthorUID   types.UID `json:"authorUID,omitempty"`
	ResendToken string    `json:"resendToken,omitempty"`
	// AnnouncedAt is when it was last announced that the user is let in again, because another token asks for it; zero where none does.
	AnnouncedAt time.Time `json:"announcedAt,omitzero"`
}

// since says what somebody else has changed since about what a release did, "" where nothing is known.
func (r *release) since() string {
	at := r.Undo.At.Format(time.RFC3339)
	switch {
	case r.Undo.At.IsZero():
		return ""
	case r.Did == deedDeleted:
		return fmt.Sprintf("; somebody has restored them since, as was seen at %s", at)
	}
	return fmt.Sprintf("; somebody has let them sign in again or deleted them since, as was seen at %s", at)
}

// ends gives the ends of all lives, the present one's included.
func (r *record) ends() (ends []*release) {
	for i := range r.Past {
		ends = append(ends, &r.Past[i])
	}
	if r.Release != nil {
		ends = append(ends, r.Release)
	}
	return ends
}

// excuses reports whether a user who is gone does not keep the person from coming back: this operator deleted them, or a resend token
// asked for another.
func (r *record) excuses(userID string) bool {
	return slices.Contains(r.Excused, userID) || slices.ContainsFunc(r.Past, func(p release) bool { return p.deleted(userID) })
}

// excusesDeletion is excuses for a user who is among the deleted ones, which tells when they were deleted. That they have been restored
// and deleted again since, by somebody else, shows in that time. Slack is how far two clocks are apart.
func (r *record) excusesDeletion(user directory.User, slack time.Duration) bool {
	return slices.Contains(r.Excused, user.ID) || slices.ContainsFunc(r.Past, func(p release) bool {
		return p.deleted(user.ID) && !user.DeletedDateTime.After(p.At.Add(slack))
	})
}

// deleted reports whether this release deleted the user, and they have not been seen since.
func (r *release) deleted(userID string) bool {
	return r.Did == deedDeleted && r.UserID == userID && r.Undo.At.IsZero()
}

// disabled reports whether this operator has blocked the user from signing in, and they have not been seen able to since.
func (r *record) disabled(userID string) bool {
	return !r.disabledAt(userID).IsZero()
}

// blocks reports whether this release blocked the user from signing in, and they have not been seen able to since.
func (r *release) blocks(userID string) bool {
	return userID != "" && r.Did == deedDisabled && r.UserID == userID && r.Undo.At.IsZero()
}

// blocked gives the user whom this operator keeps from signing in, "" where there is none.
func (r *record) blocked() string {
	for _, end := range r.ends() {
		if end.blocks(end.UserID) {
			return end.UserID
		}
	}
	return ""
}

// returned is when the user of an earlier life was last seen to be back, zero where none was.
func (r *record) returned() (last time.Time) {
	for _, past := range r.Past {
		if past.Undo.At.After(last) {
			last = past.Undo.At
		}
	}
	return last
}

// deletedAt is when this operator deleted the user, without having announced since that it restores them; zero where it did not.
func (r *record) deletedAt(userID string) (last time.Time) {
	for _, past := range r.Past {
		if past.deleted(userID) && past.Undo.AnnouncedAt.IsZero() {
			last = *past.At
		}
	}
	return last
}

// disabledAt is when this operator blocked the user from signing in, zero where it did not or they have been seen able to since.
func (r *record) disabledAt(userID string) (last time.Time) {
	for _, end := range r.ends() {
		if end.blocks(userID) {
			last = *end.At
		}
	}
	return last
}

// restorable gives the end of the latest life whose user this operator deleted and can be asked to restore, nil where there is none.
func (r *record) restorable() *release {
	for i := len(r.Past) - 1; i >= 0; i-- {
		if p := &r.Past[i]; p.UserID != "" && p.deleted(p.UserID) && !p.Undo.GivenUp {
			return p
		}
	}
	return nil
}

// restoring gives the user whose restoration was announced and has not been seen yet, "" where there is none.
func (r *record) restoring() string {
	if p := r.restorable(); p != nil && !p.Undo.AnnouncedAt.IsZero() {
		return p.UserID
	}
	return ""
}

// giveUpRestoring says that no deleted user is to be restored any more.
func (r *record) giveUpRestoring() {
	for p := r.restorable(); p != nil; p = r.restorable() {
		p.Undo.GivenUp = true
	}
}

// announceReturn says that the user is going to be let in again, or restored, and reports whether that has to be stored. What was
// announced less than every ago need not be announced again.
func (r *record) announceReturn(userID string, now time.Time, every time.Duration) (changed bool) {
	for i := range r.Past {
		p := &r.Past[i]
		if p.UserID == userID && p.Undo.At.IsZero() && (p.Did == deedDisabled || p.Did == deedDeleted) &&
			now.Sub(p.Undo.AnnouncedAt) >= every {
			p.Undo.AnnouncedAt, changed = now, true
		}
	}
	return changed
}

// found takes down what it means for earlier lives that the user is in the tenant, and reports whether it means anything. Enabled says
// that they can sign in without a doubt. Whoever has brought them back: from now on it is somebody else's doing if they are deleted
// or blocked.
func (r *record) found(user directory.User, enabled bool, now time.Time) (changed bool) {
	for _, end := range r.ends() {
		deleted := end.Did == deedDeleted
		switch {
		case !end.Undo.At.IsZero():
		case end.UserID == user.ID && (deleted || end.Did == deedDisabled && enabled):
			end.Undo.At, changed = now, true
		case end.UserID != user.ID && deleted && !end.Undo.GivenUp:
			end.Undo.GivenUp, changed = true, true
		}
	}
	if slices.Contains(r.Excused, user.ID) {
		r.Excused, changed = slices.DeleteFunc(r.Excused, func(id string) bool { return id == user.ID }), true
	}
	if r.Blocked != nil && r.Blocked.UserID == user.ID && user.AccountEnabled {
		r.Blocked, changed = nil, true
	}
	return changed
}

// lost takes down that somebody else has deleted a user whom this operator had blocked or deleted before, and reports whether that
// is news.
func (r *record) lost(userID string, now time.Time) (changed bool) {
	for _, end := range r.ends() {
		if end.UserID == userID && end.Undo.At.IsZero() && (end.Did == deedDisabled || end.Did == deedDeleted) {
			end.Undo.At, changed = now, true
		}
	}
	return changed
}

// trimAttempts keeps no more than n attempts. Those that can have made nobody go first, the oldest before the others: a user who is
// let in again for years stays ours however often they were mailed.
func (r *record) trimAttempts(n int) {
	for len(r.Attempts) > n {
		oldest := max(0, slices.IndexFunc(r.Attempts, func(a attempt) bool { return !a.mayHaveMade(a.GuestUID) }))
		r.Attempts = slices.Delete(r.Attempts, oldest, oldest+1)
	}
}
