package kill

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/entraguests/entra-guest-operator/controllers"
	"github.com/entraguests/entra-guest-operator/internal/config"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// deadline is the manager's for requests to the tenant, in place of the half minute that the process has.
const deadline = time.Second

func TestAnAnswerThatComesAfterTheDeadlineIsNotWaitedForAndTheInvitationNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, window)
	release := make(chan struct{})
	w.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.Hold(release)})
	w.startInProcess()
	w.begin()
	close(release) // the late answer finds nobody
	w.liveOn()
	w.expectOutcome(wholeLife)
}

// startInProcess runs the manager in this process, for its deadline is no flag.
func (w *world) startInProcess() {
	w.Helper()
	scheme, err := controllers.Scheme()
	w.g.Expect(err).NotTo(HaveOccurred())
	flags := config.Config{MetricsBindAddress: "0", HealthProbeBindAddress: "0", OperatorNamespace: "entra-guest-operator-system"}
	options := flags.Manager(scheme)
	again := true // with -count
	options.Controller.SkipNameValidation = &again
	mgr, err := ctrl.NewManager(&rest.Config{Host: startProxy(w.T, w.config, w.recorder)}, options)
	w.g.Expect(err).NotTo(HaveOccurred())
	ctx, stop := context.WithCancel(context.Background())
	w.g.Expect(controllers.Setup(ctx, mgr, controllers.Options{
		Simulator:         controllers.Simulator{Endpoint: w.graph},
		ReplicationWindow: window,
		OperatorNamespace: flags.OperatorNamespace,
		Metrics:           prometheus.NewRegistry(),
		Connect: func(c graph.Config) (controllers.TenantClient, error) {
			c.RequestTimeout = deadline
			return graph.New(c)
		},
	})).To(Succeed())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	w.Cleanup(func() {
		stop()
		w.g.Expect(<-ended).To(Succeed())
	})
}
