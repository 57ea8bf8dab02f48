package apivalidation

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

const docs = "../../docs"

var (
	yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	patching  = regexp.MustCompile(`kubectl\b.* patch `)
	patch     = regexp.MustCompile(`kubectl(?: -n \S+)? patch (\S+) \S+ --type merge -p '([^']+)'`)
)

// docPages gives the text of each page of the documentation by its path.
func docPages(t *testing.T) map[string]string {
	t.Helper()
	g := NewWithT(t)
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", "*/*.md", "*/*/*.md"} {
		files, err := filepath.Glob(filepath.Join(docs, pattern))
		g.Expect(err).NotTo(HaveOccurred())
		for _, file := range files {
			text, err := os.ReadFile(file)
			g.Expect(err).NotTo(HaveOccurred())
			pages[file] = string(text)
		}
	}
	return pages
}

// objectsIn gives the objects of this API in a page, in the default namespace and without the names that they have there. In the
// pages of the kinds there are whole objects only: nobody would notice when a part of one grows wrong.
func objectsIn(t *testing.T, page, text string) (objects []*unstructured.Unstructured) {
	t.Helper()
	for _, found := range yamlBlock.FindAllStringSubmatch(text, -1) {
		if whole := strings.Contains(found[1], "\nkind: "); !whole {
			NewWithT(t).Expect(page).NotTo(ContainSubstring("/spec/"), "this is no whole object:\n%s", found[1])
			continue
		}
		for _, object := range decoded(t, page, strings.NewReader(found[1])) {
			if object.GroupVersionKind().GroupVersion() != v1alpha1.GroupVersion {
				continue
			}
			if object.GetNamespace() != "" {
				object.SetNamespace(metav1.NamespaceDefault)
			}
			object.SetGenerateName(object.GetName() + "-")
			object.SetName("")
			objects = append(objects, object)
		}
	}
	return objects
}

func TestTheAPIServerAcceptsTheObjectsInTheDocumentation(t *testing.T) {
	g := NewWithT(t)
	tried := map[string]int{}
	for page, text := range docPages(t) {
		for _, object := range objectsIn(t, page, text) {
			tried[object.GetKind()]++
			g.Expect(kube.Create(t.Context(), object, client.DryRunAll)).To(Succeed(), "%s: %s %s", page, object.GetKind(), object.GetGenerateName())
		}
	}
	for _, table := range tables(t) {
		g.Expect(tried[table.Kind]).To(BeNumerically(">", 0), "the documentation has an object of kind %s", table.Kind)
	}
}

func TestTheAPIServerAcceptsThePatchesInTheDocumentation(t *testing.T) {
	examples, tried := exampleOfEachKind(t), 0
	for page, text := range docPages(t) {
		commands := patch.FindAllStringSubmatch(text, -1)
		NewWithT(t).Expect(commands).To(HaveLen(len(patching.FindAllString(text, -1))), "%s: each kubectl patch is understood", page)
		for _, command := range commands {
			tried++
			t.Run(filepath.Base(page)+"/"+command[2], func(t *testing.T) {
				g := NewWithT(t)
				g.Expect(examples).To(HaveKey(command[1]), "the documentation has an example of it")
				object := examples[command[1]].DeepCopy()
				create(t, object)
				g.Expect(kube.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(command[2])), client.DryRunAll)).To(Succeed())
				g.Expect(kube.Delete(t.Context(), object)).To(Succeed())
			})
		}
	}
	NewWithT(t).Expect(tried).To(BeNumerically(">", 5))
}

// exampleOfEachKind gives the first object in the page of each kind by the short name that people type.
func exampleOfEachKind(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	examples := map[string]*unstructured.Unstructured{}
	for kind, short := range shortNames(t) {
		page := filepath.Join(docs, "spec", v1alpha1.GroupVersion.Version, strings.ToLower(kind)+".md")
		text, err := os.ReadFile(page)
		g.Expect(err).NotTo(HaveOccurred())
		for _, object := range objectsIn(t, page, string(text)) {
			if object.GetKind() == kind {
				examples[short] = object
				break
			}
		}
		g.Expect(examples).To(HaveKey(short), "%s has an example", page)
	}
	return examples
}

// shortNames gives the short name of each kind.
func shortNames(t *testing.T) map[string]string {
	t.Helper()
	g := NewWithT(t)
	found, err := discovery.NewDiscoveryClientForConfigOrDie(server).ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
	g.Expect(err).NotTo(HaveOccurred())
	names := map[string]string{}
	for _, resource := range found.APIResources {
		if len(resource.ShortNames) > 0 {
			names[resource.Kind] = resource.ShortNames[0]
		}
	}
	g.Expect(len(names)).To(BeNumerically(">=", 5))
	return names
}
