package budget

import (
	"context"
	"time"
)

// Answer is what an answer teaches. The zero value is an answer that says nothing.
type Answer struct {
	// Wait is how long it asks to wait, 0 where it does not.
	Wait time.Duration
	// TooMany is whether it is a 429: then the rate was too high.
	TooMany bool
	// WritesOnly is whether it asks that of writes only.
	WritesOnly bool
	// Exceeded is the quota that it names.
	Exceeded Quota
	// Used is the part of the quota that is used: x-ms-throttle-limit-percentage, from 0.8 to 1.8; 0 where it is not there.
	Used float64
	// Units is what the request cost: x-ms-resource-unit; 0 where it is not there.
	Units int
}

// Quota names one of the quotas.
type Quota int

// The quotas. Unnamed is the one that holds up such a request first.
const (
	Unnamed Quota = iota
	Writes
	Units
	Invitations
)

// mostUnits bounds what is believed of the cost of one request.
const mostUnits = 1000

type passKey struct{}

// In gives the context to send the request under.
func (p *Pass) In(ctx context.Context) context.Context { return context.WithValue(ctx, passKey{}, p) }

// Check says whether a request may still be sent now that time has passed since it entered: an error as of Enter where the directory
// has asked to wait meanwhile. Nothing that entered before goes out after that, not even when the wait is over. Of a context
// without a Pass, only what concerns everybody is known.
func (b *Budget) Check(ctx context.Context) error {
	b.mu.Lock()
	defer b.unlock()
	p, ok := ctx.Value(passKey{}).(*Pass)
	if !ok || p.budget != b {
		return b.everything.refuses(b.now())
	}
	if err := p.refused(b.now()); err != nil {
		return err
	}
	if p.everything.closings != b.everything.closings || p.writing() && p.writes.closings != b.writing.closings {
		return throttled(time.Second)
	}
	return nil
}

// Answered ends the pass with the directory's answer, whatever that was.
func (p *Pass) Answered(a Answer) {
	p.finish(nil, func(now time.Time) {
		p.spend(a.Units)
		p.judge(now, a)
		if a.Used > 0 {
			p.read().read(a.Used)
		}
	})
}

// Failed ends the pass of a request without an answer. It is paid if it was sent; else what it would have cost goes back. With an
// error, those who wait for its answer because it went first fail too; nil has the next of them go first.
func (p *Pass) Failed(err error, sent bool) {
	p.finish(err, func(time.Time) {
		if sent {
			p.spend(0)
		} else {
			p.refund(p.price)
		}
	})
}

// Leave ends the pass if nothing else has, as of a request that was sent and given up.
func (p *Pass) Leave() { p.Failed(nil, true) }

func (p *Pass) finish(failure error, settle func(now time.Time)) {
	b := p.budget
	b.mu.Lock()
	defer b.unlock()
	if p.over {
		return
	}
	p.over = true
	now := b.now()
	b.refill(now)
	settle(now)
	b.everything.leave(p.everything.probe, failure)
	b.writing.leave(p.writes.probe, failure)
	b.serve(now)
}

// judge closes the gate that an answer asks to close, and opens those that waited for this one.
func (p *Pass) judge(now time.Time, a Answer) {
	b := p.budget
	if a.TooMany {
		b.buckets[p.bucket(a.Exceeded)].refused(now, p.entered)
	}
	switch {
	case a.Wait > 0 && !a.WritesOnly:
		b.everything.close(now, a.Wait)
		return
	case a.Wait > 0:
		b.writing.close(now, a.Wait)
	case p.writes.probe != nil:
		b.writing.reopen(now)
	}
	if p.everything.probe != nil { // other answers can be to requests from before the gate was closed
		b.everything.reopen(now)
	}
}

func (p *Pass) bucket(exceeded Quota) int {
	switch exceeded {
	case Writes:
		return writes
	case Units:
		return units
	case Invitations:
		return invitations
	}
	return p.price.scarcest()
}

// read is the bucket that a reading is of: that of units for a read, of writes for a write. For an invitation, which counts in two, it
// is the one that we have used more of ourselves; else a small bucket that we alone have emptied would be taken for the large one.
func (p *Pass) read() *bucket {
	b := &p.budget.buckets
	read := &b[p.price.scarcest()]
	if read == &b[invitations] && p.price[writes] > 0 && b[writes].used() > read.used() {
		read = &b[writes]
	}
	return read
}

// spend counts the request as used, at what it really cost where the answer says so.
func (p *Pass) spend(real int) {
	b := p.budget
	for i, n := range p.price {
		used := n
		if i == units && real > 0 {
			used = int32(min(real, mostUnits))
			b.learned[p.request.Operation] = used
		}
		b.buckets[i].spend(n, used)
	}
}

func (p *Pass) refund(paid price) {
	if p.turn != nil {
		p.turn.refund(paid)
		return
	}
	p.budget.release(paid)
}
