// Package apivalidation holds the API server to what the CustomResourceDefinitions promise: what it refuses and in which
// words, what it accepts and what it makes of it.
package apivalidation

import (
	"context"
	"fmt"
	"os"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

// server is the API server that every test of this package talks to, and kube a client that has it refuse unknown fields.
var (
	server *rest.Config
	kube   client.Client
)

func TestMain(m *testing.M) {
	code, err := runAgainstControlPlane(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runAgainstControlPlane(m *testing.M) (code int, err error) {
	plane, err := controlplane.Start(context.Background(), controlplane.Options{})
	if err != nil {
		return 0, err
	}
	defer func() {
		if stopErr := plane.Stop(); err == nil {
			err = stopErr
		}
	}()

	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return 0, err
		}
	}
	server = plane.Config()
	lenient, err := client.New(server, client.Options{Scheme: scheme})
	if err != nil {
		return 0, err
	}
	kube = client.WithFieldValidation(lenient, metav1.FieldValidationStrict)
	return m.Run(), nil
}
