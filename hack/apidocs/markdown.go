package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

const preamble = `# API reference

Group ` + "`b2b.entraguests.dev`" + `. Written by ` + "`go run ./hack/apidocs`" + ` from the CRDs; do not edit.
“Else refused” gives the words in which the API server refuses other values. What to write, and every condition and reason, is in
[the pages of the kinds](../spec/v1alpha1/README.md).
`

// writeKind writes the section of one kind.
func writeKind(text *bytes.Buffer, crd *apiextensionsv1.CustomResourceDefinition) error {
	version := crd.Spec.Versions[0]
	schema := version.Schema.OpenAPIV3Schema
	fmt.Fprintf(text, "\n## %s\n\n%s\n\n", crd.Spec.Names.Kind, plain(schema.Description))
	fmt.Fprintf(text, "- Version `%s`, scope %s, short name `%s`\n", version.Name, crd.Spec.Scope, strings.Join(crd.Spec.Names.ShortNames, "`, `"))
	var shown, wide []string
	for _, column := range version.AdditionalPrinterColumns {
		if column.Priority > 0 {
			wide = append(wide, column.Name)
		} else {
			shown = append(shown, column.Name)
		}
	}
	fmt.Fprintf(text, "- `kubectl get` shows %s; `-o wide` adds %s\n", strings.Join(shown, ", "), strings.Join(wide, ", "))
	for _, rule := range schema.XValidations {
		fmt.Fprintf(text, "- Else refused: “%s”\n", rule.Message)
	}
	for _, part := range []string{"spec", "status"} {
		properties, ok := schema.Properties[part]
		if !ok {
			return fmt.Errorf("%s has no %s", crd.Name, part)
		}
		fmt.Fprintf(text, "\n### %s %s\n\n%s\n\n", crd.Spec.Names.Kind, part, plain(properties.Description))
		text.WriteString("| Field | Type | Meaning |\n| --- | --- | --- |\n")
		writeFields(text, "", &properties)
	}
	return nil
}

// writeFields writes a row for each property below a schema, with its path.
func writeFields(text *bytes.Buffer, path string, schema *apiextensionsv1.JSONSchemaProps) {
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		here := path + name
		required := ""
		if slices.Contains(schema.Required, name) {
			required = ", required"
		}
		fmt.Fprintf(text, "| `%s` | %s%s | %s |\n", here, typeOf(&property), required, meaning(&property))
		if name == "conditions" {
			continue // those of metav1.Condition, known to everybody
		}
		writeFields(text, here+".", &property)
		if property.Items != nil && property.Items.Schema != nil {
			writeFields(text, here+"[].", property.Items.Schema)
		}
	}
}

func typeOf(schema *apiextensionsv1.JSONSchemaProps) string {
	kind := schema.Type
	switch {
	case schema.Type == "array" && schema.Items != nil:
		kind = "list of " + typeOf(schema.Items.Schema)
	case schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil:
		kind = "map of " + typeOf(schema.AdditionalProperties.Schema)
	case schema.Format == "date-time":
		kind = "time"
	}
	return kind
}

// meaning is a property's description with all that limits its values.
func meaning(schema *apiextensionsv1.JSONSchemaProps) string {
	parts := []string{plain(schema.Description)}
	if len(schema.Enum) > 0 {
		values := make([]string, 0, len(schema.Enum))
		for _, value := range schema.Enum {
			values = append(values, "`"+strings.Trim(string(value.Raw), `"`)+"`")
		}
		parts = append(parts, "One of "+strings.Join(values, ", ")+".")
	}
	if schema.Default != nil {
		if value := strings.Trim(string(schema.Default.Raw), `"`); value != "{}" {
			parts = append(parts, "Default `"+value+"`.")
		}
	}
	if limits := limits(schema); limits != "" {
		parts = append(parts, limits)
	}
	rules := slices.Clone(schema.XValidations)
	if schema.Items != nil && schema.Items.Schema != nil {
		rules = append(rules, schema.Items.Schema.XValidations...)
	}
	for _, rule := range rules {
		parts = append(parts, "Else refused: “"+plain(rule.Message)+"”.")
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func limits(schema *apiextensionsv1.JSONSchemaProps) string {
	switch {
	case schema.Minimum != nil && schema.Maximum != nil:
		return fmt.Sprintf("%v to %v.", *schema.Minimum, *schema.Maximum)
	case schema.MaxItems != nil:
		return fmt.Sprintf("At most %d.", *schema.MaxItems)
	case schema.MaxLength != nil && len(schema.Enum) == 0:
		return fmt.Sprintf("At most %d characters.", *schema.MaxLength)
	}
	return ""
}

// plain makes one line of a text, without what would break a table.
func plain(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
