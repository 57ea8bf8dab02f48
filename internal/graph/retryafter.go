package graph

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// defaultRetryAfter is the wait where a 429 does not say how long.
	defaultRetryAfter = 10 * time.Second
	// minRetryAfter is the wait where the time that was named has passed already.
	minRetryAfter = time.Second
	// maxRetryAfter keeps an absurd header from closing the gate for good.
	maxRetryAfter = 24 * time.Hour
)

// retryAfter reads the Retry-After header: seconds, whole or with a fraction, or an HTTP date. It reports false where there is
// none that can be read. A date is held against the answer's own Date, so that no clock has to agree with another.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(seconds) {
		if seconds >= maxRetryAfter.Seconds() {
			return maxRetryAfter, true
		}
		return bounded(time.Duration(math.Ceil(max(seconds, 0)*1000)) * time.Millisecond), true
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return bounded(until.Sub(now)), true
}

func bounded(wait time.Duration) time.Duration { return min(max(wait, minRetryAfter), maxRetryAfter) }
