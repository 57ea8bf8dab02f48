package controllers

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// ownKinds are lists of all kinds of this API.
func ownKinds() []client.ObjectList {
	return []client.ObjectList{
		&b2b.GuestInvitationList{}, &b2b.GuestGroupMembershipList{}, &b2b.GuestAppRoleAssignmentList{},
		&b2b.GuestList{}, &b2b.GuestPolicyList{}, &b2b.EntraTenantList{},
	}
}

// objects gives all objects of this API in the cluster.
func (o *scenario) objects() (all []apiObject) {
	o.t.Helper()
	for _, list := range ownKinds() {
		o.Expect(o.client.List(context.Background(), list)).To(Succeed())
		o.Expect(meta.EachListItem(list, func(item runtime.Object) error {
			all = append(all, item.(apiObject))
			return nil
		})).To(Succeed())
	}
	return all
}

// events gives the reasons of the events about an object, and its notes after each.
func (o *scenario) events(object client.Object) (told []string) {
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

// tellAfterFailure shows what somebody who looks for the cause wants to see.
func (o *scenario) tellAfterFailure() {
	if !o.t.Failed() {
		return
	}
	for _, object := range o.objects() {
		o.t.Logf("%T %s/%s events %q\n%s", object, object.GetNamespace(), object.GetName(), o.events(object), asYAML(object))
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

// wipeStatus loses the status of all objects, as a backup without it does.
func (o *scenario) wipeStatus() {
	o.t.Helper()
	for _, object := range o.objects() {
		o.Eventually(func() error {
			if err := o.client.Get(o.ctx, client.ObjectKeyFromObject(object), object); err != nil {
				return err
			}
			return o.client.Status().Patch(o.ctx, object, client.RawPatch(types.MergePatchType, []byte(`{"status": null}`)))
		}).Should(Succeed())
	}
}

func keyOf(object client.Object) client.ObjectKey { return client.ObjectKeyFromObject(object) }

// kindOf is the kind of an object, which the client does not fill in.
func kindOf(object client.Object) string {
	_, kind, _ := strings.Cut(fmt.Sprintf("%T", object), ".")
	return kind
}

// wipeAll takes all objects away, finalizers or not, as the loss of a cluster does.
func (o *scenario) wipeAll() {
	o.t.Helper()
	for _, object := range o.objects() {
		o.Expect(client.IgnoreNotFound(o.client.Delete(o.ctx, object))).To(Succeed())
		o.Eventually(func() error {
			if err := o.client.Get(o.ctx, keyOf(object), object); err != nil {
				return client.IgnoreNotFound(err)
			}
			object.SetFinalizers(nil)
			return client.IgnoreNotFound(o.client.Update(o.ctx, object))
		}).Should(Succeed())
	}
	o.expectNothingLeft()
}

// settle waits until no object has changed for a while that is long for the operator.
func (o *scenario) settle() {
	o.t.Helper()
	seen, since := "", time.Now()
	o.Eventually(func() bool {
		var versions []string
		for _, object := range o.objects() {
			versions = append(versions, object.GetResourceVersion())
		}
		if now := strings.Join(versions, " "); now != seen {
			seen, since = now, time.Now()
		}
		return time.Since(since) > 300*time.Millisecond
	}).Should(BeTrue())
}
