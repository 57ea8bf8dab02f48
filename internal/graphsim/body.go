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
	var known []string
	fields := reflect.TypeOf(into).Elem()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		known = append(known, name)
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if !slices.Contains(known, name) {
			return name
		}
	}
	return ""
}
