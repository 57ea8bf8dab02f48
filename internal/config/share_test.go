package config

import (
	"strings"
	"testing"
	"unsafe"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestTheCacheHoldsOneCopyOfWhatObjectsHaveInCommon(t *testing.T) {
	for name, test := range map[string]struct {
		make func() client.Object
		text func(client.Object) []string
	}{
		"a Guest": {
			make: func() client.Object {
				return &b2b.Guest{
					ObjectMeta: metav1.ObjectMeta{Finalizers: []string{fresh("finalizer")}},
					Spec:       b2b.GuestSpec{Claims: []b2b.GuestClaim{{Namespace: fresh("team")}}},
				}
			},
			text: func(o client.Object) []string {
				return []string{o.GetFinalizers()[0], o.(*b2b.Guest).Spec.Claims[0].Namespace}
			},
		},
		"a GuestInvitation": {
			make: func() client.Object {
				i := &b2b.GuestInvitation{ObjectMeta: metav1.ObjectMeta{Namespace: fresh("team")}}
				i.Status.Conditions = []metav1.Condition{{Type: fresh("Ready"), Message: fresh("the guest exists")}}
				return i
			},
			text: func(o client.Object) []string {
				condition := o.(*b2b.GuestInvitation).Status.Conditions[0]
				return []string{o.GetNamespace(), condition.Type, condition.Message}
			},
		},
		"a GuestGroupMembership": {
			make: func() client.Object {
				m := &b2b.GuestGroupMembership{}
				m.Status.GroupID = fresh("group")
				return m
			},
			text: func(o client.Object) []string { return []string{o.(*b2b.GuestGroupMembership).Status.GroupID} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			first, err := lean()(test.make())
			g.Expect(err).NotTo(HaveOccurred())
			second, err := lean()(test.make())
			g.Expect(err).NotTo(HaveOccurred())

			texts, others := test.text(first.(client.Object)), test.text(second.(client.Object))
			g.Expect(texts).To(Equal(others), "nothing is changed")
			for i := range texts {
				g.Expect(unsafe.StringData(texts[i])).To(BeIdenticalTo(unsafe.StringData(others[i])), texts[i])
			}
		})
	}
}

func TestTheCacheHoldsNoManagedFields(t *testing.T) {
	g := NewWithT(t)
	held, err := lean()(&b2b.Guest{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(held.(client.Object).GetManagedFields()).To(BeEmpty())
}

// fresh gives a copy of a string of its own, as decoding does.
func fresh(s string) string { return strings.Clone(s) }
