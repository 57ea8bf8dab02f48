package controllers

import (
	"context"
	"slices"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// ownKinds are lists of all kinds of this API.
func ownKinds() []client.ObjectList {
	return []client.ObjectList{
		&b2b.GuestInvitationList{}, &b2b.GuestGroupMembershipList{}, &b2b.GuestList{}, &b2b.GuestPolicyList{}, &b2b.EntraTenantList{},
	}
}

// objects gives all objects of this API in the cluster.
func (o *operator) objects() (all []conditioned) {
	o.t.Helper()
	for _, list := range ownKinds() {
		o.Expect(o.client.List(context.Background(), list)).To(Succeed())
		o.Expect(meta.EachListItem(list, func(item runtime.Object) error {
			all = append(all, item.(conditioned))
			return nil
		})).To(Succeed())
	}
	return all
}

// events gives the reasons of the events about an object, and its notes after each.
func (o *operator) events(object client.Object) (told []string) {
	o.t.Helper()
	events := &eventsv1.EventList{}
	o.Expect(o.client.List(context.Background(), events)).To(Succeed())
	for _, event := range events.Items {
		if event.Regarding.UID == object.GetUID() {
			told = append(told, event.Reason+": "+event.Note)
		}
	}
	return told
}

// leaveClusterEmpty deletes everything, whatever finalizers it has. The control plane has no controller that ends namespaces.
func (o *operator) leaveClusterEmpty() {
	ctx := context.Background()
	for _, object := range o.objects() {
		o.wipe(ctx, object.(client.Object))
	}
	namespaces := &corev1.NamespaceList{}
	o.Expect(o.client.List(ctx, namespaces)).To(Succeed())
	for i := range namespaces.Items {
		namespace := &namespaces.Items[i]
		if slices.Contains([]string{"default", "kube-system", "kube-public", "kube-node-lease"}, namespace.Name) {
			continue
		}
		o.Expect(o.client.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(namespace.Name))).To(Succeed())
		o.Expect(o.client.DeleteAllOf(ctx, &eventsv1.Event{}, client.InNamespace(namespace.Name))).To(Succeed())
		o.Expect(client.IgnoreNotFound(o.client.Delete(ctx, namespace))).To(Succeed())
		namespace.Spec.Finalizers = nil
		o.Expect(client.IgnoreNotFound(o.client.SubResource("finalize").Update(ctx, namespace))).To(Succeed())
	}
	o.Expect(o.client.DeleteAllOf(ctx, &eventsv1.Event{}, client.InNamespace("default"))).To(Succeed())
}

// wipe deletes an object and takes its finalizers away.
func (o *operator) wipe(ctx context.Context, object client.Object) {
	o.t.Helper()
	o.Eventually(func() error {
		err := o.client.Get(ctx, client.ObjectKeyFromObject(object), object)
		if err != nil {
			return client.IgnoreNotFound(err)
		}
		if len(object.GetFinalizers()) > 0 {
			object.SetFinalizers(nil)
			if err := o.client.Update(ctx, object); err != nil {
				return client.IgnoreNotFound(err)
			}
		}
		err = o.client.Delete(ctx, object)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}).WithContext(ctx).Should(Succeed())
}

// tellAfterFailure shows what somebody who looks for the cause wants to see.
func (o *operator) tellAfterFailure() {
	if !o.t.Failed() {
		return
	}
	for _, object := range o.objects() {
		o.t.Logf("%T %s/%s events %q\n%s", object, object.GetNamespace(), object.GetName(), o.events(object.(client.Object)), asYAML(object))
	}
	o.t.Logf("ledger\n%s", asYAML(o.tenant.Ledger()))
	lines := logs.lines()
	for _, line := range lines[max(0, len(lines)-60):] {
		o.t.Log(line)
	}
}

func asYAML(of any) string {
	if object, ok := of.(client.Object); ok {
		object.SetManagedFields(nil)
	}
	text, err := yaml.Marshal(of)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
