package controllers

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// sum adds up some counters.
func sum(counts map[string]int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}

// stored gives what the operator has stored about invitations, Guests and memberships; the counters of the platform team's objects
// change by themselves.
func (o *scenario) storedSince(before map[string]int) map[string]int {
	counts := o.stored.since(before)
	delete(counts, "PUT entratenants/status")
	delete(counts, "PUT guestpolicies/status")
	return counts
}

func TestAnInvitationTakesFourWritesAndTwoMoreWhenTheDirectoryTellsOfIt(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	before := o.stored.now()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	g := o.storedSince(before)
	o.Expect(g).To(HaveKeyWithValue("POST guests", 1))
	o.Expect(g).To(HaveKeyWithValue("PUT guests", 1), "the intent")
	expectSoon(o.operatorUnderTest, ada, func(g Gomega, ada *b2b.GuestInvitation) {
		g.Expect(ada.Status.ExternalUserState).To(Equal(b2b.ExternalUserStatePendingAcceptance))
	})
	o.settle()
	total := o.storedSince(before)
	o.Expect(sum(total)).To(BeNumerically("<=", 6), "%v", total)
	o.Expect(total["PUT guests"]).To(Equal(1))
	o.Expect(total["PUT guests/status"]).To(BeNumerically("<=", 2))
	o.Expect(total["PUT guestinvitations/status"]).To(BeNumerically("<=", 2))
}

func TestAMembershipTakesThreeWrites(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	expectSoon(o.operatorUnderTest, ada, func(g Gomega, ada *b2b.GuestInvitation) {
		g.Expect(ada.Status.ExternalUserState).NotTo(BeEmpty())
	})
	o.settle()
	before := o.stored.now()
	o.expectReady(o.givenMembership(o.team, "ada-in-partners", "ada"), b2b.ReasonGranted)
	o.settle()
	o.Expect(o.storedSince(before)).To(Equal(map[string]int{
		"PUT guestgroupmemberships": 1, "PUT guests": 1, "PUT guestgroupmemberships/status": 1,
	}))
}

func TestManyInvitationsWithTheirMembershipsTakeNoMoreWritesEach(t *testing.T) {
	const n = 30
	o := startScenario(t)
	o.givenConnectedTenant()
	before := o.stored.now()
	for i := range n {
		name := fmt.Sprintf("guest%d", i)
		o.givenInvitation(o.team, name, name+"@partner.example")
		o.givenMembership(o.team, name, name)
	}
	o.Eventually(o.readyInvitations).Should(Equal(n))
	for i := range n {
		o.expectReady(membership(o.team, fmt.Sprintf("guest%d", i), ""), b2b.ReasonGranted)
	}
	o.awaitRounds(1)
	counts := o.storedSince(before)
	invitations := counts["POST guests"] + counts["PUT guests"] - n + counts["PUT guests/status"] + counts["PUT guestinvitations/status"]
	memberships := n + counts["PUT guestgroupmemberships"] + counts["PUT guestgroupmemberships/status"]
	t.Logf("writes per invitation %.2f, per membership %.2f: %v", float64(invitations)/n, float64(memberships)/n, counts)
	o.Expect(invitations).To(BeNumerically("<=", n*(6+2)), "6, and one for each object that has to wait")
	o.Expect(memberships).To(BeNumerically("<=", n*(3+1)), "3, and one for each that has to wait")
	o.Expect(o.tenant.Ledger().Calls["POST /groups/{id}/members/$ref"]).To(BeNumerically("<", n), "additions travel together")
}
