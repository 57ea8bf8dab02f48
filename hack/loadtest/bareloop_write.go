package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// follow makes the writes to one object.
func (l *bareLoop) follow(ctx context.Context, k *loopKind, created client.Object, number int) error {
	object := k.template.DeepCopy()
	object.SetNamespace(created.GetNamespace())
	object.SetName(created.GetName())
	object.SetUID(created.GetUID())
	object.SetResourceVersion(created.GetResourceVersion())
	object.SetManagedFields(nil)
	if !k.ofOperator() {
		spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(created)
		if err != nil {
			return fmt.Errorf("reading %s: %w", created.GetName(), err)
		}
		object.Object["spec"] = spec["spec"] // most of it is immutable
	}
	turn := 0
	for _, s := range k.steps {
		for range s.times(number, k.objects) {
			turn++
			if err := l.write(ctx, s.write, object, k.template, turn); err != nil {
				return fmt.Errorf("writing %v of %s: %w", s.write, object.GetName(), err)
			}
			l.written.Add(1)
		}
	}
	return nil
}

// turnAnnotation and the time of a condition differ from write to write, for the API server does not store what has not changed.
const turnAnnotation = "turn"

// write makes one write, as large as the operator's. The answer replaces the object.
func (l *bareLoop) write(ctx context.Context, w write, object, template *unstructured.Unstructured, turn int) error {
	c := l.world.client
	if w.verb == http.MethodPost {
		object.SetResourceVersion("")
		object.SetUID("")
		return c.Create(ctx, object)
	}
	before := object.DeepCopy()
	if w.subresource == "" {
		annotations := maps.Clone(template.GetAnnotations())
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[turnAnnotation] = strconv.Itoa(turn)
		object.SetAnnotations(annotations)
		if w.verb == http.MethodPatch {
			return c.Patch(ctx, object, client.MergeFrom(before))
		}
		return c.Update(ctx, object)
	}
	object.Object["status"] = template.DeepCopy().Object["status"]
	conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
	if err != nil || len(conditions) == 0 {
		return fmt.Errorf("there are no conditions: %w", err)
	}
	conditions[0].(map[string]any)["lastTransitionTime"] = time.Unix(int64(turn), 0).UTC().Format(time.RFC3339)
	if err := unstructured.SetNestedSlice(object.Object, conditions, "status", "conditions"); err != nil {
		return err
	}
	if w.verb == http.MethodPatch {
		return c.Status().Patch(ctx, object, client.MergeFrom(before))
	}
	return c.Status().Update(ctx, object)
}
