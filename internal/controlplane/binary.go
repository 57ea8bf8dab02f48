package controlplane

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// binary is one program of the control plane and where it comes from.
type binary struct {
	name        string
	toolsModule string // folder, from the repository's root, of the module that pins it
	module      string // the Go module it is part of, which gives its version
	pkg         string // its main package
	expect      string // what a first build takes, for a person who waits
	stamp       []string
}

// Kubernetes takes its version from the linker, and refuses to start or reports nonsense without.
var (
	apiServer = binary{
		name:        "kube-apiserver",
		toolsModule: "hack/tools/kubernetes",
		module:      "k8s.io/kubernetes",
		pkg:         "k8s.io/kubernetes/cmd/kube-apiserver",
		expect:      "5 to 10 minutes on two cores",
		stamp:       []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"},
	}
	kubectl = binary{
		name:        "kubectl",
		toolsModule: "hack/tools/kubernetes",
		module:      "k8s.io/kubernetes",
		pkg:         "k8s.io/kubernetes/cmd/kubectl",
		expect:      "about a minute on two cores",
		stamp:       []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"},
	}
	etcd = binary{
		name:        "etcd",
		toolsModule: "hack/tools/etcd",
		module:      "go.etcd.io/etcd/server/v3",
		pkg:         "go.etcd.io/etcd/server/v3",
		expect:      "about a minute on two cores",
	}
)

// version is the one that the tools module requires.
func (b binary) version(root string) (string, error) {
	path := filepath.Join(root, b.toolsModule, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the version of %s: %w", b.name, err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) >= 2 && words[0] == b.module && strings.HasPrefix(words[1], "v") {
			return words[1], nil
		}
	}
	return "", fmt.Errorf("reading the version of %s: %s does not require %s", b.name, path, b.module)
}

// ldflags leaves out symbols, which halves the binary, and stamps the version.
func (b binary) ldflags(version string) string {
	flags := []string{"-s", "-w"}
	numbers := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	for _, pkg := range b.stamp {
		flags = append(flags, "-X", pkg+".gitVersion="+version)
		if len(numbers) == 3 {
			flags = append(flags, "-X", pkg+".gitMajor="+numbers[0], "-X", pkg+".gitMinor="+numbers[1])
		}
	}
	return strings.Join(flags, " ")
}
