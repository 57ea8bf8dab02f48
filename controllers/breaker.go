package controllers

import (
	"sync"
	"time"
)

// breakerPause is how long invitations rest after the tenant has refused one for all. Refused attempts feed the detection of
// abuse that blocks a tenant for good, so that only one is made at a time, and seldom.
const breakerPause = time.Hour

// The times of a probe: how soon the others look again while one is under way, and when one that never ended counts as ended.
const (
	probeGlance = 100 * time.Millisecond
	probeLimit  = 2 * time.Minute
)

// Breaker stops all invitations of a tenant once the tenant has refused one for reasons that are not the invitation's own. As long
// as the tenant has not accepted any, because the process has just started or because it has refused one, a single invitation goes
// first; when it is accepted, the others follow.
type Breaker struct {
	now func() time.Time

	mu sync.Mutex
	// proven is set while the tenant accepts invitations.
	proven bool
	// message is what the tenant said when it refused, until when no invitation may be made.
	message string
	until   time.Time
	// probe is when the invitation that goes first was let through, zero while there is none.
	probe time.Time
}

// NewBreaker gives a breaker for a tenant of which nothing is known.
func NewBreaker(now func() time.Time) *Breaker { return &Breaker{now: now} }

// Open stops invitations. Message is what the tenant said.
func (b *Breaker) Open(message string) {
	b.set(false, message, b.now().Add(breakerPause))
}

// Close lets everybody through: the tenant has accepted an invitation.
func (b *Breaker) Close() { b.set(true, "", time.Time{}) }

// Reset forgets what the tenant said: its settings have changed, and one invitation may find out.
func (b *Breaker) Reset() { b.set(false, "", time.Time{}) }

func (b *Breaker) set(proven bool, message string, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.proven, b.message, b.until, b.probe = proven, message, until, time.Time{}
}

// Undecided ends a probe that has shown nothing: another one may go first.
func (b *Breaker) Undecided() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probe = time.Time{}
}

// Blocked says for how long no invitation may be made, and what the tenant said: nothing where only another one goes first. 0 lets
// this one caller try, who must call Close, Open or Undecided afterwards.
func (b *Breaker) Blocked() (pause time.Duration, message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	switch {
	case b.proven:
		return 0, ""
	case now.Before(b.until):
		return b.until.Sub(now), b.message
	case !b.probe.IsZero() && now.Before(b.probe.Add(probeLimit)):
		return probeGlance, b.message
	}
	b.probe = now
	return 0, b.message
}

// State says what the tenant said when it refused, without using up the probe; "" while invitations go through.
func (b *Breaker) State() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.message
}
