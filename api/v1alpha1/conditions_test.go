package v1alpha1

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// Reasons and condition types are an API: a slip between a constant's name, its value and its comment would be one too.
func TestConditionConstantsAreNamedAndExplainedAsTheyRead(t *testing.T) {
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), "conditions.go", nil, parser.ParseComments)
	g.Expect(err).NotTo(HaveOccurred())

	seen := map[string]string{}
	for _, declaration := range file.Decls {
		for _, spec := range declaration.(*ast.GenDecl).Specs {
			constant := spec.(*ast.ValueSpec)
			name := constant.Names[0].Name
			value, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
			g.Expect(err).NotTo(HaveOccurred())

			prefix, separator := "Reason", ": "
			if strings.HasPrefix(name, "Condition") {
				prefix, separator = "Condition", " "
			}
			g.Expect(name).To(Equal(prefix + value))
			g.Expect(value).To(MatchRegexp(`^[A-Z][A-Za-z]+$`))
			g.Expect(constant.Doc.Text()).To(Or(HavePrefix(name+separator), HavePrefix(name+" of ")), "what %s means", name)
			g.Expect(seen).NotTo(HaveKey(prefix+value), "declared twice")
			seen[prefix+value] = name
		}
	}
	g.Expect(seen).To(HaveKey("ReasonPolicyDenied"), "the test reads the right file")
}
