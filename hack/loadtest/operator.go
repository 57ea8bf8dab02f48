package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/entraguests/entra-guest-operator/hack/internal/process"
)

// operator is the manager as the installation runs it: with leader election, probes and metrics.
type operator struct {
	process *process.Process
	probes  string // URL
	metrics string // URL
	token   string // for the metrics
	client  *http.Client
}

func startOperator(ctx context.Context, w *world, token string) (*operator, error) {
	probes, err1 := freeAddress(ctx)
	metrics, err2 := freeAddress(ctx)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	path := w.bench.program("manager")
	args := []string{
		"--graph-endpoint", w.tenant.url, "--leader-elect", "--operator-namespace", operatorHome,
		"--metrics-bind-address", metrics, "--health-probe-bind-address", probes,
	}
	if !w.options.quota && knowsFlag(ctx, path, "graph-limits") {
		args = append(args, "--graph-limits", "none")
	}
	p, err := process.Start(ctx, process.Command{
		Name: "the operator", Path: path, Args: args, Env: []string{"KUBECONFIG=" + w.kubeconfig}, Log: filepath.Join(w.folder, "manager.log"),
	})
	if err != nil {
		return nil, err
	}
	return &operator{
		process: p, probes: "http://" + probes, metrics: "https://" + metrics + "/metrics", token: token,
		client: &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the manager signs its certificate itself, on this machine
		}},
	}, nil
}

// knowsFlag asks a program's help.
func knowsFlag(ctx context.Context, path, flag string) bool {
	text, _ := exec.CommandContext(ctx, path, "--help").CombinedOutput() //nolint:gosec // a program that we have built
	return strings.Contains(string(text), "-"+flag)
}

// ready waits until the operator's caches are filled.
func (o *operator) ready(ctx context.Context) error {
	return untilServed(ctx, o.process, o.probes+"/readyz", http.DefaultClient)
}

// work is what the operator's controllers have done and still have to do, by its own metrics.
type work struct {
	// reconciled are the reconciles that ended, by controller.
	reconciled map[string]int
	// pending are the objects in work queues and in hand.
	pending int
}

func (o *operator) work(ctx context.Context) (work, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.metrics, http.NoBody)
	if err != nil {
		return work{}, fmt.Errorf("reading the operator's metrics: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+o.token)
	response, err := o.client.Do(request)
	if err != nil {
		return work{}, fmt.Errorf("reading the operator's metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return work{}, fmt.Errorf("reading the operator's metrics: %s", response.Status)
	}
	found := work{reconciled: map[string]int{}}
	err = scanMetrics(response.Body, func(s sample) {
		switch s.name {
		case "controller_runtime_reconcile_total":
			found.reconciled[s.labels["controller"]] += int(s.value)
		case "workqueue_depth", "controller_runtime_active_workers":
			found.pending += int(s.value)
		}
	})
	return found, err
}

const metricsReader = "loadtest"

// metricsToken makes a service account that may read the metrics, and a token of it.
func (w *world) metricsToken(ctx context.Context) (string, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: metricsReader, Namespace: operatorHome}}
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: metricsReader},
		Rules:      []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}},
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: metricsReader},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: metricsReader},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: metricsReader, Namespace: operatorHome}},
	}
	lifetime := int64((24 * time.Hour).Seconds())
	token := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &lifetime}}
	err := errors.Join(w.client.Create(ctx, account), w.client.Create(ctx, role), w.client.Create(ctx, binding),
		w.client.SubResource("token").Create(ctx, account, token))
	if err != nil {
		return "", fmt.Errorf("making a reader of the operator's metrics: %w", err)
	}
	return token.Status.Token, nil
}

// memory is the operator's resident memory and its peak, in bytes; 0 on systems without /proc.
type memoryUse struct{ resident, peak float64 }

func (o *operator) memory() memoryUse {
	status := fmt.Sprintf("/proc/%d/status", o.process.PID())
	return memoryUse{resident: kibibytes(fact(status, "VmRSS")), peak: kibibytes(fact(status, "VmHWM"))}
}

// kibibytes reads "1234 kB" as bytes.
func kibibytes(text string) float64 {
	var n float64
	if _, err := fmt.Sscanf(text, "%f kB", &n); err != nil {
		return 0
	}
	return n * 1024
}

// ticksPerSecond is the unit of the times in /proc/PID/stat, which Linux fixes for all programs (USER_HZ).
const ticksPerSecond = 100

// cpu is the time that the operator has had of the processors; 0 on systems without /proc.
func (o *operator) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.process.PID()))
	if err != nil {
		return 0
	}
	return cpuOf(string(text))
}

// cpuOf adds utime and stime, the 14th and 15th field. The second one, the program's name in brackets, may hold anything.
func cpuOf(stat string) time.Duration {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const utime, stime = 11, 12 // of what follows the name
	if len(fields) <= stime {
		return 0
	}
	var ticks float64
	for _, field := range fields[utime : stime+1] {
		var n float64
		if _, err := fmt.Sscan(field, &n); err != nil {
			return 0
		}
		ticks += n
	}
	return seconds(ticks / ticksPerSecond)
}
