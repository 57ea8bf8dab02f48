package controllers

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/config"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// patience is how long a test waits for something that has to come. Nothing takes as long on an idle machine.
const patience = 60 * time.Second

// pollInterval is how often a test looks.
const pollInterval = 50 * time.Millisecond

// testReplicationWindow is --replication-window in tests.
const testReplicationWindow = 3 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv("TEST_LOG") != "" {
		ctrl.SetLogger(zap.New(zap.UseDevMode(true)))
	} else {
		ctrl.SetLogger(logs.logger())
	}
	code := m.Run()
	if err := clusters.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// operatorUnderTest is the operator, with all controllers, between a real control plane and a simulated tenant. Tests that start one
// have a control plane for themselves, since most kinds are cluster-scoped; each leaves it empty.
type operatorUnderTest struct {
	*WithT
	t *testing.T
	// Client reads live, as an administrator.
	client client.Client
	sim    *graphsim.Tenant
	// stored counts what the operator has written to the API server.
	stored *writeCount
	// shown looks at the conditions that the operator reports.
	shown *conditionWitness
	// namespace is the operator's, and user whom the API server takes it for: an administrator where it is empty.
	namespace, user string

	rest     *rest.Config
	scheme   *runtime.Scheme
	settings *config.Config
	options  Options
	stop     func()
}

// startOption changes the operator before it starts.
type startOption func(*operatorUnderTest)

// withSim has the operator work on this tenant.
func withSim(options graphsim.Options) startOption {
	return func(o *operatorUnderTest) { o.sim = graphsim.New(options) }
}

// withLogin has the operator sign in with real credentials at the tenant's login service, which accepts these client secrets.
func withLogin(secrets map[string]string) startOption {
	return func(o *operatorUnderTest) {
		o.sim = graphsim.New(graphsim.Options{ClientSecrets: secrets})
		server, err := o.sim.StartTLS("127.0.0.1:0")
		o.Expect(err).NotTo(HaveOccurred())
		o.t.Cleanup(func() { _ = server.Close() })
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(server.CA)
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig.RootCAs = pool
		o.t.Cleanup(transport.CloseIdleConnections)
		o.settings.AuthorityHost = server.URL
		o.options.Connect = func(c graph.Config) (TenantClient, error) {
			c.Transport = transport
			return graph.New(c)
		}
	}
}

// startOperator starts the operator for a test, and takes care that it ends and leaves nothing behind.
func startOperator(t *testing.T, options ...startOption) *operatorUnderTest {
	t.Helper()
	g := NewWithT(t)
	plane, err := clusters.borrow(t)
	g.Expect(err).NotTo(HaveOccurred(), "these tests need a kube-apiserver and etcd")
	scheme, err := Scheme()
	g.Expect(err).NotTo(HaveOccurred())
	o := &operatorUnderTest{
		WithT: g, t: t, stored: &writeCount{}, shown: &conditionWitness{}, rest: plane.Config(), scheme: scheme, stop: func() {},
		sim: graphsim.New(graphsim.Options{AcceptAnyToken: true}),
		settings: &config.Config{
			GraphLimits: "published", ReplicationWindow: testReplicationWindow, MetricsBindAddress: "0", HealthProbeBindAddress: "0",
		},
		options: Options{Metrics: prometheus.NewRegistry()},
	}
	o.client, err = client.New(o.rest, client.Options{Scheme: scheme})
	g.Expect(err).NotTo(HaveOccurred())
	for _, option := range options {
		option(o)
	}
	o.namespace = o.createNamespace("operator", nil)
	o.settings.OperatorNamespace = o.namespace
	if o.user != "" {
		o.grantInstalledRights()
	}
	if o.settings.GraphEndpoint == "" {
		server := httptest.NewServer(o.sim.Handler())
		t.Cleanup(server.Close)
		o.settings.GraphEndpoint = server.URL
	}
	t.Cleanup(o.cleanUp)
	o.start()
	return o
}

// start runs the operator until Stop.
func (o *operatorUnderTest) start() {
	o.t.Helper()
	o.Expect(o.settings.Validate()).To(Succeed())
	managerOptions := o.settings.Manager(o.scheme)
	managerOptions.Controller.SkipNameValidation = new(true) // several managers in one process, one after another
	kubeconfig := rest.CopyConfig(o.rest)
	kubeconfig.Impersonate.UserName = o.user
	kubeconfig.Wrap(o.stored.wrap)
	kubeconfig.Wrap(o.shown.wrap)
	mgr, err := ctrl.NewManager(kubeconfig, managerOptions)
	o.Expect(err).NotTo(HaveOccurred())
	o.options.Simulator = Simulator{Endpoint: o.settings.GraphEndpoint, AuthorityHost: o.settings.AuthorityHost}
	o.options.Limits = o.settings.Limits()
	o.options.ReplicationWindow = o.settings.ReplicationWindow
	o.options.OperatorNamespace = o.namespace
	ctx, cancel := context.WithCancel(context.Background())
	o.Expect(Setup(ctx, mgr, o.options)).To(Succeed())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	o.stop = func() {
		o.stop = func() {}
		cancel()
		o.Expect(<-ended).To(Succeed())
	}
}

// restart ends the operator and starts another process's worth of it: nothing in memory survives.
func (o *operatorUnderTest) restart() {
	o.t.Helper()
	o.stop()
	o.start()
}

// create creates objects, and fails the test where that fails.
func (o *operatorUnderTest) create(objects ...client.Object) {
	o.t.Helper()
	for _, object := range objects {
		o.Expect(o.client.Create(o.t.Context(), object)).To(Succeed())
	}
}

// update changes an object as it is now.
func update[T client.Object](o *operatorUnderTest, object T, change func(T)) {
	o.t.Helper()
	o.Eventually(func() error {
		if err := o.client.Get(o.t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		change(object)
		return o.client.Update(o.t.Context(), object)
	}, patience, pollInterval).Should(Succeed())
}

// delete deletes an object; it does not wait until it is gone.
func (o *operatorUnderTest) delete(object client.Object) {
	o.t.Helper()
	o.Expect(o.client.Delete(o.t.Context(), object)).To(Succeed())
}

// expectSoon waits until the object, read live, satisfies the expectations.
func expectSoon[T client.Object](o *operatorUnderTest, object T, expect func(g Gomega, object T)) {
	o.t.Helper()
	o.Eventually(func(g Gomega) {
		g.Expect(o.client.Get(o.t.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
		expect(g, object)
	}, patience, pollInterval).Should(Succeed())
}

// apiObject is an object of this API.
type apiObject interface {
	client.Object
	conditioned
}

// expectReady waits for a reason of the Ready condition.
func (o *operatorUnderTest) expectReady(object apiObject, reason string) {
	o.t.Helper()
	expectSoon(o, object, func(g Gomega, object apiObject) {
		ready := meta.FindStatusCondition(object.GetConditions(), b2b.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Reason).To(Equal(reason), ready.Message)
	})
}

// expectGone waits until the object does not exist.
func (o *operatorUnderTest) expectGone(object client.Object) {
	o.t.Helper()
	o.Eventually(func() error {
		return o.client.Get(o.t.Context(), client.ObjectKeyFromObject(object), object)
	}, patience, pollInterval).Should(MatchError(ContainSubstring("not found")))
}

// createNamespace creates a namespace with a name of its own and gives that.
func (o *operatorUnderTest) createNamespace(prefix string, labels map[string]string) string {
	o.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix + "-", Labels: labels}}
	o.create(namespace)
	return namespace.Name
}

// createTenant creates the EntraTenant called default, watched as closely as can be.
func (o *operatorUnderTest) createTenant(changes ...func(*b2b.EntraTenant)) *b2b.EntraTenant {
	o.t.Helper()
	tenant := &b2b.EntraTenant{
		ObjectMeta: metav1.ObjectMeta{Name: b2b.DefaultTenantName},
		Spec: b2b.EntraTenantSpec{
			TenantID:    o.sim.TenantID(),
			Credential:  b2b.Credential{WorkloadIdentity: &b2b.WorkloadIdentityCredential{ClientID: testClientID}},
			Observation: b2b.Observation{IntervalSeconds: int32(testInterval / time.Second)},
		},
	}
	for _, change := range changes {
		change(tenant)
	}
	o.create(tenant)
	return tenant
}

// testInterval is the shortest time between two looks at a tenant.
const testInterval = 5 * time.Second

// testClientID is the operator's app registration.
const testClientID = "99999999-8888-7777-6666-555555555555"

// createPolicy creates a GuestPolicy for the tenant called default and all namespaces.
func (o *operatorUnderTest) createPolicy(name string, changes ...func(*b2b.GuestPolicy)) *b2b.GuestPolicy {
	o.t.Helper()
	policy := &b2b.GuestPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: b2b.GuestPolicySpec{
			TenantRef:         b2b.TenantReference{Name: b2b.DefaultTenantName},
			NamespaceSelector: &metav1.LabelSelector{},
			Invitations:       &b2b.InvitationGrant{AllowedDomains: []string{"*"}},
		},
	}
	for _, change := range changes {
		change(policy)
	}
	o.create(policy)
	return policy
}

// cleanUp ends the operator, checks that it asked for nothing that Graph does not have and gave no reason that the API does not
// declare, and removes everything it worked on.
func (o *operatorUnderTest) cleanUp() {
	o.stop()
	o.Expect(o.sim.Ledger().UnknownPaths).To(BeEmpty())
	o.Expect(o.shown.all()).To(BeEmpty())
	ctx := context.Background() // that of the test has ended
	for _, list := range []client.ObjectList{
		&b2b.GuestAppRoleAssignmentList{}, &b2b.GuestGroupMembershipList{}, &b2b.GuestInvitationList{},
		&b2b.GuestList{}, &b2b.GuestPolicyList{}, &b2b.EntraTenantList{},
	} {
		o.Expect(o.client.List(ctx, list)).To(Succeed())
		o.Expect(meta.EachListItem(list, func(item runtime.Object) error {
			object := item.(client.Object)
			object.SetFinalizers(nil)
			if err := client.IgnoreNotFound(o.client.Update(ctx, object)); err != nil {
				return err
			}
			return client.IgnoreNotFound(o.client.Delete(ctx, object))
		})).To(Succeed())
	}
	o.dumpOnFailure()
}

// dumpOnFailure shows what the directory saw.
func (o *operatorUnderTest) dumpOnFailure() {
	if o.t.Failed() {
		ledger := o.sim.Ledger()
		var writes []string
		for _, write := range ledger.Writes {
			writes = append(writes, write.Class+" "+write.Target)
		}
		o.t.Logf("calls %v, answers %v, writes:\n%s", ledger.Calls, ledger.Answers, strings.Join(writes, "\n"))
	}
}
