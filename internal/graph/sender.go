package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	kiotahttp "github.com/microsoft/kiota-http-go"
)

// maxAnswer bounds an answer in memory, unpacked. A page of 999 users has about 1 MiB.
const maxAnswer = 32 << 20

type clock = func() time.Time

// sender sends the request once and reads the whole answer, within the timeout. It knows whether a request that failed can have
// reached the directory.
type sender struct {
	timeout time.Duration
	now     clock
	log     logr.Logger
	observe func(Call)
}

// notSent is the failure of a request of which nothing reached the directory.
type notSent struct{ cause error }

func (e *notSent) Error() string { return e.cause.Error() }

func (e *notSent) Unwrap() error { return e.cause }

// Intercept sends the request and reports how it went.
func (s *sender) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	start := s.now()
	response, err := s.send(pipeline, next, request)
	status, requestID := 0, request.Header.Get("client-request-id")
	if err == nil {
		status = response.StatusCode
		if id := response.Header.Get("request-id"); id != "" {
			requestID = id
		}
	}
	done := Call{
		Operation: string(exchangeOf(request.Context()).operation),
		Method:    request.Method,
		Status:    status,
		Duration:  s.now().Sub(start),
	}
	record(s.log, s.observe, done, requestID)
	return response, err
}

// record tells of a call what may be known of it.
func record(log logr.Logger, observe func(Call), done Call, requestID string) {
	observe(done)
	log.V(1).Info("Called Microsoft Graph",
		"operation", done.Operation, "status", done.Status, "duration", done.Duration.String(), "requestID", requestID)
}

func (s *sender) send(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), s.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return nil, &notSent{err}
	}
	var connection connectionTrace
	response, err := pipeline.Next(request.WithContext(connection.watch(ctx)), next)
	if err != nil {
		err = &networkError{request.URL.Host, err}
		if connection.none() {
			return nil, &notSent{err}
		}
		return nil, err
	}
	if err := readAll(response); err != nil {
		return nil, fmt.Errorf("reading the directory's answer: %w", &networkError{request.URL.Host, err})
	}
	return response, nil
}

// readAll takes the body into memory, so that it is subject to the request's timeout and complete.
func readAll(response *http.Response) error {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(body) > maxAnswer {
		return errors.New("more than 32 MiB")
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	return nil
}

// connectionTrace knows whether a request ever had a connection to be written to. That is the last moment of which one can be
// sure that nothing was sent: the request is written by another goroutine, which a cancelled caller does not wait for.
type connectionTrace struct{ asked, got atomic.Bool }

func (t *connectionTrace) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { t.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.got.Store(true) },
	})
}

// none is false for a transport that does not say: the request may have been sent.
func (t *connectionTrace) none() bool { return t.asked.Load() && !t.got.Load() }
