package docs_test

import (
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

var (
	// namedField is a path of a field as pages and commands name it, in backticks or in a JSONPath.
	namedField = regexp.MustCompile("(?:`|\\.|'\\.)((?:spec|status)(?:\\.\\w+|\\[[^\\]]*\\])+)")
	index      = regexp.MustCompile(`\[[^\]]*\]`)
)

func TestFieldsThatThePagesNameExist(t *testing.T) {
	g := NewWithT(t)
	known := map[string]bool{}
	for _, crd := range crds(t) {
		for _, part := range []string{"spec", "status"} {
			for _, field := range fields(crd, part) {
				known[field.path] = true
			}
		}
	}
	named := 0
	for _, page := range pages(t) {
		for _, found := range namedField.FindAllStringSubmatch(readFile(t, page), -1) {
			path := strings.TrimSuffix(index.ReplaceAllString(found[1], "[]"), "[]")
			if strings.HasPrefix(path, "status.conditions[]") {
				continue
			}
			named++
			g.Expect(known).To(HaveKey(path), "%s names %s", page, found[1])
		}
	}
	g.Expect(named).To(BeNumerically(">", 100))
}
