package controllers

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// permutations gives all orders of what it is given.
func permutations[T any](of []T) [][]T {
	if len(of) < 2 {
		return [][]T{of}
	}
	var all [][]T
	for i := range of {
		rest := append(append([]T{}, of[:i]...), of[i+1:]...)
		for _, order := range permutations(rest) {
			all = append(all, append([]T{of[i]}, order...))
		}
	}
	return all
}

// inEveryOrder runs a subtest for each order of the kinds, and deletes the objects that given creates in that order.
func (o *scenario) inEveryOrder(kinds []string, given func(*scenario) map[string]client.Object, after func(*scenario)) {
	for _, order := range permutations(kinds) {
		ran := o.t.Run(strings.Join(order, ","), func(t *testing.T) {
			o := o.in(t)
			objects := given(o)
			for _, kind := range order {
				o.delete(objects[kind])
			}
			after(o)
		})
		if !ran {
			o.t.FailNow() // its leftovers would spoil the others
		}
	}
}

// expectNothingLeft waits until the API server has no object of ours any more.
func (o *scenario) expectNothingLeft() {
	o.t.Helper()
	o.Eventually(func() (left []string) {
		for _, object := range o.objects() {
			left = append(left, kindOf(object)+" "+object.GetName())
		}
		return left
	}).Should(BeEmpty())
}

func TestEverythingCanBeDeletedInEveryOrder(t *testing.T) {
	o := startScenario(t)
	given := func(o *scenario) map[string]client.Object {
		tenant, policy := o.createTenant(), o.givenPolicy()
		ada, member := o.givenInvitation(o.team, "ada", "ada@partner.example"), o.givenMembership(o.team, "ada", "ada")
		o.expectReady(member, b2b.ReasonGranted)
		return map[string]client.Object{"tenant": tenant, "policy": policy, "invitation": ada, "membership": member}
	}
	o.inEveryOrder([]string{"invitation", "membership", "policy", "tenant"}, given, func(o *scenario) {
		o.expectNothingLeft()
		o.expectNoUser("ada@partner.example")
		o.Expect(o.members(partners)).To(BeEmpty())
		o.tenant.PurgeDeleted() // with the Guest went the memory of who deleted the user
	})
}

func TestWhatHasNoIntentCanBeDeletedInEveryOrderWhileTheDirectoryIsDown(t *testing.T) {
	o := startScenario(t)
	o.tenant.Outage(true)
	given := func(o *scenario) map[string]client.Object {
		tenant, policy := o.createTenant(), o.givenPolicy()
		ada, member := o.givenInvitation(o.team, "ada", "ada@partner.example"), o.givenMembership(o.team, "ada", "ada")
		o.expectWaiting(ada, b2b.ReasonWaitingForTenant)
		return map[string]client.Object{"tenant": tenant, "policy": policy, "invitation": ada, "membership": member}
	}
	o.inEveryOrder([]string{"invitation", "membership", "policy", "tenant"}, given, (*scenario).expectNothingLeft)
	o.Expect(o.writes()).To(BeEmpty())
}

func TestAReleaseThatTheDirectoryHoldsUpIsCarriedOutLater(t *testing.T) {
	o := startScenario(t)
	tenant := o.givenConnectedTenant()
	ada, member := o.givenInvitation(o.team, "ada", "ada@partner.example"), o.givenMembership(o.team, "ada", "ada")
	o.expectReady(member, b2b.ReasonGranted)
	o.tenant.Outage(true)
	o.delete(ada, member, tenant)
	o.expectNoObject(ada)
	o.restart()
	o.expectTerminating(tenant, b2b.ReasonReleasing)
	o.tenant.Outage(false)
	o.expectNoObject(member, tenant)
	o.expectNoUser("ada@partner.example")
	o.Expect(o.members(partners)).To(BeEmpty())
}

func TestWhatATenantObjectThatWasTornAwayLeavesBehindCanBeDeleted(t *testing.T) {
	o := startScenario(t)
	tenant := o.givenConnectedTenant()
	ada, member := o.givenInvitation(o.team, "ada", "ada@partner.example"), o.givenMembership(o.team, "ada", "ada")
	o.expectReady(member, b2b.ReasonGranted)
	o.delete(tenant)
	edit(o, tenant, func(tenant *b2b.EntraTenant) { tenant.Finalizers = nil })
	o.expectNoObject(tenant)
	o.expectWaiting(ada, b2b.ReasonWaitingForTenant)
	o.expectWaiting(member, b2b.ReasonWaitingForTenant)
	o.delete(member, ada)
	o.expectNoObject(member, ada)
	o.Eventually(o.objects).Should(HaveLen(1)) // the policy
	o.expectUser("ada@partner.example")        // nobody can reach the tenant any more
}

func TestATenantObjectKeepsItsGuestsUntilTheyAreReleased(t *testing.T) {
	o := startScenario(t)
	tenant := o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.delete(tenant)
	o.expectTerminating(tenant, b2b.ReasonReleasing)
	o.expectReady(ada, b2b.ReasonInvited)
	late := o.givenInvitation(o.team, "ben", "ben@partner.example")
	o.expectWaiting(late, b2b.ReasonWaitingForTenant)
	release := make(chan struct{})
	o.tenant.Inject(graphsim.Fault{Method: "DELETE", Path: "/users/{id}", Times: 1, Effect: graphsim.Hold(release)})
	o.delete(ada)
	o.Eventually(func() int { return o.calls("DELETE /users/{id}") }).Should(Equal(1))
	close(release)
	o.expectNoObject(tenant)
	o.expectNoUser("ada@partner.example")
	o.expectMails("ben@partner.example", 0)
}
