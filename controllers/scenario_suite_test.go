package controllers

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// scenario is an operator between a cluster and a tenant with the demonstration data, in which two teams have a namespace each.
type scenario struct {
	*operatorUnderTest
	ctx context.Context //nolint:containedctx // the test's own
	// tenant is the witness: what happened there is what happened.
	tenant          *graphsim.Tenant
	team, otherTeam string
}

// partners is a group of the demonstration data.
const partners = "sg-project-42-partners"

// startScenario starts an operator for a test that may run beside others.
func startScenario(t *testing.T, options ...startOption) *scenario {
	t.Helper()
	t.Parallel()
	return startLoneScenario(t, options...)
}

// startLoneScenario starts an operator for a test that runs while no other does: what is logged is about it.
func startLoneScenario(t *testing.T, options ...startOption) *scenario {
	t.Helper()
	logs.reset()
	o := &scenario{ctx: t.Context()}
	o.operatorUnderTest = startOperator(t, append([]startOption{impatient}, append(options, seeded)...)...)
	o.tenant = o.sim
	o.SetDefaultEventuallyTimeout(patience)
	o.SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	t.Cleanup(o.tellAfterFailure)
	o.team = o.createNamespace("project-42", map[string]string{"team": "project-42"})
	o.otherTeam = o.createNamespace("project-43", map[string]string{"team": "project-43"})
	return o
}

// seeded fills the tenant with the demonstration data.
func seeded(o *operatorUnderTest) { graphsim.Seed(o.sim) }

// impatient bounds the requests to the tenant, so that a test for one that hangs is short.
func impatient(o *operatorUnderTest) { withConnection(func(*graph.Config) {})(o) }

// withConnection changes the configuration of every client of a tenant.
func withConnection(change func(*graph.Config)) startOption {
	return func(o *operatorUnderTest) {
		o.options.Connect = func(c graph.Config) (TenantClient, error) {
			c.RequestTimeout = 3 * time.Second
			change(&c)
			return connectGraph(c)
		}
	}
}

// withClock gives operator and tenant another clock.
func withClock(now func() time.Time) startOption {
	return func(o *operatorUnderTest) {
		o.options.Now = now
		o.sim = graphsim.New(graphsim.Options{AcceptAnyToken: true, Now: now})
	}
}

// in is the scenario in a subtest, which then fails alone.
func (o *scenario) in(t *testing.T) *scenario {
	t.Helper()
	within, operator := *o, *o.operatorUnderTest
	operator.t, operator.WithT = t, NewWithT(t)
	operator.SetDefaultEventuallyTimeout(patience)
	operator.SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	within.operatorUnderTest, within.ctx = &operator, t.Context()
	return &within
}
