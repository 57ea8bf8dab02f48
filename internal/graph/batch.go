package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	kiotahttp "github.com/microsoft/kiota-http-go"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

const (
	// batchSize is how many requests Graph takes in one $batch.
	// https://learn.microsoft.com/graph/json-batching
	batchSize = 20
	// maxUnderWay is how many HTTP requests are under way before one that is not full waits to become so: for one answer's time. A full
	// one never waits.
	maxUnderWay = 1
	// maxGathering is how long a request is held up where nothing comes back that it could follow: longer than Graph usually
	// takes to answer, and short beside the timeout of a request that hangs.
	maxGathering = 250 * time.Millisecond
	// companyWait is how long the first of requests that were announced together waits for the others. They are on their way.
	companyWait = 20 * time.Millisecond
)

var errAskedToWait = errors.New("the directory asked to wait")

// batcher puts requests that are under way at the same time into one $batch, unseen by everything above: each caller gets the
// answer to its own request, or the error that the request would have met by itself. See operation.batchable for which.
//
// Nothing waits for company that may not come. A request that finds none under way is sent at once and as it is; those that
// come while it is under way leave together when it is back, when they are twenty, or after maxGathering.
//
// A caller whose context ends before its request has left takes it back: nothing of it is sent. One that leaves later learns
// nothing about its request, as ever, and disturbs nobody: a $batch has a context of its own. That one ends at the first
// deadline of a write in it, so that no write is sent after its caller's deadline (Client.Timeout), and no $batch outlives all of
// its callers.
type batcher struct {
	// root is the version's URL, below which the requests of a $batch are addressed.
	root string
	// timeout bounds a $batch, a new token included.
	timeout time.Duration
	now     clock
	log     logr.Logger
	observe func(Call)
	// check tells whether a request may still be sent, by its context.
	check func(context.Context) error
	// refused is called where an item was refused by 401 or 403, which the authenticator cannot see.
	refused func()

	mu       sync.Mutex
	underWay int
	gathered []*item
	// gathering counts how often a gathering has begun, so that a late timer does not end the next one.
	gathering int
}

// item is a request that leaves with others, and its caller's way to learn what became of it.
type item struct {
	request *http.Request
	told    chan outcome
}

// outcome is the answer to one request, or its error, or that its caller is to send it alone.
type outcome struct {
	response *http.Response
	err      error
	alone    bool
}

// tell gives the caller the outcome. A second one is dropped.
func (i *item) tell(o outcome) {
	select {
	case i.told <- o:
	default:
	}
}

// route is the rest of the pipeline.
type route struct {
	pipeline kiotahttp.Pipeline
	next     int
}

func (r route) send(request *http.Request) (*http.Response, error) {
	return r.pipeline.Next(request, r.next)
}

// Intercept sends the request on, alone or with others.
func (b *batcher) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	rest := route{pipeline, next}
	if !b.takes(request) {
		response, err := rest.send(request)
		b.heed(response)
		return response, err
	}
	mine := &item{request: request, told: make(chan outcome, 1)}
	b.board(rest, mine)
	select {
	case o := <-mine.told:
		if o.alone {
			return b.sendAlone(rest, request)
		}
		return o.response, o.err
	case <-request.Context().Done():
		return nil, b.leave(rest, mine)
	}
}

// takes reports whether a request may leave with others. A write with little time left is no company: see carry.
func (b *batcher) takes(request *http.Request) bool {
	x := exchangeOf(request.Context())
	if !x.operation.batchable() || x.follows || request.Body != nil {
		return false
	}
	if _, ok := b.relative(request); !ok {
		return false
	}
	deadline, limited := request.Context().Deadline()
	return !limited || !writes(request.Method) || time.Until(deadline) > b.timeout/2
}

// board has the request leave at once, or gather.
func (b *batcher) board(rest route, i *item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	incomplete := arrived(i.request.Context())
	b.gathered = append(b.gathered, i)
	idle := b.underWay == 0
	switch {
	case len(b.gathered) == batchSize, idle && !incomplete:
		b.depart(rest)
	case len(b.gathered) == 1:
		b.gathering++
		patience, gathering := maxGathering, b.gathering
		if idle {
			patience = companyWait
		}
		time.AfterFunc(patience, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.gathering == gathering {
				b.depart(rest)
			}
		})
	}
}

// depart sends what has gathered. The caller holds the lock.
func (b *batcher) depart(rest route) {
	aboard := b.gathered
	b.gathered = nil
	b.gathering++
	switch len(aboard) {
	case 0:
		return
	case 1:
		aboard[0].tell(outcome{alone: true})
	default:
		go b.carry(rest, aboard)
	}
	b.underWay++
}

// sendAlone sends a request as it is, for its caller and in the caller's context.
func (b *batcher) sendAlone(rest route, request *http.Request) (response *http.Response, err error) {
	defer func() {
		b.heed(response)
		b.returned(rest)
	}()
	return rest.send(request)
}

// leave is for a caller whose context has ended.
func (b *batcher) leave(rest route, mine *item) error {
	ended := mine.request.Context().Err()
	b.mu.Lock()
	at := slices.Index(b.gathered, mine)
	if at >= 0 {
		b.gathered = slices.Delete(b.gathered, at, at+1)
	}
	b.mu.Unlock()
	if at >= 0 {
		return &notSent{ended}
	}
	select {
	case o := <-mine.told:
		if o.alone {
			b.returned(rest)
			return &notSent{ended}
		}
	default:
	}
	return fmt.Errorf("waiting for the directory's answer: %w", ended)
}

// returned ends an HTTP request. What has gathered meanwhile follows it.
func (b *batcher) returned(rest route) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.underWay--
	if b.underWay < maxUnderWay {
		b.depart(rest)
	}
}

// heed has what has gathered fail where an answer asks to wait. They would follow that very answer, before the budget, which they
// have passed already, has learned of it.
func (b *batcher) heed(response *http.Response) {
	if response == nil {
		return
	}
	wait, throttled := throttledFor(response, b.now())
	if !throttled {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	reads := writesOnly(response.Header.Get("x-ms-throttle-scope"))
	b.gathered = slices.DeleteFunc(b.gathered, func(i *item) bool {
		if reads && !writes(i.request.Method) {
			return false
		}
		i.tell(outcome{err: &notSent{&directory.Error{Class: directory.Throttled, RetryAfter: wait, Err: errAskedToWait}}})
		return true
	})
}

// company is a number of requests that belong together.
type company struct {
	mu      sync.Mutex
	missing int
}

type companyKey struct{}

// together announces that n requests with this context are on their way, so that the first ones wait for the last.
func together(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, companyKey{}, &company{missing: n})
}

// arrived notes one request of those announced, if any were, and reports whether more are to come.
func arrived(ctx context.Context) bool {
	c, ok := ctx.Value(companyKey{}).(*company)
	if !ok {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.missing--
	return c.missing > 0
}
