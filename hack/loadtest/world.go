package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

// worldOptions say what a world is like.
type worldOptions struct {
	latency time.Duration // of every call of the tenant
	quota   bool          // that of a large tenant, and the operator keeps to it; else neither knows a limit
	silent  bool          // delta does not report redemptions
	// interval of observation; that of the profile where it is 0.
	interval time.Duration
}

// world is a cluster, a tenant and an operator, each running as processes of their own.
type world struct {
	bench   *bench
	options worldOptions
	folder  string // for logs

	client     client.Client
	requests   *requests // of the API server
	tracker    *tracker
	tenant     *tenant
	groups     []string // ids
	kubeconfig string
	operator   *operator
	// empty is the operator's resident memory before there was anything, in bytes.
	empty float64

	closers []func() error
}

// Namespaces of application teams: the load is in one, and what must not suffer from it in the other.
const (
	loadNamespace  = "load"
	otherNamespace = "other"
	operatorHome   = "entra-guest-operator-system"
)

// setUp starts all parts. What it has started when it fails, takeDown stops.
func (w *world) setUp(ctx context.Context) error {
	if err := os.MkdirAll(w.folder, 0o755); err != nil { //nolint:gosec // nothing secret
		return fmt.Errorf("preparing %s: %w", w.folder, err)
	}
	for _, part := range []func(context.Context) error{w.startControlPlane, w.startTenant, w.createNamespaces, w.startOperator, w.connect} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	w.empty = w.operator.memory().resident
	return nil
}

func (w *world) startControlPlane(ctx context.Context) error {
	plane, err := controlplane.Start(ctx, controlplane.Options{Assets: w.bench.assets, Log: w.bench.out})
	if err != nil {
		return err
	}
	w.onTakeDown(plane.Stop)
	w.kubeconfig = filepath.Join(w.folder, "kubeconfig")
	w.onTakeDown(func() error { return os.Remove(w.kubeconfig) })
	if err := plane.WriteKubeconfig(w.kubeconfig); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), b2b.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("building the scheme: %w", err)
	}
	config := plane.Config()
	config.QPS = -1
	if w.requests, err = newRequests(config); err != nil {
		return err
	}
	if w.client, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("building the client: %w", err)
	}
	w.tracker = newTracker(w.requests)
	w.onTakeDown(w.tracker.start(ctx))
	return nil
}

func (w *world) startTenant(ctx context.Context) error {
	var err error
	if w.tenant, err = startTenant(ctx, w); err != nil {
		return err
	}
	w.onTakeDown(w.tenant.process.Stop)
	for i := range groups {
		id, err := w.tenant.addGroup(ctx, fmt.Sprintf("group-%d", i))
		if err != nil {
			return err
		}
		w.groups = append(w.groups, id)
	}
	return nil
}

func (w *world) createNamespaces(ctx context.Context) error {
	for _, name := range []string{loadNamespace, otherNamespace, operatorHome} {
		if err := w.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return fmt.Errorf("creating namespace %s: %w", name, err)
		}
	}
	return nil
}

func (w *world) startOperator(ctx context.Context) error {
	token, err := w.metricsToken(ctx)
	if err != nil {
		return err
	}
	if w.operator, err = startOperator(ctx, w, token); err != nil {
		return err
	}
	w.onTakeDown(func() error { return w.operator.process.Stop() }) // whichever runs then
	return w.operator.ready(ctx)
}

// connect creates what a platform team creates and waits until the tenant is connected.
func (w *world) connect(ctx context.Context) error {
	for _, object := range []client.Object{entraTenant(w.interval()), guestPolicy(w.groups)} {
		if err := w.client.Create(ctx, object); err != nil {
			return fmt.Errorf("creating the %T: %w", object, err)
		}
	}
	return w.until(ctx, "the tenant is connected", func() bool {
		var tenant b2b.EntraTenant
		err := w.client.Get(ctx, client.ObjectKey{Name: tenantName}, &tenant)
		return err == nil && slices.ContainsFunc(tenant.Status.Conditions, func(c metav1.Condition) bool {
			return c.Type == b2b.ConditionReady && c.Status == metav1.ConditionTrue
		})
	})
}

func (w *world) interval() time.Duration { return cmp.Or(w.options.interval, w.bench.profile.interval) }

func (w *world) onTakeDown(closer func() error) { w.closers = append(w.closers, closer) }

// takeDown stops what was started, the last first: the operator before the API server that it talks to.
func (w *world) takeDown() error {
	var problems []error
	for _, closer := range slices.Backward(w.closers) {
		problems = append(problems, closer())
	}
	return errors.Join(problems...)
}
