// Command operator is the manager with a clock that is ahead, for a demonstration that has no weeks to wait. The manager that is
// shipped has no such flag: there is no reason to lie to it about the time.
package main

import (
	"context"
	"errors"
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
	logging := zap.Options{}
	logging.BindFlags(flags)
	ahead := flags.Duration("clock-ahead", 0, "how far the operator's clock is ahead of the machine's")
	flags.Usage = config.Usage(flags)
	flag.Parse()

	logger := zap.New(zap.UseFlagOptions(&logging))
	ctrl.SetLogger(logger)
	err := settings.Validate()
	if err == nil {
		err = run(ctrl.SetupSignalHandler(), settings, *ahead)
	}
	if err != nil {
		logger.Error(err, "Failed to run the manager")
		os.Exit(1)
	}
}

func run(ctx context.Context, settings *config.Config, ahead time.Duration) error {
	scheme, err := controllers.Scheme()
	kubeconfig, configErr := ctrl.GetConfig()
	if err := errors.Join(err, configErr); err != nil {
		return fmt.Errorf("preparing the manager: %w", err)
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
