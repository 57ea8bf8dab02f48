// Package config turns the flags of the manager into the options of what it starts.
package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/graph"
)

// The file in a pod that names its namespace, and the namespace of an operator that does not run in one.
const (
	namespaceFile    = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
	defaultNamespace = "entra-guest-operator-system"
)

// off is the address that turns a listener off.
const off = "0"

// The values of --graph-limits.
const (
	limitsPublished = "published"
	limitsNone      = "none"
)

// Limits are those that each tenant's requests keep to.
func (c *Config) Limits() budget.Limits {
	if c.GraphLimits == limitsNone {
		return budget.Unlimited()
	}
	return budget.Published()
}

// Config is what the flags say.
type Config struct {
	// GraphEndpoint and AuthorityHost are the loopback URLs of a simulator, or empty.
	GraphEndpoint, AuthorityHost string
	// GraphLimits is published or none.
	GraphLimits       string
	ReplicationWindow time.Duration
	LeaderElect       bool
	// MetricsBindAddress and HealthProbeBindAddress are "0" where nothing is served.
	MetricsBindAddress, HealthProbeBindAddress string
	OperatorNamespace                          string
}

// Bind adds the flags to a set. The Config is filled when that is parsed.
func Bind(flags *flag.FlagSet) *Config {
	c := &Config{}
	flags.StringVar(&c.GraphEndpoint, "graph-endpoint", "",
		"`URL` of a simulated tenant, without the version, e.g. http://127.0.0.1:8090, for every EntraTenant in place of Microsoft Graph. "+
			"Refused unless the host is loopback. With plain http and no --authority-host no credential is read: a static token is sent.")
	flags.StringVar(&c.AuthorityHost, "authority-host", "",
		"`URL` of the login service of a simulated tenant, https, in place of Microsoft's. Refused unless the host is loopback.")
	flags.StringVar(&c.GraphLimits, "graph-limits", limitsPublished,
		"`limits` to keep to: published, those that Microsoft publishes for an application and a tenant, lowered by what the answers say; or none, "+
			"to send as fast as a simulated tenant answers, only with --graph-endpoint.")
	flags.DurationVar(&c.ReplicationWindow, "replication-window", 5*time.Minute,
		"the longest time for which the directory is thought to hide a write: how long the operator looks for an invitation "+
			"whose answer was lost before it sends another.")
	flags.BoolVar(&c.LeaderElect, "leader-elect", false,
		"elect a leader, so that of several replicas one acts. Required wherever more than one may run, if only during a rollout.")
	flags.StringVar(&c.MetricsBindAddress, "metrics-bind-address", off,
		"`address` for Prometheus metrics, e.g. :8443, served by https to whoever may get /metrics in the cluster. 0 serves none.")
	flags.StringVar(&c.HealthProbeBindAddress, "health-probe-bind-address", ":8081", "`address` for /healthz and /readyz. 0 serves none.")
	flags.StringVar(&c.OperatorNamespace, "operator-namespace", namespaceOf(namespaceFile),
		"`namespace` of the Secrets with credentials and of the leader's Lease. By default the one that the operator runs in.")
	return c
}

// namespaceOf reads the namespace of the pod, and falls back to the default outside of one.
func namespaceOf(file string) string {
	content, err := os.ReadFile(file) //nolint:gosec // a constant outside of tests
	if namespace := strings.TrimSpace(string(content)); err == nil && namespace != "" {
		return namespace
	}
	return defaultNamespace
}

// Validate refuses what would only fail later, or would send a token to a host that is not this machine.
func (c *Config) Validate() error {
	if c.OperatorNamespace == "" {
		return errors.New("--operator-namespace must not be empty")
	}
	if c.ReplicationWindow <= 0 {
		return fmt.Errorf("--replication-window must be longer than 0, not %s", c.ReplicationWindow)
	}
	switch {
	case c.GraphLimits != limitsPublished && c.GraphLimits != limitsNone:
		return fmt.Errorf("--graph-limits must be %s or %s, not %q", limitsPublished, limitsNone, c.GraphLimits)
	case c.GraphLimits == limitsNone && c.GraphEndpoint == "":
		return fmt.Errorf("--graph-limits=%s is for a simulated tenant only: it needs --graph-endpoint", limitsNone)
	}
	_, err := graph.New(graph.Config{
		TenantID: "00000000-0000-0000-0000-000000000000", Credential: graph.StaticToken("none"),
		Endpoint: c.GraphEndpoint, AuthorityHost: c.AuthorityHost,
	})
	if err != nil {
		return fmt.Errorf("checking --graph-endpoint and --authority-host: %w", err)
	}
	return nil
}
