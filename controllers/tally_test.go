package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestGuestsAreCountedAsTheyComeChangeAndGo(t *testing.T) {
	g, counted := NewWithT(t), newTally()
	claim := func(kind b2b.ClaimKind, namespace string) b2b.GuestClaim {
		return b2b.GuestClaim{Kind: kind, Namespace: namespace, Name: "ada"}
	}
	ada := &b2b.Guest{ObjectMeta: metav1.ObjectMeta{Name: "default.ada"}, Spec: b2b.GuestSpec{
		TenantRef: b2b.TenantReference{Name: "default"}, Claims: []b2b.GuestClaim{
			claim(b2b.ClaimKindGuestInvitation, "red"), claim(b2b.ClaimKindGuestInvitation, "blue"),
			claim(b2b.ClaimKindGuestInvitation, "red"), claim(b2b.ClaimKindGuestGroupMembership, "green"),
		}}}
	other := &b2b.Guest{ObjectMeta: metav1.ObjectMeta{Name: "other.ada"}, Spec: b2b.GuestSpec{TenantRef: b2b.TenantReference{Name: "other"}}}
	handler := counted.handler()
	handler.Create(t.Context(), event.CreateEvent{Object: ada}, nil)
	handler.Create(t.Context(), event.CreateEvent{Object: other}, nil)

	g.Expect(counted.managed("default")).To(Equal(1))
	g.Expect(counted.invitedFrom("default", map[string]bool{"red": true, "blue": true})).To(Equal(1), "a guest counts once")
	g.Expect(counted.invitedFrom("default", map[string]bool{"green": true})).To(BeZero(), "only invitations count")
	g.Expect(counted.invitedFrom("other", map[string]bool{"red": true})).To(BeZero())

	released := ada.DeepCopy()
	released.Status.State, released.Spec.Claims = b2b.GuestStateReleased, nil
	handler.Update(t.Context(), event.UpdateEvent{ObjectOld: ada, ObjectNew: released}, nil)
	g.Expect(counted.managed("default")).To(BeZero())
	g.Expect(counted.invitedFrom("default", map[string]bool{"red": true})).To(BeZero())

	handler.Delete(t.Context(), event.DeleteEvent{Object: other}, nil)
	g.Expect(counted.managed("other")).To(BeZero())
}
