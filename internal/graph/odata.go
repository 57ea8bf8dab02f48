package graph

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// quoted is s as an OData string literal: a quote in it is doubled, so that it ends nothing.
// https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html (5.1.1.13.1)
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func equals(property, value string) string { return property + " eq " + quoted(value) }

func anyEquals(property, value string) string {
	return fmt.Sprintf("%s/any(x:x eq %s)", property, quoted(value))
}

func startsWith(property, value string) string {
	return fmt.Sprintf("startswith(%s,%s)", property, quoted(value))
}

func either(clauses ...string) *string { return new(strings.Join(clauses, " or ")) }

var objectID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func isObjectID(s string) bool { return objectID.MatchString(s) }

// principalName is what can be a user principal name, "#EXT#" and all: neither an id nor anything that means something in a path.
// https://learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-userprincipalname
var principalName = regexp.MustCompile(`^[^@/\\\s[:cntrl:]]{1,256}@[^@/\\\s[:cntrl:]]{1,256}$`)

// requireName refuses anything that is not a user principal name, as requireIDs does.
func requireName(name string) error {
	if !principalName.MatchString(name) {
		return &directory.Error{Class: directory.Invalid, Err: errors.New("not a user principal name")}
	}
	return nil
}

// requireIDs refuses anything that is not an object id before it becomes part of a path: an empty or a crafted one would
// address something else.
func requireIDs(ids ...string) error {
	for _, id := range ids {
		if !isObjectID(id) {
			return &directory.Error{Class: directory.Invalid, Err: fmt.Errorf("%q is not an object id", id)}
		}
	}
	return nil
}
