package config

import (
	"crypto/tls"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// leaderElectionID is the name of the Lease.
const leaderElectionID = "entra-guest-operator.b2b.entraguests.dev"

// reconciliationTimeout ends a reconcile that hangs. It is longer than any request to the directory may take, twice over.
const reconciliationTimeout = 2 * time.Minute

// Manager gives the options of the manager.
func (c *Config) Manager(scheme *runtime.Scheme) manager.Options {
	return manager.Options{
		Scheme:                        scheme,
		Cache:                         c.cache(),
		Client:                        client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: new(true)}},
		Controller:                    controllers(),
		LeaderElection:                c.LeaderElect,
		LeaderElectionID:              leaderElectionID,
		LeaderElectionNamespace:       c.OperatorNamespace,
		LeaderElectionReleaseOnCancel: true, // main ends when the manager does
		Metrics:                       c.metrics(),
		HealthProbeBindAddress:        c.HealthProbeBindAddress,
	}
}

// cache holds Secrets of the operator's namespace only: the operator may not read others.
func (c *Config) cache() cache.Options {
	return cache.Options{
		DefaultTransform: lean(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Secret{}: {Namespaces: map[string]cache.Config{c.OperatorNamespace: {}}},
		},
	}
}

// controllers work on so many objects at a time. Most of that time they wait for the directory, whose limits are kept elsewhere.
func controllers() config.Controller {
	concurrency := map[string]int{}
	for kind, n := range map[string]int{
		"EntraTenant": 4, "GuestPolicy": 4, "Guest": 128, "GuestInvitation": 16, "GuestGroupMembership": 64, "GuestAppRoleAssignment": 64,
	} {
		concurrency[b2b.GroupVersion.WithKind(kind).GroupKind().String()] = n
	}
	return config.Controller{
		GroupKindConcurrency: concurrency, ReconciliationTimeout: reconciliationTimeout,
		EnableWarmup: new(true), // a standby takes over with its queues full
	}
}

func (c *Config) metrics() metricsserver.Options {
	if c.MetricsBindAddress == off || c.MetricsBindAddress == "" {
		return metricsserver.Options{BindAddress: off}
	}
	return metricsserver.Options{
		BindAddress:    c.MetricsBindAddress,
		SecureServing:  true,
		FilterProvider: filters.WithAuthenticationAndAuthorization,
		TLSOpts:        []func(*tls.Config){func(t *tls.Config) { t.MinVersion = tls.VersionTLS12 }},
	}
}
