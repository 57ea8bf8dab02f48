package budget

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// Request is what is known of a request before it is sent.
type Request struct {
	// Operation is one of a fixed set of names. What the directory says it cost is remembered by it.
	Operation string
	// Class is that of the request where it is not sent under a turn.
	Class Class
	// Cost is an estimate; of Units, what was learned goes before it.
	Cost Cost
}

// Pass is leave to send one request. It must be left.
type Pass struct {
	budget  *Budget
	request Request
	turn    *Turn
	class   Class
	price   price
	// entered, and the number of closings at that time, tell what came after.
	entered            time.Time
	everything, writes passage
	over               bool
}

// passage is a way through one gate.
type passage struct {
	probe    *probe
	closings int
}

// Enter lets a request pass, at the latest when ctx ends. What its turn does not cover is waited for, in class order. Errors are of
// type *directory.Error: Throttled, at once and with RetryAfter, while the directory has asked to wait, and where ctx ended before
// the quotas allowed the request; Unavailable where the request that went first got no answer, or ctx ended before it did.
func (b *Budget) Enter(ctx context.Context, r Request) (*Pass, error) {
	p := &Pass{budget: b, request: r, turn: b.turnIn(ctx), class: r.Class.known()}
	if p.turn != nil {
		p.class = p.turn.class
	}
	if err := p.reserve(ctx); err != nil {
		return nil, err
	}
	if err := p.enter(ctx); err != nil {
		p.Failed(nil, false)
		return nil, err
	}
	return p, nil
}

// Class is how urgent the request is.
func (p *Pass) Class() Class { return p.class }

// reserve takes the price from the turn or the buckets.
func (p *Pass) reserve(ctx context.Context) error {
	b := p.budget
	b.mu.Lock()
	if err := p.refused(b.now()); err != nil {
		b.unlock()
		return err
	}
	p.price = b.priceOf(p.request)
	missing, lane := p.price, ""
	if p.turn != nil {
		missing, lane = p.turn.pay(p.price), p.turn.lane
	}
	if missing == (price{}) {
		b.unlock()
		return nil
	}
	shut, shutToo := b.everything.shut, chan struct{}(nil)
	if p.writing() {
		shutToo = b.writing.shut
	}
	b.unlock()
	w := &waiter{lane: lane, class: p.class, price: missing, done: make(chan struct{})}
	err := b.await(ctx, w, shut, shutToo)
	if err == nil {
		return nil // what its turn holds is ours now, and is never ended
	}
	b.mu.Lock()
	defer b.unlock()
	for i := range missing {
		p.price[i] -= missing[i]
	}
	p.refund(p.price)
	now := b.now()
	if refused := p.refused(now); refused != nil {
		return refused
	}
	return &directory.Error{
		Class:      directory.Throttled,
		RetryAfter: b.estimate(w, now),
		Err:        fmt.Errorf("waiting for the tenant's quota: %w", err),
	}
}

// priceOf is the cost of a request as far as it is known.
func (b *Budget) priceOf(r Request) price {
	p := priceOf(r.Cost)
	if n := b.learned[r.Operation]; n > 0 {
		p[units] = n
	}
	return b.payable(p)
}

func (p *Pass) writing() bool { return priceOf(p.request.Cost).needs()&writing != 0 }

// refused gives the error to fail with where a gate is closed that the request has to pass.
func (p *Pass) refused(now time.Time) error {
	if err := p.budget.everything.refuses(now); err != nil {
		return err
	}
	if p.writing() {
		return p.budget.writing.refuses(now)
	}
	return nil
}

// enter passes the gates.
func (p *Pass) enter(ctx context.Context) (err error) {
	b := p.budget
	if p.everything, err = b.pass(ctx, &b.everything); err == nil && p.writing() {
		p.writes, err = b.pass(ctx, &b.writing)
	}
	p.entered = b.now()
	return err
}

// pass goes through one gate, or waits for the request that goes first.
func (b *Budget) pass(ctx context.Context, g *gate) (passage, error) {
	for {
		through, other, err := b.try(g)
		if err != nil || other == nil {
			return through, err
		}
		select {
		case <-other.done:
			if other.err != nil {
				return passage{}, unanswered(other.err)
			}
		case <-ctx.Done():
			return passage{}, unanswered(fmt.Errorf("waiting for the directory's first answer: %w", ctx.Err()))
		}
	}
}

func (b *Budget) try(g *gate) (through passage, other *probe, err error) {
	b.mu.Lock()
	defer b.unlock()
	if err := g.refuses(b.now()); err != nil {
		return passage{}, nil, err
	}
	mine, other := g.try()
	return passage{mine, g.closings}, other, nil
}

// unanswered is the error for those who waited for a request that got no answer. A token that could not be had, or a wait, concerns
// them as well.
func unanswered(err error) error {
	if known, ok := errors.AsType[*directory.Error](err); ok && known.Class != directory.OutcomeUnknown {
		return known
	}
	return &directory.Error{Class: directory.Unavailable, Err: err}
}
