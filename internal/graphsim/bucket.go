package graphsim

import (
	"math"
	"time"
)

// bucket is a token bucket: full at the start, filled again at a steady rate. A nil
// bucket has no bottom. A clock that goes back fills nothing.
type bucket struct {
	capacity float64
	rate     float64 // per second
	level    float64
	at       time.Time
}

// overdraw is how far below empty a bucket can get, as a share of its capacity.
const overdraw = 0.8

func newBucket(capacity int, period time.Duration, now time.Time) *bucket {
	if capacity <= 0 {
		return nil
	}
	return &bucket{capacity: float64(capacity), rate: float64(capacity) / period.Seconds(), level: float64(capacity), at: now}
}

// wait is the time until the bucket holds n, 0 when it does already.
func (b *bucket) wait(n int, now time.Time) time.Duration {
	if b == nil || n == 0 {
		return 0
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.level, b.at = min(b.capacity, b.level+passed.Seconds()*b.rate), now
	}
	missing := float64(n) - b.level
	if missing <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(missing / b.rate * float64(time.Second)))
}

// take draws n, below empty if need be.
func (b *bucket) take(n int) {
	if b != nil {
		b.level = max(b.level-float64(n), -overdraw*b.capacity)
	}
}

// used is the share of the capacity that is drawn: above 1 when overdrawn.
func (b *bucket) used() float64 {
	if b == nil {
		return 0
	}
	return 1 - b.level/b.capacity
}
