package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// startTimeout and stopTimeout are generous, since several control planes may share two cores with compilers.
const (
	startTimeout = 2 * time.Minute
	stopTimeout  = time.Minute
)

// etcdQuota is the largest that etcd recommends, in bytes. Its default of 2 GiB holds few minutes of writing many objects, for nothing
// is compacted before 5 minutes.
const etcdQuota = "8589934592"

// Options say what a control plane is started from. The zero value starts one with this repository's CRDs.
type Options struct {
	// Assets is the folder that holds kube-apiserver and etcd. Empty: what the function Assets returns.
	Assets string
	// CRDs are files and folders of CustomResourceDefinitions to install; one that is missing is an error.
	// Nil: config/crd/bases of the repository. Empty, but not nil: none.
	CRDs []string
	// Log receives progress, if binaries have to be built. Nil: standard error.
	Log io.Writer
	// Output receives what etcd and kube-apiserver print. Nil: nothing does.
	Output io.Writer
}

// ControlPlane is a running etcd and kube-apiserver on free loopback ports, without controllers and nodes:
// nothing is scheduled and nothing is garbage-collected.
type ControlPlane struct {
	env *envtest.Environment
}

// Start starts a control plane and returns when its API server is ready and the CRDs are established.
// A context that ends meanwhile makes Start clean up and fail; later it has no effect: the caller must call Stop.
func Start(ctx context.Context, o Options) (*ControlPlane, error) {
	env, err := o.environment(ctx)
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{env: env}
	if _, err := env.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the control plane from %s: %w", env.BinaryAssetsDirectory, err), c.Stop())
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the control plane: %w", err), c.Stop())
	}
	return c, nil
}

func (o Options) environment(ctx context.Context) (*envtest.Environment, error) {
	log := o.Log
	if log == nil {
		log = os.Stderr
	}
	assets := o.Assets
	if assets == "" {
		var err error
		if assets, err = Assets(ctx, log); err != nil {
			return nil, err
		}
	}
	crds := o.CRDs
	if crds == nil {
		root, err := Root()
		if err != nil {
			return nil, err
		}
		crds = []string{filepath.Join(root, "config", "crd", "bases")}
	}
	env := &envtest.Environment{
		BinaryAssetsDirectory:    assets,
		CRDDirectoryPaths:        crds,
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: startTimeout,
		ControlPlaneStopTimeout:  stopTimeout,
	}
	server := env.ControlPlane.GetAPIServer()
	server.Path = filepath.Join(assets, apiServer.name)
	server.Out, server.Err = o.Output, o.Output
	env.ControlPlane.Etcd = &envtest.Etcd{Path: filepath.Join(assets, etcd.name), Out: o.Output, Err: o.Output}
	env.ControlPlane.Etcd.Configure().Set("quota-backend-bytes", etcdQuota)
	return env, nil
}

// Config returns the configuration of a cluster administrator. It is the caller's to change.
func (c *ControlPlane) Config() *rest.Config {
	return rest.CopyConfig(c.env.Config)
}

// WriteKubeconfig writes a kubeconfig of the cluster administrator to path, readable by the user alone.
func (c *ControlPlane) WriteKubeconfig(path string) error {
	if err := os.WriteFile(path, c.env.KubeConfig, 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return nil
}

// Stop ends both processes, waits for them and removes their data. Stop the manager first: an API server waits for
// requests that are under way.
func (c *ControlPlane) Stop() error {
	if err := c.env.Stop(); err != nil {
		return fmt.Errorf("stopping the control plane: %w", err)
	}
	return nil
}
