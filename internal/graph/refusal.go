package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"unicode"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// maxMessage bounds the directory's text, in characters, for a condition.
const maxMessage = 1024

// refusal is what an error body says. Every part can be missing: the body can come from a gateway, or be of another shape.
type refusal struct{ code, message, requestID string }

// parseRefusal reads Graph's error envelope, or what there is of it.
// https://learn.microsoft.com/graph/errors
func parseRefusal(body []byte) refusal {
	var envelope map[string]json.RawMessage
	if json.Unmarshal(body, &envelope) != nil {
		return refusal{}
	}
	raw, ok := envelope["error"]
	if !ok {
		raw = envelope["odata.error"] // the dialect of the service before Graph, still seen behind odd URLs
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return refusal{}
	}
	var inner map[string]json.RawMessage
	_ = json.Unmarshal(fields["innerError"], &inner)
	return refusal{
		code:      text(fields["code"]),
		message:   oneLine(text(fields["message"])),
		requestID: firstOf(text(inner["request-id"]), text(inner["client-request-id"])),
	}
}

// text of a JSON string, or of an object {lang, value}; "" for anything else.
func text(raw json.RawMessage) string {
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		return plain
	}
	var localized struct {
		Value string `json:"value"`
	}
	_ = json.Unmarshal(raw, &localized)
	return localized.Value
}

// oneLine makes a text from outside fit for a condition and a log.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxMessage {
		return string(runes[:maxMessage-1]) + "…"
	}
	return s
}

// loginError is a token that could not be had, on one line: the SDK's text has several.
type loginError struct{ cause error }

func (e *loginError) Error() string { return "getting an access token: " + oneLine(e.cause.Error()) }

func (e *loginError) Unwrap() error { return e.cause }

// errorFromLogin is the error for a token that could not be had. Only a refusal by the login service, or a credential that is
// not there, is Unauthenticated; the rest passes by itself.
func errorFromLogin(err error) *directory.Error {
	e := &directory.Error{Class: directory.Unavailable, Err: &loginError{err}}
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) || failed.RawResponse == nil {
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			e.Class = directory.Unauthenticated
		}
		return e
	}
	response := failed.RawResponse
	e.Status = response.StatusCode
	// The SDK's own text quotes the whole exchange, with ids that are new each time.
	e.Err = fmt.Errorf("the login service answered HTTP %d", response.StatusCode)
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		TraceID     string `json:"trace_id"`
	}
	if body, err := runtime.Payload(response); err == nil && json.Unmarshal(body, &said) == nil {
		description, _, _ := strings.Cut(said.Description, "Trace ID:")
		e.Code, e.Message, e.RequestID = said.Error, oneLine(description), said.TraceID
	}
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
	case status >= 400 && status <= 499:
		e.Class = directory.Unauthenticated
	}
	return e
}
