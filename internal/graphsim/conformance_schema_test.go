package graphsim_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// schemaSet is the part of the OpenAPI document that answers are held against.
type schemaSet struct {
	Paths      map[string]map[string]map[string]any
	Components struct{ Schemas map[string]map[string]any }
}

func loadSchemas(t *testing.T, path string) schemaSet {
	var document struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]map[string]any }
	}
	readJSON(t, path, &document)
	s := schemaSet{Paths: map[string]map[string]map[string]any{}}
	s.Components.Schemas = document.Components.Schemas
	for path, operations := range document.Paths {
		s.Paths[path] = map[string]map[string]any{}
		for method, operation := range operations {
			if o, isOperation := operation.(map[string]any); isOperation {
				s.Paths[path][method] = o
			}
		}
	}
	return s
}

// checkStatus holds a status against those that the path documents.
func (s schemaSet) checkStatus(method, url string, status int) []string {
	path, _, _ := strings.Cut(strings.TrimPrefix(url, "/v1.0"), "?")
	for template, operations := range s.Paths {
		pattern := regexp.MustCompile("^" + placeholdersOf(template) + "/?$")
		operation, documented := operations[strings.ToLower(method)]
		if !documented || !pattern.MatchString(path) {
			continue
		}
		responses, _ := operation["responses"].(map[string]any)
		for _, key := range []string{fmt.Sprint(status), fmt.Sprintf("%dXX", status/100)} {
			if _, known := responses[key]; known {
				return nil
			}
		}
		return []string{fmt.Sprintf("status %d is not documented for %s", status, template)}
	}
	return nil // a cast or another spelling of a documented path
}

func placeholdersOf(template string) string {
	return regexp.MustCompile(`\\\{[A-Za-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(template), "[^/]+")
}

var typeOfSet = map[string]string{
	"users": "user", "groups": "group", "invitations": "invitation", "organization": "organization",
	"policies/authorizationPolicy": "authorizationPolicy", "directoryObjects": "directoryObject",
	"servicePrincipals": "servicePrincipal", "appRoleAssignments": "appRoleAssignment", "appRoleAssignedTo": "appRoleAssignment",
}

var contextPattern = regexp.MustCompile(`^http://[^/]+/v1\.0/\$metadata#(?:[A-Za-z]+\('[^']+'\)/)?([A-Za-z/]+?)(\([^)]*\))?(/\$entity)?$`)

// checkAnswer validates a body by the type that its @odata.context names.
func (s schemaSet) checkAnswer(body map[string]any) []string {
	if _, isError := body["error"]; isError {
		return s.check("error body", s.Components.Schemas["ODataError"], body)
	}
	context, _ := body["@odata.context"].(string)
	match := contextPattern.FindStringSubmatch(context)
	if match == nil {
		return []string{"@odata.context is " + context}
	}
	if match[1] == "Collection" || match[1] == "Edm" {
		return nil
	}
	schema := s.Components.Schemas["microsoft.graph."+typeOfSet[match[1]]]
	if schema == nil {
		return []string{"unknown set " + match[1]}
	}
	if match[3] != "" {
		return s.check(match[1], schema, body)
	}
	values, isList := body["value"].([]any)
	if !isList {
		return []string{"value is no list"}
	}
	var problems []string
	for _, value := range values {
		problems = append(problems, s.check(match[1], schema, value)...)
	}
	return problems
}

// check validates a value: types, formats, null, and no property that the type
// does not declare.
func (s schemaSet) check(at string, schema map[string]any, value any) []string {
	if object, isObject := value.(map[string]any); isObject {
		if name, typed := object["@odata.type"].(string); typed {
			if own := s.Components.Schemas[strings.TrimPrefix(name, "#")]; own != nil {
				schema = own
			}
		}
	}
	flat := s.flatten(schema)
	if value == nil {
		if flat.kind != "" && !flat.nullable {
			return []string{at + " must not be null"}
		}
		return nil
	}
	return s.checkKind(at, flat, value)
}

func (s schemaSet) checkKind(at string, flat flatSchema, value any) (problems []string) {
	wrong := []string{fmt.Sprintf("%s is a %T, want %s", at, value, flat.kind)}
	switch v := value.(type) {
	case map[string]any:
		if flat.kind != "object" {
			return wrong
		}
		for name, inner := range v {
			property, declared := flat.properties[name]
			switch {
			case declared:
				problems = append(problems, s.check(at+"."+name, property, inner)...)
			case name == "@removed", name == "members@delta": // of delta queries, of no type
			case strings.HasPrefix(name, "@odata."), flat.open && strings.HasPrefix(name, "ext"):
			case strings.HasSuffix(at, ".innerError"): // a 429 has more than is declared
			default:
				problems = append(problems, at+"."+name+" is not declared")
			}
		}
	case []any:
		if flat.kind != "array" {
			return wrong
		}
		for i, item := range v {
			problems = append(problems, s.check(fmt.Sprintf("%s[%d]", at, i), flat.items, item)...)
		}
	case string:
		if flat.kind != "string" {
			return wrong
		}
		if _, err := time.Parse(time.RFC3339, v); flat.format == "date-time" && err != nil && at != "error body.error.innerError.date" {
			return []string{at + ": " + err.Error()}
		}
	case bool:
		if flat.kind != "boolean" {
			return wrong
		}
	case float64:
		if flat.kind != "integer" && flat.kind != "number" {
			return wrong
		}
	}
	return problems
}

// flatSchema is a schema with its references and allOf resolved.
type flatSchema struct {
	kind, format   string
	nullable, open bool
	properties     map[string]map[string]any
	items          map[string]any
}

func (s schemaSet) flatten(schema map[string]any) flatSchema {
	flat := flatSchema{}
	s.merge(&flat, schema)
	return flat
}

func (s schemaSet) merge(flat *flatSchema, schema map[string]any) {
	if ref, isRef := schema["$ref"].(string); isRef {
		s.merge(flat, s.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")])
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		parts, _ := schema[key].([]any)
		for _, part := range parts {
			s.merge(flat, part.(map[string]any))
		}
	}
	if kind, given := schema["type"].(string); given {
		flat.kind = kind
	}
	if format, given := schema["format"].(string); given {
		flat.format = format
	}
	flat.nullable = flat.nullable || schema["nullable"] == true
	flat.open = flat.open || schema["additionalProperties"] == true
	if items, given := schema["items"].(map[string]any); given {
		flat.items = items
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		if flat.properties == nil {
			flat.properties = map[string]map[string]any{}
		}
		flat.properties[name] = property.(map[string]any)
	}
}
