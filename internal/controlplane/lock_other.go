//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package controlplane

import (
	"fmt"
	"os"
	"runtime"
)

// tryLock refuses: without a lock, two builds at once would spoil each other.
func tryLock(*os.File) (bool, error) {
	return false, fmt.Errorf("the control plane cannot be built on %s: set %s to a folder with kube-apiserver and etcd",
		runtime.GOOS, AssetsEnv)
}
