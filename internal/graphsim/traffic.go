package graphsim

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// arrive counts the call and returns how the tenant is to treat it.
func (x *exchange) arrive() (latency time.Duration, outage bool) {
	t := x.t
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ledger.Requests++
	if x.known {
		t.ledger.Calls[x.class()]++
	} else {
		t.ledger.UnknownPaths[x.class()]++
	}
	if w := t.throttle[x.scope()]; x.time.Before(w.until) {
		early := EarlyCall{Class: x.class(), Time: x.time, Since: w.since, Until: w.until}
		t.ledger.EarlyCalls = append(t.ledger.EarlyCalls, early)
	}
	return t.latency, t.outage
}

// depart counts the answer and opens the window of its Retry-After. Status 0 is a
// connection reset.
func (x *exchange) depart(status int, retryAfter string) {
	t := x.t
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ledger.Answers[status]++
	now := t.now()
	if wait, ok := retryDelay(retryAfter, now); ok && now.Add(wait).After(t.throttle[x.scope()].until) {
		t.throttle[x.scope()] = window{since: now, until: now.Add(wait)}
	}
}

// window is the time that a Retry-After asked a client to wait.
type window struct{ since, until time.Time }

// scope is what a Retry-After holds for: the invitation service, the token
// endpoint and the directory throttle on their own.
func (x *exchange) scope() string {
	switch {
	case strings.HasPrefix(x.r.URL.Path, "/v1.0/invitations"):
		return "invitations"
	case strings.HasPrefix(x.r.URL.Path, "/v1.0/"):
		return "directory"
	}
	return "token"
}

// retryDelay reads a Retry-After: whole or decimal seconds, or a date.
func retryDelay(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return time.Duration(seconds * float64(time.Second)), true
	}
	if date, err := http.ParseTime(value); err == nil {
		return date.Sub(now), true
	}
	return 0, false
}
