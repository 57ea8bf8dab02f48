// Package controlplane brings a real Kubernetes control plane, kube-apiserver and etcd, to machines that have nothing
// but Go: it builds the binaries from their Go modules, pinned below hack/tools, keeps them for the next run, and starts
// them for tests and demonstrations.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// AssetsEnv names the environment variable that points to a folder with kube-apiserver and etcd, as all programs built
// on controller-runtime's envtest know it. Where it is set nothing is built.
const AssetsEnv = "KUBEBUILDER_ASSETS"

// Assets returns a folder that holds kube-apiserver and etcd: the one that KUBEBUILDER_ASSETS names, else one below the
// repository's bin, in which missing binaries are built first. That takes some minutes once per version; progress is
// written to log. Callers at the same time, in other processes too, wait for one build. A build that is
// interrupted, by ctx or a crash, leaves nothing that a later call could mistake for a binary.
//
// It fails where KUBEBUILDER_ASSETS names a folder without the binaries, and outside a checkout of this repository.
func Assets(ctx context.Context, log io.Writer) (string, error) {
	if dir := os.Getenv(AssetsEnv); dir != "" {
		return dir, checkAssets(dir)
	}
	return ensure(ctx, log, apiServer, etcd)
}

// Kubectl returns the path of a kubectl that fits the API server: the one beside it where KUBEBUILDER_ASSETS has one,
// else one built as Assets builds.
func Kubectl(ctx context.Context, log io.Writer) (string, error) {
	if dir := os.Getenv(AssetsEnv); dir != "" {
		if path := filepath.Join(dir, kubectl.name); isExecutable(path) {
			return path, nil
		}
	}
	dir, err := ensure(ctx, log, kubectl)
	return filepath.Join(dir, kubectl.name), err
}

func checkAssets(dir string) error {
	for _, b := range []binary{apiServer, etcd} {
		if !isExecutable(filepath.Join(dir, b.name)) {
			return fmt.Errorf("%s=%s holds no executable %s: let it name a folder with kube-apiserver and etcd, "+
				"or unset it to have them built", AssetsEnv, dir, b.name)
		}
	}
	return nil
}

func ensure(ctx context.Context, log io.Writer, wanted ...binary) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir, err := cacheDir(root)
	if err != nil {
		return "", err
	}
	c := cache{dir: dir, build: goBuild(root, log), log: log}
	return dir, c.ensure(ctx, wanted...)
}

// cacheDir is a folder of its own for each version, so that a changed version is never served by an old binary.
func cacheDir(root string) (string, error) {
	kubernetes, err := apiServer.version(root)
	if err != nil {
		return "", err
	}
	store, err := etcd.version(root)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("kubernetes-%s-etcd-%s-%s-%s", kubernetes, store, runtime.GOOS, runtime.GOARCH)
	return filepath.Join(root, "bin", "controlplane", name), nil
}

// Root returns the root of the repository that the working directory belongs to.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	return rootOf(dir)
}

// rootOf looks for the pinned tools and not for any go.mod, since the tools modules have a go.mod too.
func rootOf(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		_, err := os.Stat(filepath.Join(at, apiServer.toolsModule, "go.mod"))
		if err == nil {
			return at, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("finding the repository: %w", err)
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not in a checkout of this repository (no folder above it has %s/go.mod): "+
				"run from the checkout, or set %s to a folder with kube-apiserver and etcd",
				dir, apiServer.toolsModule, AssetsEnv)
		}
	}
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
