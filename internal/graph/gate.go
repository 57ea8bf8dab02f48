package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	kiotahttp "github.com/microsoft/kiota-http-go"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// gate keeps the client quiet for as long as the directory asked for: after a Retry-After nothing is sent before it has
// passed, and what is asked for meanwhile fails at once, as Throttled. When it has passed, and at the start, when a process
// before this one may have been told to wait, one request goes first and the others wait for its answer.
type gate struct {
	now func() time.Time

	mu    sync.Mutex
	until time.Time
	// open is whether the directory has answered since the start or since until.
	open  bool
	probe *probe
}

// probe is a request that goes first.
type probe struct {
	done chan struct{}
	// err is why it got no answer, nil where it got one or was given up by its caller. Set before done is closed.
	err error
}

var errAskedToWait = errors.New("the directory asked to wait")

// Intercept lets the request pass, or has it wait or fail.
func (g *gate) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	mine, err := g.enter(request.Context())
	if err != nil {
		return nil, err
	}
	var failure error
	defer func() { g.leave(mine, failure) }()
	response, err := pipeline.Next(request, next)
	if err != nil {
		if request.Context().Err() == nil { // else only this caller has given up
			failure = err
		}
		return nil, err
	}
	if wait, throttled := throttledFor(response, g.now()); throttled {
		g.close(wait)
	} else if mine != nil { // other answers can be to requests from before the gate was closed
		g.reopen()
	}
	return response, nil
}

// throttledFor tells how long an answer asks to wait.
func throttledFor(response *http.Response, now time.Time) (time.Duration, bool) {
	wait, said := retryAfter(response.Header, now)
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		if !said {
			wait = defaultRetryAfter
		}
		return wait, true
	case http.StatusServiceUnavailable:
		return wait, said
	}
	return 0, false
}

// enter gives the probe that the caller has to be, nil where the gate is open, or the error to fail with.
func (g *gate) enter(ctx context.Context) (*probe, error) {
	for {
		mine, other, err := g.try()
		if err != nil || other == nil {
			return mine, err
		}
		select {
		case <-other.done:
			if other.err != nil {
				return nil, &directory.Error{Class: directory.Unavailable, Err: other.err}
			}
		case <-ctx.Done():
			return nil, &directory.Error{Class: directory.Unavailable, Err: fmt.Errorf("waiting for the directory's first answer: %w", ctx.Err())}
		}
	}
}

func (g *gate) try() (mine, other *probe, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait := g.until.Sub(g.now()); wait > 0 {
		return nil, nil, &directory.Error{Class: directory.Throttled, RetryAfter: wait, Err: errAskedToWait}
	}
	if g.open {
		return nil, nil, nil
	}
	if g.probe != nil {
		return nil, g.probe, nil
	}
	g.probe = &probe{done: make(chan struct{})}
	return g.probe, nil, nil
}

// close closes the gate for wait. A shorter wait than the present one changes nothing.
func (g *gate) close(wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := g.now().Add(wait); until.After(g.until) {
		g.until = until
	}
	g.open = false
}

// reopen opens the gate after the probe was answered, unless another answer has closed it meanwhile.
func (g *gate) reopen() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = !g.until.After(g.now())
}

// leave ends the probe, if the caller is it, and lets those who wait for it go on or fail with err.
func (g *gate) leave(mine *probe, err error) {
	if mine == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.probe = nil
	mine.err = err
	close(mine.done)
}
