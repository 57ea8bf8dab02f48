// Command operator is the manager, made of the same packages and flags as main.go makes it, on a clock that is ahead of this machine's. The
// demo runs it to let days pass against a simulated tenant whose clock is as far ahead. The manager itself has no such flag.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/entraguests/entra-guest-operator/controllers"
	"github.com/entraguests/entra-guest-operator/internal/config"
)

func main() {
	flags := flag.CommandLine
	settings := config.Bind(flags)
	ahead := flags.Duration("clock-ahead", 0, "how far the operator's clock is ahead of this machine's")
	logging := zap.Options{}
	logging.BindFlags(flags)
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&logging)))
	if err := run(ctrl.SetupSignalHandler(), settings, *ahead); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, settings *config.Config, ahead time.Duration) error {
	if settings.GraphEndpoint == "" {
		return fmt.Errorf("only a simulated tenant can have another clock: name it with --graph-endpoint")
	}
	if err := settings.Validate(); err != nil {
		return err
	}
	scheme, err := controllers.Scheme()
	if err != nil {
		return fmt.Errorf("registering kinds: %w", err)
	}
	kubeconfig, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	mgr, err := ctrl.NewManager(kubeconfig, settings.Manager(scheme))
	if err != nil {
		return fmt.Errorf("making the manager: %w", err)
	}
	err = controllers.Setup(ctx, mgr, controllers.Options{
		Simulator:         controllers.Simulator{Endpoint: settings.GraphEndpoint, AuthorityHost: settings.AuthorityHost},
		Limits:            settings.Limits(),
		ReplicationWindow: settings.ReplicationWindow,
		OperatorNamespace: settings.OperatorNamespace,
		Now:               func() time.Time { return time.Now().Add(ahead) },
	})
	if err != nil {
		return err
	}
	return mgr.Start(ctx)
}
