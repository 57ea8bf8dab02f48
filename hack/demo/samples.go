package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	sigsyaml "sigs.k8s.io/yaml"
)

// observationSeconds is how often the operator looks at the simulated tenant: the least that the API allows, so that a
// redemption shows soon.
const observationSeconds = 5

// fieldOwner is whom the API server takes the samples' fields to belong to.
const fieldOwner = "demo"

// readSamples reads what kubectl apply -k would apply from a folder, in the order of its kustomization.
func readSamples(folder string) ([]*unstructured.Unstructured, error) {
	text, err := os.ReadFile(filepath.Join(folder, "kustomization.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the samples: %w", err)
	}
	var kustomization struct {
		Resources []string `json:"resources"`
	}
	if err := sigsyaml.Unmarshal(text, &kustomization); err != nil {
		return nil, fmt.Errorf("reading the samples: %w", err)
	}
	var objects []*unstructured.Unstructured
	for _, name := range kustomization.Resources {
		file, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("reading the samples: %w", err)
		}
		more, err := decode(file)
		if err != nil {
			return nil, fmt.Errorf("reading the sample %s: %w", name, err)
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

func decode(text []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), len(text))
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		switch {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, err
		case len(object.Object) > 0:
			objects = append(objects, object)
		}
	}
}

// applySamples applies them as kubectl apply --server-side does, and returns what the API server has made of them.
func (s *stage) applySamples(ctx context.Context) ([]*unstructured.Unstructured, error) {
	objects, err := readSamples(filepath.Join(s.root, "config", "samples"))
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if object.GetKind() == "EntraTenant" {
			err := unstructured.SetNestedField(object.Object, int64(observationSeconds), "spec", "observation", "intervalSeconds")
			if err != nil {
				return nil, fmt.Errorf("setting the interval of observation: %w", err)
			}
		}
		apply := client.ApplyConfigurationFromUnstructured(object)
		if err := s.client.Apply(ctx, apply, client.FieldOwner(fieldOwner), client.ForceOwnership); err != nil {
			return nil, fmt.Errorf("applying %s: %w", nameOf(object), err)
		}
		s.screen.say("%s applied", nameOf(object))
	}
	return objects, nil
}

// nameOf names an object as kubectl does, with its namespace where it has one.
func nameOf(object *unstructured.Unstructured) string {
	name := strings.ToLower(object.GetKind()) + "/" + object.GetName()
	if object.GetNamespace() != "" {
		name += " in " + object.GetNamespace()
	}
	return name
}
