package lifecycle

import (
	"math/rand/v2"
	"time"
)

// The pauses before another look at something that does not wake its object.
const (
	// Soon is for what settles within seconds, such as replication.
	Soon = 2 * time.Second
	// Retry is for a directory that does not answer.
	Retry = 15 * time.Second
	// Later is for what a person or another team has to mend.
	Later = time.Minute
	// Seldom is for what only Microsoft or the clock changes.
	Seldom = time.Hour
)

// Jitter lengthens a pause by up to a fifth, so that objects which wait for the same thing do not come back all at once. It
// never shortens one: a Retry-After is kept.
func Jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d + rand.N(d/5+1) //nolint:gosec // jitter, not a secret
}

// longestSleep bounds how long an object sleeps towards a date. A timer counts the time that this process lives through; where a clock is
// set or a machine sleeps meanwhile, that is another time than the date's.
const longestSleep = 24 * time.Hour

// pause is how long an object is left alone that looks again after a while, which is jittered, and is due at a date, which is kept.
func pause(after, due time.Duration) time.Duration {
	wait := Jitter(after)
	if due <= 0 {
		return wait
	}
	due = min(due, longestSleep)
	if wait <= 0 {
		return due
	}
	return min(wait, due)
}
