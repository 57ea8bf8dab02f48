package controllers

import (
	"sync"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/budget"
)

// breakerPause is how long invitations rest after the tenant has refused one for all. Refused attempts feed the detection of
// abuse that blocks a tenant for good, so that only one is made at a time, and seldom.
const breakerPause = time.Hour

// probeLimit is when a probe that never ended counts as ended.
const probeLimit = 2 * time.Minute

// Breaker stops all invitations of a tenant once the tenant has refused one for reasons that are not the invitation's own. As long
// as the tenant has not accepted any, because the process has just started or because it has refused one, a single invitation goes
// first; the others are woken when it is over.
type Breaker struct {
	now  func() time.Time
	wake func(budget.Key)

	mu sync.Mutex
	// proven is set while the tenant accepts invitations.
	proven bool
	// message is what the tenant said when it refused, until when no invitation may be made.
	message string
	until   time.Time
	// probe is when the invitation that goes first was let through, zero while there is none, and first is whose it is.
	probe time.Time
	first budget.Key
	// waiting are those to wake when it is over.
	waiting []budget.Key
}

// NewBreaker gives a breaker for a tenant of which nothing is known. Wake is called for whoever waited for another invitation to go first;
// it must not block.
func NewBreaker(now func() time.Time, wake func(budget.Key)) *Breaker {
	return &Breaker{now: now, wake: wake}
}

// Open stops invitations. Message is what the tenant said.
func (b *Breaker) Open(message string) {
	b.set(false, message, b.now().Add(breakerPause))
}

// Close lets everybody through: the tenant has accepted an invitation.
func (b *Breaker) Close() { b.set(true, "", time.Time{}) }

// Reset forgets what the tenant said: its settings have changed, and one invitation may find out.
func (b *Breaker) Reset() { b.set(false, "", time.Time{}) }

func (b *Breaker) set(proven bool, message string, until time.Time) {
	b.endProbe(func() { b.proven, b.message, b.until = proven, message, until })
}

// Undecided ends a probe that has shown nothing: another one may go first.
func (b *Breaker) Undecided() { b.endProbe(func() {}) }

// endProbe wakes whoever waited for the probe, after a change of what is known.
func (b *Breaker) endProbe(change func()) {
	b.mu.Lock()
	change()
	waiting := b.waiting
	b.probe, b.first, b.waiting = time.Time{}, budget.Key{}, nil
	b.mu.Unlock()
	for _, key := range waiting {
		b.wake(key)
	}
}

// Blocked says for how long no invitation may be made, and what the tenant said: nothing where only another one goes first, after which
// the key is woken. 0 lets this one caller try, who must call Close, Open or Undecided afterwards.
func (b *Breaker) Blocked(key budget.Key) (pause time.Duration, message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.proven {
		return 0, ""
	}
	now := b.now()
	if now.Before(b.until) {
		return b.until.Sub(now), b.message
	}
	if pause := b.afterProbe(key, now); pause > 0 {
		return pause, b.message
	}
	b.probe, b.first = now, key
	return 0, b.message
}

// Prepare is Blocked for somebody who has still to be looked up, and may turn out to need no invitation: then Leave must be called. Whoever is
// looked up while another invitation goes first would only have to wait, and be looked up again. What the tenant has refused is no reason
// not to look somebody up.
func (b *Breaker) Prepare(key budget.Key) (pause time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if b.proven || now.Before(b.until) {
		return 0
	}
	if pause := b.afterProbe(key, now); pause > 0 {
		return pause
	}
	b.probe, b.first = now, key
	return 0
}

// Leave ends the probe of a key that needs no invitation after all, if there is one.
func (b *Breaker) Leave(key budget.Key) {
	b.mu.Lock()
	mine := b.first == key && !b.probe.IsZero()
	b.mu.Unlock()
	if mine {
		b.Undecided()
	}
}

// afterProbe has a key wait for the end of another one's probe; 0 where there is none.
func (b *Breaker) afterProbe(key budget.Key, now time.Time) time.Duration {
	if b.probe.IsZero() || b.first == key || !now.Before(b.probe.Add(probeLimit)) {
		return 0
	}
	b.waiting = append(b.waiting, key)
	return b.probe.Add(probeLimit).Sub(now)
}

// State says what the tenant said when it refused, without using up the probe; "" while invitations go through.
func (b *Breaker) State() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.message
}
