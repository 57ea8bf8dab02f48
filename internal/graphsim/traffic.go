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
	x.app = t.appOf(x.r)
	windows := t.throttle
	if x.batch == nil {
		t.ledger.Requests++
	} else {
		t.ledger.BatchItems++
		windows = x.batch.throttle
	}
	if x.known {
		t.ledger.Calls[x.class()]++
	} else {
		t.ledger.UnknownPaths[x.class()]++
	}
	x.countKind()
	for _, scope := range x.scopes() {
		if w := windows[scope]; x.time.Before(w.until) {
			early := EarlyCall{Class: x.class(), Time: x.time, Since: w.since, Until: w.until}
			t.ledger.EarlyCalls = append(t.ledger.EarlyCalls, early)
			break
		}
	}
	return t.latency, t.outage
}

// skip counts an item that never became a call.
func (x *exchange) skip() {
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	x.t.ledger.BatchItems++
}

// countKind counts the call as a read, a write or a token request.
func (x *exchange) countKind() {
	switch counts := &x.t.ledger.counts; {
	case x.route == nil || x.route.batch:
	case x.route.template == tokenPath:
		counts.tokenRequests++
	case x.route.open:
	case x.route.writes:
		counts.writeCalls++
	default:
		counts.reads++
	}
}

// depart counts the answer and opens the window of its Retry-After. Status 0 is a
// connection reset.
func (x *exchange) depart(status int, retryAfter string) {
	t := x.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if x.batch == nil {
		t.ledger.Answers[status]++
	} else {
		t.ledger.ItemAnswers[status]++
	}
	if status == http.StatusTooManyRequests {
		t.ledger.Throttled++
	}
	now, scope := t.now(), orElse(x.throttledIn, x.scope())
	if wait, ok := retryDelay(retryAfter, now); ok && now.Add(wait).After(t.throttle[scope].until) {
		t.throttle[scope] = window{since: now, until: now.Add(wait)}
	}
}

// window is the time that a Retry-After asked a client to wait.
type window struct{ since, until time.Time }

// What a Retry-After holds for: the invitation service, the token endpoint, $batch
// itself and the directory throttle on their own, the directory by application, and
// where the limit for writes was met for writes only.
const (
	invitationScope  = "invitations"
	tenantWriteScope = "writes"
	batchScope       = "batch"
	tokenScope       = "token"
)

func directoryScope(app string) string { return "directory of " + app }
func writeScope(app string) string     { return "writes of " + app }

// scope is what a Retry-After without a limit to its name holds for.
func (x *exchange) scope() string {
	switch path := x.r.URL.Path; {
	case strings.HasPrefix(path, "/v1.0"+invitationsPath):
		return invitationScope
	case strings.EqualFold(path, "/v1.0"+batchPath):
		return batchScope
	case strings.HasPrefix(path, "/v1.0/"):
		return directoryScope(x.app)
	}
	return tokenScope
}

// scopes are all that the call has to heed.
func (x *exchange) scopes() []string {
	scopes := []string{x.scope()}
	m := &x.t.meters
	if !m.on() || x.route == nil || x.route.open || x.route.batch {
		return scopes
	}
	if scopes[0] == invitationScope && m.quota.InvitationsOutside {
		return scopes
	}
	if scopes[0] == invitationScope {
		scopes = append(scopes, directoryScope(x.app))
	}
	if x.route.writes {
		scopes = append(scopes, writeScope(x.app), tenantWriteScope)
	}
	return scopes
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
