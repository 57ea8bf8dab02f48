// Package reasons reads from the declarations of the API which reasons the conditions of each kind can have, so that tests can
// hold the operator and its documentation to them.
package reasons

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// File is where condition types and reasons are declared, from the root of the checkout.
const File = "api/v1alpha1/conditions.go"

// Catalogue is what the API declares.
type Catalogue struct {
	// Conditions are the types of conditions, in the order of their declaration.
	Conditions []string
	// Declared are the reasons of each condition of each kind, in the order of their declaration.
	Declared map[Place][]string
}

// Place is a condition of a kind.
type Place struct{ Kind, Condition string }

var (
	of    = regexp.MustCompile(`\bOf ([A-Z]\w*): ([^.]+)\.`)
	kinds = regexp.MustCompile(`^[A-Z]\w*(, [A-Z]\w*)*$`)
)

// Read reads the declarations in a file of Go source. Each reason has to say of which condition and kinds it is.
func Read(path string) (Catalogue, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return Catalogue{}, fmt.Errorf("reading the reasons of the API: %w", err)
	}
	catalogue := Catalogue{Declared: map[Place][]string{}}
	var wrong []error
	for constant, value := range constants(file) {
		switch name := constant.Names[0].Name; {
		case strings.HasPrefix(name, "Condition"):
			catalogue.Conditions = append(catalogue.Conditions, value)
		case strings.HasPrefix(name, "Reason"):
			wrong = append(wrong, catalogue.add(value, constant.Doc.Text()))
		}
	}
	return catalogue, errors.Join(wrong...)
}

// constants gives the string constants of a file in their order, with their values.
func constants(file *ast.File) func(yield func(*ast.ValueSpec, string) bool) {
	return func(yield func(*ast.ValueSpec, string) bool) {
		for _, declaration := range file.Decls {
			group, ok := declaration.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				constant := spec.(*ast.ValueSpec)
				literal, ok := constant.Values[0].(*ast.BasicLit)
				if !ok {
					continue
				}
				if value, err := strconv.Unquote(literal.Value); err == nil && !yield(constant, value) {
					return
				}
			}
		}
	}
}

// add takes in what the comment of a reason says about where it is used.
func (c *Catalogue) add(reason, comment string) error {
	found := of.FindAllStringSubmatch(comment, -1)
	if len(found) == 0 {
		return fmt.Errorf("the comment of reason %s does not end with the conditions and kinds it is of, as in "+
			`"Of Ready: Guest, GuestInvitation."`, reason)
	}
	for _, match := range found {
		condition, list := match[1], strings.Join(strings.Fields(match[2]), " ")
		if !slices.Contains(c.Conditions, condition) {
			return fmt.Errorf("reason %s is said to be of condition %s, which is not declared above it", reason, condition)
		}
		if !kinds.MatchString(list) {
			return fmt.Errorf("reason %s is said to be of %s: %q, which is not a list of kinds", reason, condition, list)
		}
		for kind := range strings.SplitSeq(list, ", ") {
			place := Place{kind, condition}
			c.Declared[place] = append(c.Declared[place], reason)
		}
	}
	return nil
}

// Of gives the conditions that a kind can have, in the order of their declaration.
func (c Catalogue) Of(kind string) []string {
	var conditions []string
	for _, condition := range c.Conditions {
		if len(c.Declared[Place{kind, condition}]) > 0 {
			conditions = append(conditions, condition)
		}
	}
	return conditions
}

// Allows reports whether a condition of a kind may have the reason. One that is False may repeat what the object waits for, or why
// it is stalled.
func (c Catalogue) Allows(kind, condition, status, reason string) bool {
	if slices.Contains(c.Declared[Place{kind, condition}], reason) {
		return true
	}
	return status == "False" && (slices.Contains(c.Declared[Place{kind, "Reconciling"}], reason) ||
		slices.Contains(c.Declared[Place{kind, "Stalled"}], reason))
}
