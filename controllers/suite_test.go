package controllers

import (
	"context"
	"fmt"
	"os"
	"testing"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"go.uber.org/zap/zapcore"

	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

// cluster is the API server that the tests of this package share. Each test leaves it empty.
var cluster *rest.Config

// logs is what the operator of the running test has logged, at every level.
var logs logBook

func TestMain(m *testing.M) { os.Exit(withCluster(m.Run)) }

func withCluster(run func() int) int {
	ctrl.SetLogger(zap.New(zap.WriteTo(&logs), zap.JSONEncoder(), zap.Level(zapcore.Level(-10))))
	plane, err := controlplane.Start(context.Background(), controlplane.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "These tests need a control plane:", err)
		return 1
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	cluster = plane.Config()
	return run()
}
