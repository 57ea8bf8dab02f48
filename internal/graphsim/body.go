package graphsim

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// unknownField is the first name in a body that the struct has no field for.
func unknownField(body map[string]json.RawMessage, into any) string {
	fields := reflect.TypeOf(into).Elem()
	known := make([]string, 0, fields.NumField())
	for field := range fields.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known = append(known, name)
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if !slices.Contains(known, name) {
			return name
		}
	}
	return ""
}
