package apivalidation

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func TestEveryStringAndListOfTheAPIIsBounded(t *testing.T) {
	for _, crd := range definitions(t) {
		t.Run(crd.Spec.Names.Kind, func(t *testing.T) {
			schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
			for _, part := range []string{"spec", "status"} {
				expectBounded(NewWithT(t), part, schema.Properties[part])
			}
		})
	}
}

func TestEveryConditionedStatusBeginsUnobserved(t *testing.T) {
	for _, crd := range definitions(t) {
		t.Run(crd.Spec.Names.Kind, func(t *testing.T) {
			g := NewWithT(t)
			status := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["status"]
			g.Expect(status.Default).NotTo(BeNil())
			g.Expect(string(status.Default.Raw)).To(MatchJSON(`{"observedGeneration":-1}`))
			g.Expect(*status.Properties["conditions"].XListType).To(Equal("map"))
			g.Expect(status.Properties["conditions"].XListMapKeys).To(ConsistOf("type"))
			g.Expect(crd.Spec.Versions[0].Subresources.Status).NotTo(BeNil())
		})
	}
}

func definitions(t *testing.T) []apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	g := NewWithT(t)
	files, err := filepath.Glob("../../config/crd/bases/*.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	all := make([]apiextensionsv1.CustomResourceDefinition, len(files))
	for i, file := range files {
		content, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(yaml.UnmarshalStrict(content, &all[i])).To(Succeed())
	}
	return all
}

func expectBounded(g *WithT, path string, schema apiextensionsv1.JSONSchemaProps) {
	g.THelper()
	switch schema.Type {
	case "string":
		bounded := schema.MaxLength != nil || len(schema.Enum) > 0 || schema.Format == "date-time"
		g.Expect(bounded).To(BeTrue(), "%s may be of any length", path)
	case "array":
		g.Expect(schema.MaxItems).NotTo(BeNil(), "%s may have any number of items", path)
		g.Expect(schema.XListType).NotTo(BeNil(), "%s does not say how it is merged", path)
		expectBounded(g, path+"[]", *schema.Items.Schema)
	case "object":
		if path == "spec.namespaceSelector" {
			return // a type of Kubernetes, bounded by a rule: the table of GuestPolicies has a case for it
		}
		g.Expect(schema.AdditionalProperties).To(BeNil(), "%s may have any number of keys", path)
		for name, property := range schema.Properties {
			expectBounded(g, path+"."+name, property)
		}
	}
}
