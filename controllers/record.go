package controllers

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// record is what this operator announced and did for one Guest. It is kept in an annotation of the Guest, which only the
// operator writes, and outside of status, so that a status that was lost can be computed anew and nobody can forge it.
type record struct {
	// Life counts how often the person was invited anew after having been released or gone; 0 for the first life.
	Life int `json:"life,omitempty"`
	// Author is the invitation that decided last, and the resend token of it that needs no more action.
	Author *author `json:"author,omitempty"`
	// Attempts are the announced invitations of all lives, oldest first.
	Attempts []attempt `json:"attempts,omitempty"`
	// DeletionPolicy is the strongest policy among the claims of this life that have gone.
	DeletionPolicy b2b.GuestDeletionPolicy `json:"deletionPolicy,omitempty"`
	// Release is the end of this life, once it has begun.
	Release *release `json:"release,omitempty"`
	// Past are the ends of earlier lives.
	Past []release `json:"past,omitempty"`
	// Excused are users who are gone and were asked for anew by a resend token.
	Excused []string `json:"excused,omitempty"`
	// Blocked is the user whom somebody else has blocked from signing in, while they are.
	Blocked *blockedUser `json:"blocked,omitempty"`
	// Pairs are the group memberships and app role assignments announced for this guest and not taken back yet.
	Pairs []pair `json:"pairs,omitempty"`
	// Sponsors is what was done about those who answer for the guest.
	Sponsors *sponsorship `json:"sponsors,omitempty"`
	// Links are the Secrets announced to hold a redeem link of this guest and not removed yet. The links are nowhere but there.
	Links []linkSecret `json:"links,omitempty"`
	// Withheld are objects that ran out after somebody else had taken from the guest what they asked for.
	Withheld []withheld `json:"withheld,omitempty"`
	// Lapses are the invitations that ended because the guest had not redeemed in time.
	Lapses []lapse `json:"lapses,omitempty"`
}

// author identifies an invitation and the resend token that it had when it was last heeded.
type author struct {
	UID         types.UID `json:"uid"`
	ResendToken string    `json:"resendToken,omitempty"`
	// Declined is the token that was not sent for, because the guest had accepted by then.
	Declined string `json:"declined,omitempty"`
	// Since is when it took over; zero where the Guest began with it. Its reminders count from then at the earliest.
	Since time.Time `json:"since,omitzero"`
}

// attempt announces one POST /invitations.
type attempt struct {
	// GuestUID is the Guest that announced it. Another uid than the Guest's own marks a restored copy, which still keeps
	// people from being mailed twice but never makes a user ours.
	GuestUID types.UID `json:"guestUID"`
	Life     int       `json:"life,omitempty"`
	Number   int       `json:"attempt"`
	Cause    cause     `json:"cause"`
	// ResendToken is the token that asked for it, if one did.
	ResendToken string `json:"resendToken,omitempty"`
	// Reminder is how many reminders had been announced in this life, this one included: a number is never used twice.
	Reminder int32 `json:"reminder,omitempty"`
	// Silent is set where no mail was asked for.
	Silent   bool         `json:"silent,omitempty"`
	UserType b2b.UserType `json:"userType,omitempty"`
	// AuthorUID and AuthorGeneration say which spec was sent, so that a refused one is not sent again.
	AuthorUID        types.UID `json:"authorUID,omitempty"`
	AuthorGeneration int64     `json:"authorGeneration,omitempty"`
	// AbsentSince is the directory's time at which the user was not there, NotAfter its time at the request's deadline.
	AbsentSince time.Time `json:"absentSince"`
	NotAfter    time.Time `json:"notAfter"`
	// Outcome is empty for done or unknown: which of them, the directory knows.
	Outcome outcome `json:"outcome,omitempty"`
	// Reason and Message are the verdict on an attempt that was refused or not carried out.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Again is when what was not carried out may be tried again.
	Again time.Time `json:"again,omitzero"`
}

// cause is why an invitation is made. At most one mail goes out for each in a life.
type cause string

const (
	causeFirst    cause = "FirstInvitation"
	causeResend   cause = "Resend"
	causeReminder cause = "Reminder"
	// causeLink makes a link anew that was lost, without a mail.
	causeLink cause = "RedeemLink"
)

// outcome is what became of an attempt, as far as it is certain.
type outcome string

const (
	// outcomeSent: the directory confirmed it.
	outcomeSent outcome = "Sent"
	// outcomeNotSeen: its answer was lost, and nobody was found throughout the replication window.
	outcomeNotSeen outcome = "NotSeen"
	// outcomeNotCarriedOut: the directory did nothing, for reasons that are not the invitation's own.
	outcomeNotCarriedOut outcome = "NotCarriedOut"
	// outcomeRefused: the directory does not accept the invitation as it is.
	outcomeRefused outcome = "Refused"
)

// release is how a life ends.
type release struct {
	StartedAt time.Time               `json:"startedAt"`
	Policy    b2b.GuestDeletionPolicy `json:"policy,omitempty"`
	UserID    string                  `json:"userID,omitempty"`
	// Disabling announces that the user, who could sign in until then, is blocked from it.
	Disabling bool `json:"disabling,omitempty"`
	// Did is empty while the release is going on.
	Did deed       `json:"did,omitempty"`
	At  *time.Time `json:"at,omitempty"`
	Why string     `json:"why,omitempty"`
	// Undo is what has become of it since.
	Undo undo `json:"undo,omitzero"`
	// Unredeemed is set where the last claims went because the guest had not redeemed in time.
	Unredeemed bool `json:"unredeemed,omitempty"`
}

// deed is what a release did to the user.
type deed string

const (
	deedDeleted  deed = "Deleted"
	deedDisabled deed = "Disabled"
	deedRetained deed = "Retained"
	// deedNothing: there was no user.
	deedNothing deed = "Nothing"
)

// summary says what a release that is over has done, when and why.
func (r *release) summary() string {
	what := map[deed]string{
		deedDeleted:  "the user was deleted",
		deedDisabled: "the user was blocked from signing in and their sessions were revoked",
		deedRetained: "the user was left in the tenant",
		deedNothing:  "there was nothing to undo in the tenant",
	}[r.Did]
	return fmt.Sprintf("%s at %s: %s%s", what, r.At.Format(time.RFC3339), r.Why, r.since())
}

// readRecord gives the record of a Guest, empty where it has none.
func readRecord(guest *b2b.Guest) (*record, error) {
	rec := &record{}
	text, ok := guest.Annotations[b2b.RecordAnnotation]
	if !ok {
		return rec, nil
	}
	if err := json.Unmarshal([]byte(text), rec); err != nil {
		return nil, fmt.Errorf("reading the record of Guest %s: %w", guest.Name, err)
	}
	return rec, nil
}

// writeRecord puts the record into the Guest. Storing the Guest is the caller's.
func writeRecord(guest *b2b.Guest, rec *record) error {
	text, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("writing the record of Guest %s: %w", guest.Name, err)
	}
	if guest.Annotations == nil {
		guest.Annotations = map[string]string{}
	}
	guest.Annotations[b2b.RecordAnnotation] = string(text)
	return nil
}

// releasing reports whether a release has begun and is not over.
func (r *record) releasing() bool { return r.Release != nil && r.Release.Did == "" }

// released reports whether a release is over and no new life has begun.
func (r *record) released() bool { return r.Release != nil && r.Release.Did != "" }

// announce adds an attempt. Attempts of the same life that did nothing say nothing more and go; open ones have been found to
// have left no trace.
func (r *record) announce(next attempt) {
	next.Life = r.Life
	next.Number = 1
	if n := len(r.Attempts); n > 0 {
		next.Number = r.Attempts[n-1].Number + 1
	}
	r.Attempts = slices.DeleteFunc(r.Attempts, func(a attempt) bool {
		return a.Life == r.Life && (a.Outcome == outcomeNotCarriedOut || a.Outcome == outcomeRefused)
	})
	for i := range r.Attempts {
		if a := &r.Attempts[i]; a.Life == r.Life && a.Cause == causeFirst && a.Outcome == "" && next.Cause == causeFirst {
			a.Outcome = outcomeNotSeen
		}
	}
	r.Attempts = append(r.Attempts, next)
	r.forgetAttempts()
}

// remembered is how many ended lives, and how many attempts of them, a record keeps: an annotation is bounded.
const remembered = 50

// maxAttempts is how many attempts a record keeps while a life goes on: each crash right after an announcement leaves one. To forget
// the oldest is safe, for a user whose maker is forgotten is never deleted.
const maxAttempts = 2 * remembered

// beginLife begins a new life after a release.
func (r *record) beginLife() {
	r.Past = append(r.Past, *r.Release)
	r.Release, r.Author, r.DeletionPolicy = nil, nil, ""
	r.Life++
	r.Past = r.Past[max(0, len(r.Past)-remembered):]
	r.trimAttempts(remembered)
}

// last gives the latest attempt of this life, nil where there is none.
func (r *record) last() *attempt {
	if n := len(r.Attempts); n > 0 && r.Attempts[n-1].Life == r.Life {
		return &r.Attempts[n-1]
	}
	return nil
}

// inDoubt gives the first invitation of this life whose outcome only the directory knows, nil where there is none.
func (r *record) inDoubt() *attempt {
	for i := len(r.Attempts) - 1; i >= 0; i-- {
		a := &r.Attempts[i]
		if a.Life == r.Life && a.Cause == causeFirst && (a.Outcome == "" || a.Outcome == outcomeSent) {
			return a
		}
	}
	return nil
}

// sent counts the invitations that were made, or may have been.
func (r *record) sent() (n int32) {
	for _, a := range r.Attempts {
		if a.Outcome == "" || a.Outcome == outcomeSent {
			n++
		}
	}
	return n
}

// mayHaveInvited reports whether this very Guest announced an invitation that may have made a user.
func (r *record) mayHaveInvited(guestUID types.UID) bool {
	return slices.ContainsFunc(r.Attempts, func(a attempt) bool { return a.mayHaveMade(guestUID) })
}

// created reports whether this operator made the user: it was absent before an attempt of this very Guest, and came into being
// before that attempt's deadline.
func (r *record) created(user directory.User, guestUID types.UID) bool {
	return r.creator(user, guestUID) != nil
}

// creator gives the attempt that made the user, nil where none of this Guest's did.
func (r *record) creator(user directory.User, guestUID types.UID) *attempt {
	for i := range r.Attempts {
		a := &r.Attempts[i]
		if a.mayHaveMade(guestUID) && !user.CreatedDateTime.Before(a.AbsentSince) && !user.CreatedDateTime.After(a.NotAfter) {
			return a
		}
	}
	return nil
}

func (a *attempt) mayHaveMade(guestUID types.UID) bool {
	return a.GuestUID == guestUID && a.Cause == causeFirst && a.Outcome != outcomeNotCarriedOut && a.Outcome != outcomeRefused
}

// stronger gives the one of two policies that wins: Retain before Disable before Delete before none.
func stronger(a, b b2b.GuestDeletionPolicy) b2b.GuestDeletionPolicy {
	for _, policy := range []b2b.GuestDeletionPolicy{
		b2b.GuestDeletionPolicyRetain, b2b.GuestDeletionPolicyDisable, b2b.GuestDeletionPolicyDelete,
	} {
		if a == policy || b == policy {
			return policy
		}
	}
	return ""
}
