// Command apidocs writes docs/reference/api.md: every field of the API, as the CRDs in config/crd/bases have it.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

// Where the CRDs are and where the reference goes, from the root of the checkout.
const (
	crds      = "config/crd/bases"
	reference = "docs/reference/api.md"
)

// kinds are those of the API in the order in which a reader meets them.
var kinds = []string{"entratenants", "guestpolicies", "guestinvitations", "guestgroupmemberships", "guestapproleassignments", "guests"}

func main() {
	root, err := controlplane.Root()
	if err != nil {
		fail(err)
	}
	text, err := render(filepath.Join(root, crds))
	if err != nil {
		fail(err)
	}
	if err := os.WriteFile(filepath.Join(root, reference), text, 0o644); err != nil { //nolint:gosec // documentation is for everybody
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "apidocs:", err)
	os.Exit(1)
}

// render makes the reference of the CRDs in a folder.
func render(folder string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("listing CRDs: %w", err)
	}
	if len(files) != len(kinds) {
		return nil, fmt.Errorf("%s has %d CRDs, and the reference is of %d: complete the list of kinds", folder, len(files), len(kinds))
	}
	var text bytes.Buffer
	text.WriteString(preamble)
	for _, kind := range kinds {
		crd, err := readCRD(filepath.Join(folder, "b2b.entraguests.dev_"+kind+".yaml"))
		if err != nil {
			return nil, err
		}
		if err := writeKind(&text, crd); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

func readCRD(file string) (*apiextensionsv1.CustomResourceDefinition, error) {
	text, err := os.ReadFile(file) //nolint:gosec // from a fixed list
	if err != nil {
		return nil, fmt.Errorf("reading a CRD: %w", err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, crd); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	if len(crd.Spec.Versions) == 0 || crd.Spec.Versions[0].Schema == nil {
		return nil, errors.New(file + " has no schema")
	}
	return crd, nil
}
