// The manager of the Entra Guest Operator: flags, then the manager, then the controllers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/entraguests/entra-guest-operator/controllers"
	"github.com/entraguests/entra-guest-operator/internal/config"
)

// version is set by the linker: -X main.version=v1.2.3.
var version string

func main() {
	flags := flag.CommandLine // controller-runtime has put --kubeconfig into it
	settings := config.Bind(flags)
	logging := zap.Options{}
	logging.BindFlags(flags)
	showVersion := flags.Bool("version", false, "print the version and exit")
	flags.Usage = config.Usage(flags)
	flag.Parse()

	if *showVersion {
		fmt.Println(config.Version(version))
		return
	}
	if err := errors.Join(noArguments(flags), settings.Validate()); err != nil {
		fmt.Fprintf(os.Stderr, "%s\nRun with --help for the flags.\n", err)
		os.Exit(2)
	}
	logger := zap.New(zap.UseFlagOptions(&logging))
	ctrl.SetLogger(logger)
	config.TuneMemory()
	klog.SetLogger(logger.WithName("klog"))
	if err := run(ctrl.SetupSignalHandler(), settings); err != nil {
		logger.Error(err, "Failed to run the manager")
		os.Exit(1)
	}
}

func noArguments(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: there are only flags", flags.Arg(0))
	}
	return nil
}

func run(ctx context.Context, settings *config.Config) error {
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
	})
	if err != nil {
		return err
	}
	if err := errors.Join(mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("caches", cachesSynced(mgr))); err != nil {
		return fmt.Errorf("adding health checks: %w", err)
	}
	return mgr.Start(ctx)
}

// cachesSynced is ready once the operator sees the cluster.
func cachesSynced(mgr ctrl.Manager) healthz.Checker {
	const patience = time.Second
	return func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), patience)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the caches are not filled yet")
		}
		return nil
	}
}
