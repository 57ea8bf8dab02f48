package apivalidation

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

const samples = "../../config/samples"

func TestSamplesApplyInTheOrderOfTheirKustomization(t *testing.T) {
	g := NewWithT(t)
	kinds := map[string]bool{}
	for _, file := range kustomizationResources(t) {
		for _, object := range sampleObjects(t, filepath.Join(samples, file)) {
			kinds[object.GetKind()] = true
			g.Expect(kube.Create(t.Context(), object)).To(Succeed(), file)
		}
	}
	g.Expect(kinds).To(HaveLen(5), "a namespace and one sample of each kind that people write, but for applications")
}

func TestSamplesThatAreAppliedByThemselvesAreValidToo(t *testing.T) {
	g := NewWithT(t)
	listed := map[string]bool{"kustomization.yaml": true}
	for _, file := range kustomizationResources(t) {
		listed[file] = true
	}
	files, err := filepath.Glob(filepath.Join(samples, "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	var others int
	for _, file := range files {
		if listed[filepath.Base(file)] {
			continue
		}
		for _, object := range sampleObjects(t, file) {
			others++
			object.SetName("other-" + object.GetName())
			if object.GetNamespace() != "" {
				object.SetNamespace("default")
			}
			g.Expect(kube.Create(t.Context(), object, client.DryRunAll)).To(Succeed(), file)
		}
	}
	g.Expect(others).To(BeNumerically(">", 1), "the other way to connect a tenant is a sample, and applications are")
}

func kustomizationResources(t *testing.T) []string {
	t.Helper()
	g := NewWithT(t)
	content, err := os.ReadFile(filepath.Join(samples, "kustomization.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	var kustomization struct {
		metav1.TypeMeta `json:",inline"`
		Resources       []string `json:"resources"`
	}
	g.Expect(yaml.UnmarshalStrict(content, &kustomization)).To(Succeed())
	g.Expect(kustomization.Resources).NotTo(BeEmpty())
	return kustomization.Resources
}

func sampleObjects(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	content, err := os.ReadFile(file)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return decoded(t, file, bytes.NewReader(content))
}

// decoded gives the objects in a stream of YAML documents, of which there must be some.
func decoded(t *testing.T, source string, stream io.Reader) []*unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	decoder := yamlutil.NewYAMLOrJSONDecoder(stream, 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			g.Expect(objects).NotTo(BeEmpty(), source)
			return objects
		} else if err != nil {
			g.Expect(err).NotTo(HaveOccurred(), source)
		}
		objects = append(objects, object)
	}
}
