package internal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

const module = "github.com/entraguests/entra-guest-operator"

// layer says what the packages below a folder of the module must not import, themselves or through other packages of
// the module. Imports of tests are free.
type layer struct {
	folder    string
	forbidden func(path string) bool
	why       string
}

var layers = []layer{
	{"api", outside("k8s.io/apimachinery"), "clients import the API: it may need apimachinery only"},
	{"internal/directory", kubernetes, "the domain knows no Kubernetes"},
	{"internal/directory", graph, "the domain knows no Microsoft Graph"},
	{"internal/graph", kubernetes, "Microsoft Graph is reached without Kubernetes"},
	{"internal/graphsim", kubernetes, "the simulated tenant knows no Kubernetes"},
	{"internal/graphsim", folders("internal/graph"), "a simulator that shares code with its client hides the client's mistakes"},
	{"internal/mirror", kubernetes, "the view of a tenant knows no Kubernetes"},
	{"internal/mirror", graph, "the view of a tenant sees it through package directory"},
	{"internal/budget", kubernetes, "a tenant's budget knows no Kubernetes"},
	{"internal/budget", graph, "a tenant's budget is fed by its client, and knows no Microsoft Graph itself"},
	{"internal/fair", kubernetes, "a fair queue knows no Kubernetes"},
	{"internal/fair", graph, "a fair queue knows no Microsoft Graph"},
	{"internal/additions", kubernetes, "additions to groups are gathered without Kubernetes"},
	{"internal/additions", graph, "additions to groups are sent through package directory"},
	{"internal/writes", graph, "writes to Kubernetes know no Microsoft Graph"},
	{"internal/lifecycle", graph, "the generic loop knows no Microsoft Graph"},
	{"internal/policy", graph, "decisions know no Microsoft Graph"},
	{"internal", folders("controllers"), "controllers are on top: only main and hack set them up"},
	{"internal/policy", folders("internal/lifecycle", "internal/mirror"), "decisions are pure"},
	{"controllers", folders("internal/graphsim", "internal/controlplane"), "the manager contains no simulator and no test tools"},
	{".", folders("internal/graphsim", "internal/controlplane"), "the manager contains no simulator and no test tools"},
	{".", below("testing", "github.com/onsi/gomega", "sigs.k8s.io/controller-runtime/pkg/envtest"), "the manager contains no test tools"},
}

func TestPackagesImportOnlyWhatIsBelowThem(t *testing.T) {
	g := NewWithT(t)
	imports, err := moduleImports()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(imports).To(HaveKey(module + "/api/v1alpha1"))
	g.Expect(violations(imports)).To(BeEmpty())
}

func TestAnArrowThatPointsUpwardIsFound(t *testing.T) {
	cases := map[string]struct {
		imports map[string][]string
		want    string
	}{
		"an import of its own": {
			imports: map[string][]string{module + "/internal/mirror": {"k8s.io/api/core/v1"}},
			want:    "internal/mirror -> k8s.io/api/core/v1",
		},
		"an import through another package": {
			imports: map[string][]string{
				module + "/internal/policy":    {module + "/internal/directory"},
				module + "/internal/directory": {"github.com/microsoftgraph/msgraph-sdk-go/models"},
			},
			want: "internal/policy -> internal/directory -> github.com/microsoftgraph/msgraph-sdk-go/models",
		},
		"more of Kubernetes than the API may need": {
			imports: map[string][]string{module + "/api/v1alpha1": {"k8s.io/apimachinery/pkg/runtime", "sigs.k8s.io/controller-runtime"}},
			want:    "api/v1alpha1 -> sigs.k8s.io/controller-runtime",
		},
		"a package in a folder below the layer's": {
			imports: map[string][]string{module + "/internal/graph/fake": {"k8s.io/client-go/rest"}},
			want:    "internal/graph/fake -> k8s.io/client-go/rest",
		},
		"a test tool in the manager": {
			imports: map[string][]string{
				module:                  {module + "/controllers"},
				module + "/controllers": {module + "/internal/graphsim"},
			},
			want: ". -> controllers -> internal/graphsim",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(violations(c.imports)).To(ContainElement(HavePrefix(c.want + ": ")))
		})
	}
}

func TestArrowsThatPointDownwardAreLeftAlone(t *testing.T) {
	NewWithT(t).Expect(violations(map[string][]string{
		module:                         {module + "/controllers", "sigs.k8s.io/controller-runtime"},
		module + "/controllers":        {module + "/internal/graph", module + "/api/v1alpha1", "k8s.io/api/core/v1"},
		module + "/internal/graph":     {module + "/internal/directory", "github.com/microsoftgraph/msgraph-sdk-go"},
		module + "/internal/directory": {"context"},
		module + "/api/v1alpha1":       {"k8s.io/apimachinery/pkg/runtime", "strings"},
		module + "/hack/demo":          {module + "/controllers", module + "/internal/graphsim", "testing"},
	})).To(BeEmpty())
}

// moduleImports lists the imports of every package of the module, those of its tests left out.
func moduleImports() (map[string][]string, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w: %s", err, said.String())
	}
	imports := map[string][]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var listed struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&listed); err != nil {
			return nil, fmt.Errorf("reading the list of packages: %w", err)
		}
		imports[listed.ImportPath] = listed.Imports
	}
	return imports, nil
}

// violations gives one line for each forbidden arrow: the chain of imports, and why it must not be.
func violations(imports map[string][]string) []string {
	var found []string
	for _, layer := range layers {
		for path := range imports {
			if !layer.holds(path) {
				continue
			}
			if chain := forbiddenChain(imports, layer.forbidden, path, map[string]bool{}); chain != nil {
				found = append(found, strings.Join(chain, " -> ")+": "+layer.why)
			}
		}
	}
	slices.Sort(found)
	return found
}

// forbiddenChain follows the imports of path through the module to the first forbidden one.
func forbiddenChain(imports map[string][]string, forbidden func(string) bool, path string, seen map[string]bool) []string {
	if seen[path] {
		return nil
	}
	seen[path] = true
	for _, next := range imports[path] {
		if forbidden(next) {
			return []string{relative(path), relative(next)}
		}
		if chain := forbiddenChain(imports, forbidden, next, seen); chain != nil {
			return append([]string{relative(path)}, chain...)
		}
	}
	return nil
}

func (l layer) holds(path string) bool {
	if l.folder == "." {
		return path == module
	}
	return within(path, module+"/"+l.folder)
}

func relative(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func below(parents ...string) func(string) bool {
	return func(path string) bool {
		return slices.ContainsFunc(parents, func(parent string) bool { return within(path, parent) })
	}
}

func folders(names ...string) func(string) bool {
	return func(path string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return within(path, module+"/"+name) })
	}
}

// outside forbids everything but the standard library, the same folder of the module and the modules named.
func outside(allowed ...string) func(string) bool {
	return func(path string) bool {
		first, _, _ := strings.Cut(path, "/")
		return strings.Contains(first, ".") && !within(path, module+"/api") && !below(allowed...)(path)
	}
}

func kubernetes(path string) bool {
	return strings.HasPrefix(path, "k8s.io/") || strings.HasPrefix(path, "sigs.k8s.io/")
}

func graph(path string) bool {
	return strings.HasPrefix(path, "github.com/microsoftgraph/") || strings.HasPrefix(path, "github.com/microsoft/kiota-") ||
		folders("internal/graph")(path)
}
