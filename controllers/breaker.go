package controllers

import (
	"sync"
	"time"
)

// breakerPause is how long invitations rest after the tenant has refused one for all. Refused attempts feed the detection of
// abuse that blocks a tenant for good, so that only one is made at a time, and seldom.
const breakerPause = time.Hour

// Breaker stops all invitations of a tenant once the tenant has refused one for reasons that are not the invitation's own. One
// invitation is let through after each pause; when it is accepted, the others follow.
type Breaker struct {
	now func() time.Time

	mu      sync.Mutex
	message string
	until   time.Time
}

// NewBreaker gives a breaker that lets everything through.
func NewBreaker(now func() time.Time) *Breaker { return &Breaker{now: now} }

// Open stops invitations. Message is what the tenant said.
func (b *Breaker) Open(message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.message, b.until = message, b.now().Add(breakerPause)
}

// Close lets invitations through again.
func (b *Breaker) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.message, b.until = "", time.Time{}
}

// Blocked says for how long no invitation may be made, and what the tenant said. 0 lets this one caller try.
func (b *Breaker) Blocked() (pause time.Duration, message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return 0, ""
	}
	if pause = b.until.Sub(b.now()); pause > 0 {
		return pause, b.message
	}
	b.until = b.now().Add(breakerPause) // the probe: everybody else goes on waiting
	return 0, b.message
}

// State says what the tenant said when it refused, without using up the probe; "" while invitations go through.
func (b *Breaker) State() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.message
}
