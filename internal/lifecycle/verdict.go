package lifecycle

import "time"

// Verdict is what a reconcile has to say about its object.
type Verdict struct {
	Outcome Outcome
	// Reason is one of the API's condition reasons.
	Reason string
	// Message says what happened, and where somebody can do something about it, what.
	Message string
	// After is when to look again without being woken; 0 for never.
	After time.Duration
}

// Outcome is how an object stands, as kstatus sees it.
type Outcome int

const (
	// Ready: what is wanted is there.
	Ready Outcome = iota
	// Waiting: there is work in hand, or something is waited for that comes by itself.
	Waiting
	// Stalled: a person must decide something.
	Stalled
	// Unchanged: nothing new can be said; the status stays as it is.
	Unchanged
)

// IsReady is the verdict that all is as wanted.
func IsReady(reason, message string) Verdict {
	return Verdict{Outcome: Ready, Reason: reason, Message: message}
}

// Wait is the verdict that something is waited for, and looked at again after a while (0: only when woken).
func Wait(reason, message string, after time.Duration) Verdict {
	return Verdict{Outcome: Waiting, Reason: reason, Message: message, After: after}
}

// Stall is the verdict that a person must decide.
func Stall(reason, message string) Verdict {
	return Verdict{Outcome: Stalled, Reason: reason, Message: message}
}

// LookAgain is the verdict that nothing new can be said before another look after a while.
func LookAgain(after time.Duration) Verdict { return Verdict{Outcome: Unchanged, After: after} }

// Within gives the verdict with another look no later than after d. A d of 0 or less changes nothing.
func (v Verdict) Within(d time.Duration) Verdict {
	if d > 0 && (v.After <= 0 || d < v.After) {
		v.After = d
	}
	return v
}
