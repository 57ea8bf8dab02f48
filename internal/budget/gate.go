package budget

import (
	"errors"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// gate keeps everybody quiet for as long as the directory asked for: after a Retry-After nothing enters before it has passed, and
// whoever tries meanwhile fails at once, as Throttled. When it has passed, and at the start, when a process before this one may
// have been told to wait, one request goes first and the others wait for its answer. The budget's lock protects it.
type gate struct {
	until time.Time
	// open is whether the directory has answered since the start or since until.
	open  bool
	probe *probe
	// closings counts, so that who entered before one can be told.
	closings int
	// shut is closed at the next closing.
	shut chan struct{}
}

// probe is a request that goes first.
type probe struct {
	done chan struct{}
	// err is why it got no answer, nil where it got one or was given up by its caller. Set before done is closed.
	err error
}

var errAskedToWait = errors.New("the directory asked to wait")

func newGate() gate { return gate{shut: make(chan struct{})} }

func throttled(wait time.Duration) *directory.Error {
	return &directory.Error{Class: directory.Throttled, RetryAfter: wait, Err: errAskedToWait}
}

// refuses gives the error to fail with while the gate is closed.
func (g *gate) refuses(now time.Time) error {
	if wait := g.until.Sub(now); wait > 0 {
		return throttled(wait)
	}
	return nil
}

// try gives the probe that the caller has to be, or the one that it has to wait for; neither where the gate is open.
func (g *gate) try() (mine, other *probe) {
	switch {
	case g.open:
		return nil, nil
	case g.probe != nil:
		return nil, g.probe
	}
	g.probe = &probe{done: make(chan struct{})}
	return g.probe, nil
}

// close closes the gate for wait. A shorter wait than the present one changes nothing.
func (g *gate) close(now time.Time, wait time.Duration) {
	if until := now.Add(wait); until.After(g.until) {
		g.until = until
	}
	g.open = false
	g.closings++
	close(g.shut)
	g.shut = make(chan struct{})
}

// reopen opens the gate after the probe was answered, unless another answer has closed it meanwhile.
func (g *gate) reopen(now time.Time) { g.open = !g.until.After(now) }

// leave ends the probe, if the caller is it, and lets those who wait for it go on or fail with err.
func (g *gate) leave(mine *probe, err error) {
	if mine == nil {
		return
	}
	g.probe = nil
	mine.err = err
	close(mine.done)
}
