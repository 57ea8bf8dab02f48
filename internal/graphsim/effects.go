package graphsim

import (
	"net/http"
)

// point is when an effect happens.
type point int

const (
	before  point = iota // nothing is carried out
	after                // carried out, and the answer goes astray
	instead              // the operation itself lies
)

// Effect is what a Fault does. Effects happen before the call is carried out,
// unless wrapped in AfterCommit or said otherwise.
//
// Of an item of a $batch it changes that item's answer, save for effects that break
// or hold the connection, or spoil the bytes on it: the item is carried out or not as
// they say, the other items are, and the effect happens to the answer of the whole
// batch. Of several such, the first does.
type Effect struct {
	at         point
	act        func(*exchange, *answer)
	connection bool // concerns the connection and not one call
}

// AfterCommit lets the effect happen after the call has been carried out, in
// place of its answer. A call that was refused is answered as usual and does not
// count.
func AfterCommit(e Effect) Effect { return Effect{after, e.act, e.connection} }

// Refuse answers with an error in Graph's envelope.
func Refuse(status int, code, message string) Effect {
	return RefuseWithHeader(status, code, message, nil)
}

// RefuseWithHeader is Refuse with headers.
func RefuseWithHeader(status int, code, message string, header http.Header) Effect {
	return Effect{before, func(x *exchange, _ *answer) {
		refused := x.refusal(&apiError{status, code, message})
		for name, values := range header {
			refused.header[http.CanonicalHeaderKey(name)] = values
		}
		x.send(refused)
	}, false}
}

// Throttle answers 429 as the service does. retryAfter is the header's value:
// whole seconds, decimal seconds, an HTTP date, or empty for no header.
func Throttle(retryAfter string) Effect {
	return Effect{before, func(x *exchange, _ *answer) {
		x.send(x.throttled(retryAfter))
	}, false}
}

// Unavailable answers 503, with a Retry-After unless that is empty.
func Unavailable(retryAfter string) Effect {
	return RefuseWithHeader(http.StatusServiceUnavailable, "serviceNotAvailable",
		"The service is temporarily unavailable.", retryAfterHeader(retryAfter))
}

func retryAfterHeader(value string) http.Header {
	header := http.Header{}
	if value != "" {
		header.Set("Retry-After", value)
	}
	return header
}

// InternalError answers 500.
func InternalError() Effect {
	return Refuse(http.StatusInternalServerError, "InternalServerError", "An unexpected error occurred.")
}

// GatewayTimeout answers 504.
func GatewayTimeout() Effect {
	return Refuse(http.StatusGatewayTimeout, "UnknownError", "The gateway did not receive a response in time.")
}

// ConcurrencyViolation answers 409, or 503 as also seen, for concurrent writes.
func ConcurrencyViolation(status int) Effect {
	return Refuse(status, "Directory_ConcurrencyViolation",
		"Error due to concurrent requests being made to the tenant. Please wait briefly and retry.")
}

// Unauthorized answers 401 as for a token that is not valid.
func Unauthorized() Effect {
	return Refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure.")
}

// Respond answers with the given bytes: an HTML page, an empty body, JSON without
// an error. A contentType of "" sends no such header.
func Respond(status int, contentType, body string) Effect {
	return Effect{before, func(x *exchange, _ *answer) {
		header := x.header(&answer{})
		header["Content-Type"] = nil // keeps net/http from guessing one
		if contentType != "" {
			header.Set("Content-Type", contentType)
		}
		x.w.WriteHeader(status)
		_, _ = x.w.Write([]byte(body))
		x.depart(status, "")
	}, false}
}

// ResetConnection breaks the connection without an answer.
func ResetConnection() Effect {
	return Effect{before, func(x *exchange, _ *answer) { x.reset() }, true}
}

// Hang keeps the client waiting until it goes away, or release is closed and the
// connection is reset. A nil release never is.
func Hang(release <-chan struct{}) Effect {
	return Effect{before, func(x *exchange, _ *answer) {
		x.waitFor(release)
		x.reset()
	}, true}
}

// Hold carries the call out and holds the true answer back until release is
// closed or the client goes away. A nil release never is.
func Hold(release <-chan struct{}) Effect {
	return Effect{after, func(x *exchange, a *answer) {
		x.waitFor(release)
		x.send(a)
	}, true}
}

func (x *exchange) waitFor(release <-chan struct{}) {
	select {
	case <-release:
	case <-x.r.Context().Done():
	}
}

// Truncate carries the call out and breaks off in the middle of its answer.
func Truncate() Effect {
	return Effect{after, func(x *exchange, a *answer) {
		body := a.encode()
		x.header(a)
		x.w.WriteHeader(a.status)
		_, _ = x.w.Write(body[:len(body)/2])
		x.depart(a.status, "")
	}, true}
}

// Garbage carries the call out and answers with its status and bytes that are no JSON.
func Garbage() Effect {
	return Effect{after, func(x *exchange, a *answer) {
		x.header(a)
		x.w.WriteHeader(a.status)
		_, _ = x.w.Write([]byte(`{"id":"<<<`))
		x.depart(a.status, "")
	}, true}
}

// Vanish answers an invitation with 201 and the id of a user who never appears.
// No mail is sent, nothing is committed. It concerns POST /invitations only.
func Vanish() Effect { return Effect{instead, func(*exchange, *answer) {}, false} }
