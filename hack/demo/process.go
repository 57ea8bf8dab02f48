package main

import (
	"context"
	"time"

	"github.com/entraguests/entra-guest-operator/hack/internal/process"
)

// replicationWindow is short, for the simulated tenant shows everything at once.
const replicationWindow = 5 * time.Second

// startManager runs the manager against the cluster of a kubeconfig and the simulated tenant at endpoint. More are further flags.
func startManager(ctx context.Context, binary, log, kubeconfig, endpoint string, more ...string) (*process.Process, error) {
	return process.Start(ctx, process.Command{
		Name: "the operator",
		Path: binary,
		Args: append([]string{
			"--graph-endpoint", endpoint,
			"--replication-window", replicationWindow.String(),
			"--metrics-bind-address", "0",
			"--health-probe-bind-address", "0",
		}, more...),
		Env: []string{"KUBECONFIG=" + kubeconfig},
		Log: log,
	})
}
