package controllers

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const (
	operatorNamespace = "entra-guest-operator-system"
	replicationWindow = 3 * time.Second
	// deadline is how long a test waits for what must come. It is long, because the machine may be busy.
	deadline = 40 * time.Second
)

// operator is a running operator, the tenant that it manages, and an administrator's access to both.
type operator struct {
	*WithT
	t      *testing.T
	ctx    context.Context //nolint:containedctx // the test's own
	client client.Client
	tenant *graphsim.Tenant

	options Options
	stop    func()
}

// setup is what startOperator can be told.
type setup struct {
	simulator graphsim.Options
	empty     bool
	options   Options
	serve     func(*testing.T, *graphsim.Tenant, *Options)
	connect   func(*graph.Config)
}

type option func(*setup)

// withEmptyTenant starts without the demonstration data.
func withEmptyTenant() option { return func(s *setup) { s.empty = true } }

// withSimulator changes how the tenant behaves.
func withSimulator(change func(*graphsim.Options)) option {
	return func(s *setup) { change(&s.simulator) }
}

// withClock gives operator and tenant another clock.
func withClock(now func() time.Time) option {
	return func(s *setup) { s.options.Now, s.simulator.Now = now, now }
}

// withConnection changes the configuration of every client of a tenant.
func withConnection(change func(*graph.Config)) option {
	return func(s *setup) { s.connect = change }
}

// startOperator runs an operator against a simulated tenant of its own, and ends both with the test.
func startOperator(t *testing.T, options ...option) *operator {
	t.Helper()
	s := setup{
		simulator: graphsim.Options{AcceptAnyToken: true},
		options:   Options{ReplicationWindow: replicationWindow, OperatorNamespace: operatorNamespace},
		serve:     servePlain,
	}
	for _, option := range options {
		option(&s)
	}
	o := &operator{WithT: NewWithT(t), t: t, ctx: t.Context(), tenant: graphsim.New(s.simulator), options: s.options}
	o.SetDefaultEventuallyTimeout(deadline)
	o.SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	if !s.empty {
		graphsim.Seed(o.tenant)
	}
	s.serve(t, o.tenant, &o.options)
	o.options.Connect = func(c graph.Config) (TenantClient, error) {
		c.RequestTimeout = 3 * time.Second
		if s.connect != nil {
			s.connect(&c)
		}
		return connectGraph(c)
	}
	scheme, err := Scheme()
	o.Expect(err).NotTo(HaveOccurred())
	o.client, err = client.New(cluster, client.Options{Scheme: scheme})
	o.Expect(err).NotTo(HaveOccurred())
	logs.reset()
	t.Cleanup(o.leaveClusterEmpty)
	t.Cleanup(o.tellAfterFailure)
	t.Cleanup(func() { o.stop() })
	o.givenNamespace(operatorNamespace, nil)
	o.start()
	return o
}

// servePlain serves the tenant over HTTP, where a static token is used.
func servePlain(t *testing.T, tenant *graphsim.Tenant, options *Options) {
	server := httptest.NewServer(tenant.Handler())
	t.Cleanup(server.Close)
	options.Simulator = Simulator{Endpoint: server.URL}
}

// start starts the manager, as the program does.
func (o *operator) start() {
	o.t.Helper()
	o.options.Metrics = prometheus.NewRegistry()
	scheme, err := Scheme()
	o.Expect(err).NotTo(HaveOccurred())
	mgr, err := ctrl.NewManager(cluster, ctrl.Options{
		Scheme:  scheme,
		Metrics: server.Options{BindAddress: "0"},
		Client:  client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: new(true)}},
		Controller: config.Controller{
			SkipNameValidation: new(true), // of one process, one operator after the other
			GroupKindConcurrency: map[string]int{
				"Guest.b2b.entraguests.dev": 8, "GuestInvitation.b2b.entraguests.dev": 4, "GuestGroupMembership.b2b.entraguests.dev": 4,
			},
		},
	})
	o.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	o.Expect(Setup(ctx, mgr, o.options)).To(Succeed())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	o.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			o.t.Error("the manager ended with:", err)
		}
		o.stop = func() {}
	}
}

// restart ends the manager and starts another one, which knows only what is stored.
func (o *operator) restart() {
	o.t.Helper()
	o.stop()
	o.start()
}
