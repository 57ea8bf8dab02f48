package controllers

import (
	"slices"
	"time"
)

// mayHaveBeenMade reports whether the directory carried the attempt out, as far as is known.
func (a *attempt) mayHaveBeenMade() bool { return a.Outcome == "" || a.Outcome == outcomeSent }

// latest gives the latest invitation of this life that may have been made, nil where there is none. Its link is the one that is good.
func (r *record) latest() *attempt {
	for i := len(r.Attempts) - 1; i >= 0; i-- {
		if a := &r.Attempts[i]; a.Life == r.Life && a.mayHaveBeenMade() {
			return a
		}
	}
	return nil
}

// resend gives the latest attempt that a resend token asked for, nil where there is none.
func (r *record) resend(token string) *attempt {
	for i := len(r.Attempts) - 1; i >= 0; i-- {
		if a := &r.Attempts[i]; a.ResendToken == token && a.ResendToken != "" && a.Outcome != outcomeNotCarriedOut {
			return a
		}
	}
	return nil
}

// lastResend gives the time of the latest invitation that a resend token asked for and that may have been made, in whatever life: zero
// where there was none.
func (r *record) lastResend() time.Time {
	for _, a := range slices.Backward(r.Attempts) {
		if a.ResendToken != "" && a.mayHaveBeenMade() {
			return a.AbsentSince
		}
	}
	return time.Time{}
}

// reminders is how many reminders have been announced in this life. One that was not carried out does not count.
func (r *record) reminders() (n int32) {
	for i := range r.Attempts {
		if a := &r.Attempts[i]; a.Life == r.Life && a.Outcome != outcomeNotCarriedOut {
			n = max(n, a.Reminder)
		}
	}
	return n
}

// lastMail gives the time of the latest mail of this life that may have been sent, zero where there was none. A reminder that was
// refused counts, so that it is not followed by the next one at once.
func (r *record) lastMail() time.Time {
	for i := len(r.Attempts) - 1; i >= 0; i-- {
		a := &r.Attempts[i]
		refused := a.Cause == causeReminder && a.Outcome == outcomeRefused
		if a.Life == r.Life && !a.Silent && (a.mayHaveBeenMade() || refused) {
			return a.AbsentSince
		}
	}
	return time.Time{}
}

// forgetAttempts keeps the record bounded. New links go first: they made nobody and sent nothing.
func (r *record) forgetAttempts() {
	for len(r.Attempts) > maxAttempts {
		oldest := max(0, slices.IndexFunc(r.Attempts[:len(r.Attempts)-1], func(a attempt) bool { return a.Cause == causeLink }))
		r.Attempts = slices.Delete(r.Attempts, oldest, oldest+1)
	}
}
