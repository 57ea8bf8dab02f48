package budget

import "context"

// Turn is leave to send requests up to a cost that is reserved for them. A nil Turn is none.
type Turn struct {
	budget *Budget
	class  Class
	lane   string
	// left is what is reserved and not yet used by a request.
	left  price
	ended bool
}

type turnKey struct{}

// In gives a context under which requests are paid from the turn and have its class. What the turn does not cover waits in its
// class and lane.
func (t *Turn) In(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, turnKey{}, t)
}

// End gives back what no request has used. It can be called again.
func (t *Turn) End() {
	if t == nil {
		return
	}
	t.budget.mu.Lock()
	defer t.budget.unlock()
	t.end()
	t.budget.serve(t.budget.now())
}

func (t *Turn) end() {
	t.ended = true
	t.budget.release(t.left)
	t.left = price{}
}

// turnIn gives the turn of this budget under which a request is sent, or nil.
func (b *Budget) turnIn(ctx context.Context) *Turn {
	if t, ok := ctx.Value(turnKey{}).(*Turn); ok && t.budget == b {
		return t
	}
	return nil
}

// pay takes what the turn has of p out of it, and gives what is missing.
func (t *Turn) pay(p price) (missing price) {
	for i, n := range p {
		paid := min(n, t.left[i])
		t.left[i] -= paid
		missing[i] = n - paid
	}
	return missing
}

// refund puts back what a request did not use after all.
func (t *Turn) refund(p price) {
	if t.ended {
		t.budget.release(p)
		return
	}
	for i, n := range p {
		t.left[i] += n
	}
}
