package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

func TestWhoeverWaitsForTheirTurnKeepsNobodyFromGoingFirst(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	oneInAnHour := budget.New(budget.Options{Now: func() time.Time { return noon },
		Limits: budget.Limits{Writes: budget.Limit{Amount: 2, Per: 2 * time.Hour}}})
	first, _ := oneInAnHour.Take(budget.Key{Name: "first"}, "", budget.Grant, costOfInvitation)
	g.Expect(first).NotTo(BeNil())
	life := &guestLife{guest: guestWithUser("ada", "default", ""), record: &record{}, author: &b2b.GuestInvitation{},
		tenant: tenant{Connection: &Connection{Breaker: b.Breaker, Budget: oneInAnHour}}}
	_, _, wait := life.tenant.turn(life.guest, "team", budget.Grant, costOfInvitation)(t.Context())
	g.Expect(wait).To(HaveValue(HaveField("Reason", b2b.ReasonThrottled)), "that takes long enough to be told")

	g.Expect((&guestKind{}).waitsToInvite(life)).To(HaveValue(HaveField("Reason", b2b.ReasonThrottled)))
	g.Expect(b.Prepare(budget.Key{Name: "grace"})).To(BeZero(), "grace goes first")
}

func TestAShortWaitForATurnIsNotWrittenDown(t *testing.T) {
	g := NewWithT(t)
	g.Expect(inQueue(shortWait - 1).Outcome).To(Equal(lifecycle.Unchanged))
	g.Expect(inQueue(shortWait).Reason).To(Equal(b2b.ReasonThrottled))
}

func TestTheLaneOfAGuestIsTheNamespaceThatAskedFirst(t *testing.T) {
	g := NewWithT(t)
	ada := guestWithUser("ada", "default", "")
	ada.Spec.Claims = []b2b.GuestClaim{{Namespace: "red"}, {Namespace: "blue"}}
	kind := &guestKind{Dependencies: Dependencies{Feeds: NewFeeds(indexedCache(g, ada, guestWithUser("grace", "default", "")))}}
	lane := func(name string) string {
		return kind.laneOf(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}})
	}
	g.Expect(lane("ada")).To(Equal("red"))
	g.Expect(lane("grace")).To(BeEmpty())
	g.Expect(lane("nobody")).To(BeEmpty())
}
