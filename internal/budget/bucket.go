package budget

import (
	"math"
	"time"
)

const (
	// recovery is how long a rate takes from nothing to full after it was cut.
	recovery = 2 * time.Minute
	// slowest bounds how far repeated 429s cut a rate.
	slowest = 1.0 / 16
)

// bucket is what we believe of the directory's own bucket. Its level falls when an answer shows that a request was counted, which
// is later than the directory counts it, and what is reserved stays in it until then. So level - reserved is never more than
// what the directory has left for us, however long a turn is kept and a request is on its way.
type bucket struct {
	// capacity is infinite where there is no limit; rate is per second.
	capacity, rate  float64
	level, reserved float64
	// pace is the part of the rate that is used: 1, less for a while after a 429.
	pace float64
	// at is the time of level and pace.
	at time.Time
	// cut is when a 429 last lowered pace.
	cut time.Time
}

func newBucket(l Limit, now time.Time) bucket {
	if l.Amount <= 0 || l.Per <= 0 {
		return bucket{capacity: math.Inf(1), level: math.Inf(1), pace: 1, at: now}
	}
	capacity := float64(l.Amount) * (1 - margin)
	return bucket{capacity: capacity, rate: capacity / l.Per.Seconds(), level: capacity, pace: 1, at: now}
}

func (b *bucket) unlimited() bool { return math.IsInf(b.capacity, 1) }

func (b *bucket) refill(now time.Time) {
	passed := now.Sub(b.at).Seconds()
	if passed <= 0 {
		return // a clock that was set back fills nothing
	}
	b.at = now
	slow := min(passed, (1-b.pace)*recovery.Seconds())
	pace := min(b.pace+slow/recovery.Seconds(), 1)
	b.level = min(b.capacity, b.level+b.rate*(slow*(b.pace+pace)/2+passed-slow))
	b.pace = pace
	if slow < passed {
		b.pace = 1
	}
}

// most bounds what can be asked for: what is more than the whole would wait forever.
func (b *bucket) most(n int32) int32 { return int32(min(float64(n), math.Floor(b.capacity))) }

func (b *bucket) holds(n int32) bool { return n <= 0 || b.level-b.reserved >= float64(n) }

// until estimates how long it takes until n more can be reserved.
func (b *bucket) until(n float64) time.Duration {
	missing := n + b.reserved - b.level
	if missing <= 0 || b.unlimited() {
		return 0
	}
	return time.Duration(math.Ceil(missing / (b.rate * b.pace) * float64(time.Second)))
}

// used is the part of the bucket that is not there.
func (b *bucket) used() float64 {
	if b.unlimited() {
		return 0
	}
	return 1 - b.level/b.capacity
}

// spend counts what was reserved as used, at its real cost.
func (b *bucket) spend(reserved, used int32) {
	b.reserved -= float64(reserved)
	b.level -= float64(used)
}

// refused empties the bucket and halves its pace, after a 429 to a request that was let through at sent. Those that were on their
// way together are one event.
func (b *bucket) refused(now, sent time.Time) {
	if b.unlimited() {
		return
	}
	b.level = min(b.level, 0)
	if sent.Before(b.cut) {
		return
	}
	b.pace, b.cut = max(b.pace/2, slowest), now
}

// read takes over the directory's reading: the part of its bucket that is used, over 1 where it is overdrawn.
func (b *bucket) read(used float64) {
	if !b.unlimited() {
		b.level = min(b.level, b.capacity*(1-used))
	}
}
