package apivalidation

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"
)

// table is one file of testdata: what the API server says of one kind. Spec is a valid spec; every case is a change of
// it, written as a JSON merge patch (null takes a field away).
type table struct {
	Kind     string         `json:"kind"`
	Spec     map[string]any `json:"spec"`
	Accepted []row          `json:"accepted"`
	Refused  []row          `json:"refused"`
	Changes  []row          `json:"changes"`
}

// row is one case of a table.
type row struct {
	Name string `json:"name"`

	// From is a change of the table's spec that is stored first. Only for changes, where Spec is then a change of it.
	From map[string]any `json:"from"`
	// Spec is the change that the case is about. In place of it: Repeat, Long or Each.
	Spec map[string]any `json:"spec"`
	// Repeat puts a list into the spec: Count times Item, with every %d counted.
	Repeat *struct {
		Path  []string `json:"path"`
		Item  any      `json:"item"`
		Count int      `json:"count"`
	} `json:"repeat"`
	// Long puts a string of Count characters into the spec, which begins with Prefix.
	Long *struct {
		Path   []string `json:"path"`
		Prefix string   `json:"prefix"`
		Count  int      `json:"count"`
	} `json:"long"`
	// Each puts Item into the spec, once for each of Of in the place of its %s.
	Each *struct {
		Path []string `json:"path"`
		Item string   `json:"item"`
		Of   []string `json:"of"`
	} `json:"each"`

	// MetadataName is the name of the object. Absent: any.
	MetadataName string `json:"metadataName"`

	// Says is what the message contains with which the API server refuses. Of changes: absent where it accepts.
	Says string `json:"says"`
	// Becomes is what the stored spec contains, where it is accepted.
	Becomes map[string]any `json:"becomes"`
}

func tables(t *testing.T) []table {
	t.Helper()
	g := NewWithT(t)
	files, err := filepath.Glob("testdata/*.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	var all []table
	for _, file := range files {
		content, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		var one table
		g.Expect(yaml.UnmarshalStrict(content, &one)).To(Succeed(), file)
		all = append(all, one)
	}
	return all
}

// patches are the merge patches of the spec that the case stands for, by what tells them apart.
func (r row) patches() map[string]map[string]any {
	switch {
	case r.Repeat != nil:
		items := make([]any, r.Repeat.Count)
		for i := range items {
			items[i] = counted(r.Repeat.Item, i)
		}
		return map[string]map[string]any{"": at(r.Repeat.Path, items)}
	case r.Long != nil:
		long := r.Long.Prefix + strings.Repeat("a", r.Long.Count-len(r.Long.Prefix))
		return map[string]map[string]any{"": at(r.Long.Path, long)}
	case r.Each != nil:
		all := map[string]map[string]any{}
		for _, of := range r.Each.Of {
			all[fmt.Sprintf("%q", of)] = at(r.Each.Path, strings.ReplaceAll(r.Each.Item, "%s", of))
		}
		return all
	default:
		return map[string]map[string]any{"": r.Spec}
	}
}

func counted(item any, i int) any {
	switch item := item.(type) {
	case string:
		return strings.ReplaceAll(item, "%d", fmt.Sprint(i))
	case map[string]any:
		all := map[string]any{}
		for key, value := range item {
			all[key] = counted(value, i)
		}
		return all
	default:
		return item
	}
}

// at is value, path deep in maps.
func at(path []string, value any) map[string]any {
	for i := len(path) - 1; i > 0; i-- {
		value = map[string]any{path[i]: value}
	}
	return map[string]any{path[0]: value}
}

// merged is spec with a JSON merge patch applied.
func merged(t *testing.T, spec, patch map[string]any) map[string]any {
	t.Helper()
	g := NewWithT(t)
	before, err := json.Marshal(spec)
	g.Expect(err).NotTo(HaveOccurred())
	if patch == nil {
		patch = map[string]any{} // a nil map would be null, which takes the whole spec away
	}
	change, err := json.Marshal(patch)
	g.Expect(err).NotTo(HaveOccurred())
	after, err := jsonpatch.MergePatch(before, change)
	g.Expect(err).NotTo(HaveOccurred())
	var result map[string]any
	g.Expect(json.Unmarshal(after, &result)).To(Succeed())
	return result
}
