// Package kill kills the manager, as a process of its own, at every write of a guest's life, and holds what comes of it against
// the ledger of the simulated tenant: one mail, one user, the right members, nobody else touched, and silence in the end.
//
// Where it kills is not listed by hand: an undisturbed run is recorded through a proxy before the API server and a hook in
// the simulated tenant, and every write found there becomes a test.
package kill

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

// laneCount is how many runs go on at the same time, each with a control plane of its own. They wait more than they compute.
const laneCount = "6"

// lane is a control plane for one run at a time.
type lane struct {
	plane  *controlplane.ControlPlane
	config *rest.Config
	kube   client.WithWatch
	runs   int
}

// suite is what all runs share.
type suite struct {
	binary string
	assets string
	idle   chan *lane // the lanes that no run uses; a nil one has not been started yet
	size   int
}

// shared is set up by TestMain.
var shared suite

func TestMain(m *testing.M) {
	if !given("test.parallel") {
		if err := flag.Set("test.parallel", laneCount); err != nil {
			panic(err)
		}
	}
	log.SetLogger(logr.Discard()) // envtest's
	code, err := withSuite(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// given reports whether a flag was given on the command line. Test flags are parsed by m.Run unless somebody does so before.
func given(name string) (found bool) {
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func withSuite(run func() int) (code int, err error) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "kill")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if shared.binary, err = buildManager(ctx, folder); err != nil {
		return 0, err
	}
	if shared.assets, err = controlplane.Assets(ctx, os.Stderr); err != nil {
		return 0, err
	}
	if _, err := fmt.Sscan(flag.Lookup("test.parallel").Value.String(), &shared.size); err != nil {
		return 0, err
	}
	shared.idle = make(chan *lane, shared.size)
	for range shared.size {
		shared.idle <- nil
	}
	defer func() { err = errors.Join(err, shared.stop()) }()
	return run(), nil
}

func buildManager(ctx context.Context, folder string) (string, error) {
	root, err := controlplane.Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "manager")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the manager: %w\n%s", err, output)
	}
	return binary, nil
}

// borrow gives a lane that the test has for itself until it ends.
func (s *suite) borrow(t *testing.T) *lane {
	t.Helper()
	l := <-s.idle
	if l == nil {
		var err error
		if l, err = s.startLane(context.Background()); err != nil {
			s.idle <- nil
			t.Fatal(err)
		}
	}
	l.runs++
	t.Cleanup(func() { s.idle <- l })
	return l
}

func (s *suite) startLane(ctx context.Context) (*lane, error) {
	plane, err := controlplane.Start(ctx, controlplane.Options{Assets: s.assets})
	if err != nil {
		return nil, err
	}
	l := &lane{plane: plane, config: plane.Config()}
	l.config.QPS, l.config.Burst = 1000, 1000 // the tests look often
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), b2b.AddToScheme(scheme)); err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	if l.kube, err = client.NewWithWatch(l.config, client.Options{Scheme: scheme}); err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	return l, nil
}

func (s *suite) stop() (err error) {
	for range s.size {
		if l := <-s.idle; l != nil {
			err = errors.Join(err, l.plane.Stop())
		}
	}
	return err
}
