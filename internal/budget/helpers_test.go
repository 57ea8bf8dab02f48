package budget_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
)

var (
	oneWrite      = budget.Cost{Writes: 1, Units: 1}
	oneRead       = budget.Cost{Units: 1}
	oneInvitation = budget.Cost{Writes: 1, Units: 1, Invitations: 1}
)

// slow has 98 usable writes at 0.98 a second.
var slow = budget.Limits{Writes: budget.Limit{Amount: 100, Per: 100 * time.Second}}

func key(lane string, i int) budget.Key {
	return budget.Key{Kind: "Guest", Namespace: lane, Name: fmt.Sprint(i)}
}

// calls keeps the keys that were granted a turn, in order.
type calls struct {
	mu   sync.Mutex
	keys []budget.Key
}

func (c *calls) granted(k budget.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, k)
}

// take gives the keys since the last time.
func (c *calls) take() []budget.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := c.keys
	c.keys = nil
	return keys
}

func (c *calls) names() (names []string) {
	for _, k := range c.take() {
		names = append(names, k.Namespace+k.Name)
	}
	return names
}

// spend has a request of this cost sent and answered.
func spend(t *testing.T, b *budget.Budget, cost budget.Cost) {
	t.Helper()
	ask(t.Context(), t, b, budget.Request{Operation: "spend", Cost: cost}, budget.Answer{})
}

func ask(ctx context.Context, t *testing.T, b *budget.Budget, r budget.Request, a budget.Answer) {
	t.Helper()
	pass, err := b.Enter(ctx, r)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	pass.Answered(a)
}

// use takes the turn that the key was granted, sends a request under it and ends it.
func use(t *testing.T, b *budget.Budget, k budget.Key, class budget.Class, cost budget.Cost) {
	t.Helper()
	turn, _ := b.Take(k, k.Namespace, class, cost)
	NewWithT(t).Expect(turn).NotTo(BeNil())
	ask(turn.In(t.Context()), t, b, budget.Request{Cost: cost}, budget.Answer{})
	turn.End()
}

// has tells whether a turn of this cost can be had now.
func has(b *budget.Budget, cost budget.Cost) bool {
	k := budget.Key{Name: "has"}
	turn, _ := b.Take(k, "", budget.TakeAway, cost)
	turn.End()
	b.Forget(k)
	return turn != nil
}
