package controllers

import (
	"hash/fnv"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// sponsorLooks is what this process has seen of the sponsors of each Guest. No delta query tells of sponsors, so that they are read when
// a spec changes, and once a day.
type sponsorLooks struct {
	now func() time.Time
	// since is when this process was first asked: whatever was applied before need not be read at once after a restart.
	since func() time.Time
	seen  *syncMap[types.UID, sponsorLook]
}

// sponsorLook is what was found when a spec was last held against the tenant, and what condition SponsorsSet says of it.
type sponsorLook struct {
	// about is whose sponsors, and which list: see guestLife.lookKey.
	about           string
	status          metav1.ConditionStatus
	reason, message string
	// next is when to look again.
	next time.Time
}

func newSponsorLooks(now func() time.Time) *sponsorLooks {
	return &sponsorLooks{now: now, since: sync.OnceValue(now), seen: newSyncMap[types.UID, sponsorLook]()}
}

// daily is how often sponsors are read while nothing is known to have changed.
const daily = 24 * time.Hour

// hourly is how often a sponsor is looked for who was not found.
const hourly = time.Hour

// slot is the first time after the given one at which a Guest has its turn in a period: each at another, so that reads are spread
// over it, and always at the same, so that no restart brings them all at once.
func slot(guest types.UID, after time.Time, period time.Duration) time.Time {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(guest)) // never fails
	phase := time.Duration(float64(sum.Sum32()) / (1 << 32) * float64(period))
	next := after.Truncate(period).Add(phase)
	if !next.After(after) {
		next = next.Add(period)
	}
	return next
}

// of gives the last look of this process, where it was about the same.
func (l *sponsorLooks) of(guest types.UID, about string) (sponsorLook, bool) {
	look, ok := l.seen.get(guest)
	return look, ok && look.about == about
}

// untilNext is the time until the next look at the sponsors of a Guest whose spec was applied before this process has looked.
func (l *sponsorLooks) untilNext(guest types.UID, complete bool) time.Duration {
	return slot(guest, l.since(), periodOf(complete)).Sub(l.now())
}

func periodOf(complete bool) time.Duration {
	if complete {
		return daily
	}
	return hourly
}

// note keeps what was found. Where nothing says when to look again, that is when the Guest has its turn.
func (l *sponsorLooks) note(guest types.UID, look sponsorLook) {
	if look.next.IsZero() {
		look.next = slot(guest, l.now(), periodOf(look.status == metav1.ConditionTrue))
	}
	l.seen.set(guest, look)
}

func (l *sponsorLooks) forget(guest types.UID) { l.seen.remove(guest) }
