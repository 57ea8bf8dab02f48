package docs_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// crds gives the CustomResourceDefinitions as they are installed.
func crds(t *testing.T) (all []apiextensionsv1.CustomResourceDefinition) {
	t.Helper()
	g := NewWithT(t)
	files, err := filepath.Glob(filepath.Join(root, "config/crd/bases/*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	for _, file := range files {
		var crd apiextensionsv1.CustomResourceDefinition
		g.Expect(yaml.UnmarshalStrict([]byte(readFile(t, file)), &crd)).To(Succeed(), file)
		all = append(all, crd)
	}
	return all
}

// field is a field of the API as its CRD has it.
type field struct {
	path      string // such as spec.sponsors[].id
	typ       string
	required  bool
	immutable bool
	// byDefault is the default as JSON, "" where there is none.
	byDefault string
	// values are the only ones that are allowed; empty where any is.
	values []string
	// bounds are the numbers that limit it.
	bounds []string
}

// fields gives the fields of spec or status with their paths, in the order of their names.
func fields(crd apiextensionsv1.CustomResourceDefinition, part string) []field {
	schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties[part]
	return below(part, &schema)
}

func below(path string, schema *apiextensionsv1.JSONSchemaProps) (all []field) {
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		here := fieldOf(path+"."+name, &property)
		here.required = slices.Contains(schema.Required, name)
		all = append(all, here)
		if here.path == "status.conditions" {
			continue // metav1.Condition, which is the same everywhere
		}
		all = append(all, below(here.path, &property)...)
		if items := property.Items; items != nil && items.Schema != nil {
			all = append(all, below(here.path+"[]", items.Schema)...)
		}
	}
	return all
}

func fieldOf(path string, schema *apiextensionsv1.JSONSchemaProps) field {
	result := field{path: path, typ: typeOf(schema)}
	if schema.Default != nil {
		result.byDefault = string(schema.Default.Raw)
	}
	for _, rule := range schema.XValidations {
		result.immutable = result.immutable || rule.Rule == "self == oldSelf"
	}
	value := schema // whose values are limited
	if schema.Items != nil && schema.Items.Schema != nil {
		value = schema.Items.Schema
	}
	for _, allowed := range value.Enum {
		var text string
		if json.Unmarshal(allowed.Raw, &text) == nil {
			result.values = append(result.values, text)
		}
	}
	result.bounds = boundsOf(schema)
	return result
}

// boundsOf gives the limits that a reader may run into. That something must not be empty goes without saying.
func boundsOf(schema *apiextensionsv1.JSONSchemaProps) (bounds []string) {
	if schema.Minimum != nil && schema.Maximum != nil {
		bounds = append(bounds, strconv.Itoa(int(*schema.Minimum)), strconv.Itoa(int(*schema.Maximum)))
	}
	if schema.MaxItems != nil {
		bounds = append(bounds, strconv.FormatInt(*schema.MaxItems, 10))
	}
	if schema.MaxLength != nil && len(schema.Enum) == 0 {
		bounds = append(bounds, strconv.FormatInt(*schema.MaxLength, 10))
	}
	return bounds
}

func typeOf(schema *apiextensionsv1.JSONSchemaProps) string {
	switch {
	case schema.Type == "array" && schema.Items != nil:
		return "list of " + typeOf(schema.Items.Schema)
	case schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil:
		return "map of " + typeOf(schema.AdditionalProperties.Schema)
	case schema.Format == "date-time":
		return "time"
	}
	return schema.Type
}
