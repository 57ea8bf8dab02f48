package graph

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
)

// networkError is a failed connection in words that do not change from one try to the next: the causes name ports and streams.
type networkError struct {
	host  string
	cause error
}

var streamID = regexp.MustCompile(`stream ID \d+; `)

// Error names the host and what happened.
func (e *networkError) Error() string {
	cause := e.cause
	if ofURL, ok := errors.AsType[*url.Error](cause); ok {
		cause = ofURL.Err // the URL can name an address
	}
	if op, ok := errors.AsType[*net.OpError](cause); ok {
		return fmt.Sprintf("%s: %s: %v", e.host, op.Op, op.Err)
	}
	return e.host + ": " + streamID.ReplaceAllString(cause.Error(), "")
}

// Unwrap gives the cause.
func (e *networkError) Unwrap() error { return e.cause }
