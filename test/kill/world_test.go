package kill

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const (
	// patience is how long a condition may take on a busy machine; interval how often it is looked at.
	patience = 2 * time.Minute
	interval = 50 * time.Millisecond
	// window is the manager's --replication-window, where a test does not need a longer one.
	window = 2 * time.Second

	address   = "ada@partner.example"
	groupName = "sg-project-42-partners"
)

// world is one run: a simulated tenant of its own, a manager between that and a control plane, and what happens to the manager.
type world struct {
	*testing.T
	g        *WithT
	kube     client.WithWatch
	config   *rest.Config
	tenant   *graphsim.Tenant
	graph    string // URL of the tenant
	groupID  string
	recorder *recorder
	manager  *manager

	namespace string
	before    people
	wanted    func(*b2b.GuestInvitationSpec) // what the invitation says beside the usual; nil for nothing
	tenantNow func() time.Time               // the tenant's clock; nil for this machine's
	rounds    atomic.Int64                   // questions for the tenant's changes that have begun

	mu          sync.Mutex
	trap        func(point, moment)
	broken      func(point) bool
	killedAt    map[string]bool // classes of writes since the last progress
	interceptor func(http.ResponseWriter, *http.Request) bool
}

// newWorld sets everything up but starts no manager: a test first says what is to befall it.
func newWorld(t *testing.T, managerWindow time.Duration, changes ...func(*world)) *world {
	t.Helper()
	l := shared.borrow(t)
	w := &world{T: t, g: NewWithT(t), kube: l.kube, config: l.config, namespace: fmt.Sprintf("team-%d", l.runs), killedAt: map[string]bool{}}
	w.recorder = newRecorder(w.reached, w.breaks)
	for _, change := range changes {
		change(w)
	}
	w.prepareTenant()
	w.graph = serve(t, w.countingRounds(w.tenant.Handler()))
	t.Cleanup(w.wipe)
	w.manager = newManager(t, writeKubeconfig(t, startProxy(t, l.config, w.recorder)),
		"--graph-endpoint", w.graph, "--replication-window", managerWindow.String(), "--leader-elect=false",
		"--metrics-bind-address", "0", "--health-probe-bind-address", "0", "--zap-devel")
	t.Cleanup(w.explain) // before the manager is killed and the objects are wiped
	return w
}

// prepareTenant fills a tenant with people who are none of the manager's business.
func (w *world) prepareTenant() {
	w.tenant = graphsim.New(graphsim.Options{AcceptAnyToken: true, Now: w.tenantNow})
	graphsim.Seed(w.tenant)
	w.groupID = w.tenant.GroupByName(groupName)
	employee := w.tenant.AddUser(graphsim.User{DisplayName: "Alex Wilber", Mail: "alex.wilber@contoso.example"})
	w.g.Expect(w.tenant.AddMember(w.groupID, employee)).To(Succeed())
	guest := w.tenant.AddGuest("grace@partner.example", "Grace Hopper")
	w.g.Expect(w.tenant.AddMember(w.groupID, guest)).To(Succeed())
	w.before = peopleOf(w.tenant)

	var mu sync.Mutex
	pending := map[int]point{}
	w.tenant.OnWrite(func(event graphsim.WriteEvent) {
		p := w.recorder.committed(directory, event.Class)
		mu.Lock()
		defer mu.Unlock()
		pending[event.Seq] = p
	})
	w.tenant.OnWriteDone(func(event graphsim.WriteEvent) {
		mu.Lock()
		p := pending[event.Seq]
		mu.Unlock()
		w.recorder.answered(p)
	})
}

// countingRounds counts the questions for what has changed about users, of which the operator asks one in each round of observation.
func (w *world) countingRounds(next http.Handler) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/users/delta()") && r.URL.Query().Get("$deltatoken") != "latest" {
			w.rounds.Add(1)
		}
		w.mu.Lock()
		intercepts := w.interceptor
		w.mu.Unlock()
		if intercepts == nil || !intercepts(response, r) {
			next.ServeHTTP(response, r)
		}
	})
}

// intercept lets a test see the requests to the tenant first. What it reports as done does not reach the tenant.
func (w *world) intercept(interceptor func(http.ResponseWriter, *http.Request) (done bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.interceptor = interceptor
}

// reached lets happen what a test has planned for this moment.
func (w *world) reached(p point, when moment) {
	w.mu.Lock()
	trap := w.trap
	w.mu.Unlock()
	if trap != nil {
		trap(p, when)
	}
}

func (w *world) breaks(p point) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken != nil && w.broken(p)
}

// at plans that something happens once, when a point is first reached. The result tells whether it has happened.
func (w *world) at(wanted func(point) bool, when moment, what func()) (happened *atomic.Bool) {
	happened = &atomic.Bool{}
	w.plan(func(p point, at moment) {
		if at == when && wanted(p) && happened.CompareAndSwap(false, true) {
			what()
		}
	})
	return happened
}

func (w *world) plan(trap func(point, moment)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trap = trap
}

// breakAt plans that the API server's answer at a point is lost on the way to a manager that lives on.
func (w *world) breakAt(at point) (happened *atomic.Bool) {
	happened = &atomic.Bool{}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = func(p point) bool { return p == at && happened.CompareAndSwap(false, true) }
	return happened
}

// restartAtEvery plans that the manager is killed at this moment of every write. The same write once more, which a kill has
// made necessary, is let through: nobody gets past announcing what to do who is killed each time they have announced it. What
// counts as the same is one of the same class with neither a write to the tenant nor a step of the scenario in between.
func (w *world) restartAtEvery(wanted moment) {
	w.plan(func(p point, when moment) {
		if when == wanted && w.killedAnew(p) {
			w.restart()
		}
	})
}

func (w *world) killedAnew(p point) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if strings.HasPrefix(p.class, directory) {
		clear(w.killedAt)
	}
	again := w.killedAt[p.class]
	w.killedAt[p.class] = true
	return !again
}

// step begins another step of the scenario.
func (w *world) step() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.killedAt)
}

func class(side, class string) func(point) bool {
	return func(p point) bool { return p.class == side+": "+class }
}

// restart kills the manager and starts it again at once.
func (w *world) restart() { w.manager.restart(nil) }

// wipe removes all objects of a run as if no operator had ever cared for them. The manager is dead by then.
func (w *world) wipe() {
	w.manager.kill()
	for _, list := range []client.ObjectList{
		&b2b.GuestAppRoleAssignmentList{}, &b2b.GuestGroupMembershipList{}, &b2b.GuestInvitationList{},
		&b2b.GuestList{}, &b2b.GuestPolicyList{}, &b2b.EntraTenantList{},
	} {
		w.g.Expect(w.kube.List(cleanupContext, list)).To(Succeed())
		for _, object := range itemsOf(list) {
			object.SetFinalizers(nil)
			w.g.Expect(client.IgnoreNotFound(w.kube.Update(cleanupContext, object))).To(Succeed())
			w.g.Expect(client.IgnoreNotFound(w.kube.Delete(cleanupContext, object))).To(Succeed())
		}
	}
	// Nobody finishes the deletion of a namespace here, and the next run has another one.
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
	w.g.Expect(client.IgnoreNotFound(w.kube.Delete(cleanupContext, namespace))).To(Succeed())
}
