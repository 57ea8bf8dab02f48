// Package docs_test holds the documentation to what the project is.
package docs_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/config"
)

const root = "../.."

func read(t *testing.T, path string) string {
	t.Helper()
	return readFile(t, filepath.Join(root, path))
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOperationsExplainsEveryFlag(t *testing.T) {
	g := NewWithT(t)
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	config.Bind(flags)
	page := read(t, "docs/operations.md")
	flags.VisitAll(func(f *flag.Flag) {
		g.Expect(page).To(ContainSubstring("`--" + f.Name + "`"))
	})
}

func TestOperationsNamesEveryMetric(t *testing.T) {
	g := NewWithT(t)
	names := regexp.MustCompile(`Name: "([a-z_]+)"`).FindAllStringSubmatch(read(t, "controllers/metrics.go"), -1)
	g.Expect(names).NotTo(BeEmpty())
	page := read(t, "docs/operations.md")
	for _, name := range names {
		g.Expect(page).To(ContainSubstring("`entra_guest_operator_" + name[1] + "`"))
	}
}

func TestPermissionsExplainsEveryPermissionThatTheOperatorUses(t *testing.T) {
	g := NewWithT(t)
	permissions := constants(t, "controllers/failure.go", "permission")
	g.Expect(permissions).NotTo(BeEmpty())
	page := read(t, "docs/permissions.md")
	for _, permission := range permissions {
		g.Expect(page).To(ContainSubstring("`" + permission + "`"))
	}
}

// somewhere tells whether a path, or a file of that name, is in the repository.
func somewhere(t *testing.T, path string) bool {
	t.Helper()
	for _, pattern := range []string{path, "controllers/" + path, "internal/*/" + path, "api/*/" + path, "test/*/" + path} {
		if found, err := filepath.Glob(filepath.Join(root, pattern)); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// constants gives the values of a file's string constants whose names begin with prefix.
func constants(t *testing.T, path, prefix string) (values []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			constant := spec.(*ast.ValueSpec)
			if len(constant.Values) != 1 || !strings.HasPrefix(constant.Names[0].Name, prefix) {
				continue
			}
			if literal, ok := constant.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				value, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
		}
	}
	return values
}
