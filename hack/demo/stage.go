package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/hack/internal/process"
	"github.com/entraguests/entra-guest-operator/internal/controlplane"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// stage is everything that runs during a demonstration.
type stage struct {
	screen *screen
	root   string // of the checkout
	folder string // for what the demonstration leaves: logs and the kubeconfig
	clock  clock

	tenant  *graphsim.Tenant
	url     string // of the simulated tenant
	client  client.Client
	view    *view
	manager *process.Process

	// laterBinary is the operator whose clock can be set.
	laterBinary string
	kubeconfig  string
	closers     []func() error
}

// setUp starts all parts. What it has started when it fails, takeDown stops.
func (s *stage) setUp(ctx context.Context, o options) error {
	var err error
	if s.root, err = controlplane.Root(); err != nil {
		return err
	}
	s.folder = filepath.Join(s.root, "bin", "demo")
	if o.stay {
		s.folder = filepath.Join(s.root, "bin", "dev")
	}
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return fmt.Errorf("preparing %s: %w", s.folder, err)
	}
	s.screen.title("Setting the stage")
	s.screen.say("Building the operator")
	binary, err := buildManager(ctx, s.root, s.screen)
	if err != nil {
		return err
	}
	if !o.stay {
		if err := s.buildLater(ctx); err != nil {
			return err
		}
	}
	for _, part := range []func() error{
		func() error { return s.startControlPlane(ctx, filepath.Join(s.folder, "kubeconfig")) },
		func() error { return s.startTenant(ctx, o) },
		func() error { return s.startManager(ctx, binary, filepath.Join(s.folder, "manager.log")) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) startControlPlane(ctx context.Context, kubeconfig string) error {
	assets, err := controlplane.Assets(ctx, s.screen.out)
	if err != nil {
		return err
	}
	s.screen.say("Starting kube-apiserver and etcd")
	plane, err := controlplane.Start(ctx, controlplane.Options{Assets: assets, Log: s.screen.out})
	if err != nil {
		return err
	}
	s.onTakeDown(plane.Stop)
	s.onTakeDown(func() error { return os.Remove(kubeconfig) })
	s.kubeconfig = kubeconfig
	if err := plane.WriteKubeconfig(kubeconfig); err != nil {
		return err
	}
	s.screen.say("API server       %s", plane.Config().Host)

	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), b2b.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("building the scheme: %w", err)
	}
	if s.client, err = client.New(plane.Config(), client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("building the client: %w", err)
	}
	if s.view, err = newView(plane.Config(), s.screen); err != nil {
		return err
	}
	s.onTakeDown(s.view.start(ctx))
	return nil
}

func (s *stage) startTenant(ctx context.Context, o options) error {
	s.tenant = graphsim.New(graphsim.Options{AcceptAnyToken: true, Now: s.clock.Now})
	graphsim.Seed(s.tenant)
	s.tenant.OnWriteDone(func(graphsim.WriteEvent) { s.view.poke() })

	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.listen)
	if err != nil && !o.listenAsked {
		listener, err = config.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("starting the simulated tenant: %w", err)
	}
	server := &http.Server{Handler: s.tenant.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with an error by design: that it was closed
	s.onTakeDown(server.Close)
	s.url = "http://" + listener.Addr().String()
	s.screen.say("Simulated tenant %s", s.url)
	return nil
}

func (s *stage) startManager(ctx context.Context, binary, log string, more ...string) error {
	manager, err := startManager(ctx, binary, log, s.kubeconfig, s.url, more...)
	if err != nil {
		return err
	}
	if s.manager == nil {
		s.onTakeDown(func() error { return s.manager.Stop() }) // of whichever runs by then
	}
	s.manager = manager
	s.screen.say("Operator         process %d, its log is %s", s.manager.PID(), s.relative(log))
	return nil
}

// relative shortens a path inside the checkout.
func (s *stage) relative(path string) string {
	if short, err := filepath.Rel(s.root, path); err == nil {
		return short
	}
	return path
}

func (s *stage) onTakeDown(closer func() error) { s.closers = append(s.closers, closer) }

// takeDown stops what was started, the last first: the manager before the API server that it talks to.
func (s *stage) takeDown() error {
	if len(s.closers) > 0 {
		s.screen.freeze()
		s.screen.say("Stopping the operator and the control plane")
	}
	var problems []error
	for _, closer := range slices.Backward(s.closers) {
		problems = append(problems, closer())
	}
	return errors.Join(problems...)
}
