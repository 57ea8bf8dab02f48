package controllers

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// The wall time that this test logs counts, so that nothing else runs meanwhile.
func TestFiveHundredInvitationsAtOnceBecomeReadyAndThenCostNothing(t *testing.T) {
	const n = 500
	o := startLoneScenario(t)
	o.SetDefaultEventuallyTimeout(5 * patience)
	tenant := o.givenConnectedTenant(suspendTenant(true))
	o.tenant.Configure(func(b *graphsim.Behaviour) { b.BlockedDomains = []string{"blocked.example"} })
	hopeless := o.givenInvitation(o.team, "hopeless", "ada@blocked.example")
	for i := range n {
		o.givenInvitation(o.team, fmt.Sprintf("guest%d", i), fmt.Sprintf("guest%d@partner.example", i))
	}
	before, begin := o.tenant.Ledger().Calls, time.Now()
	edit(o, tenant, suspendTenant(false))
	o.Eventually(o.readyInvitations).Should(Equal(n))
	t.Logf("%d invitations became Ready in %s", n, time.Since(begin).Round(100*time.Millisecond))
	o.expectStalled(hopeless, b2b.ReasonInvitationRefused)
	perObject := map[string]string{}
	for class, calls := range since(before, o.tenant.Ledger().Calls) {
		perObject[class] = fmt.Sprintf("%.2f", float64(calls)/(n+1))
	}
	t.Logf("calls per invitation: %v", perObject)
	for i := range n {
		o.expectMails(fmt.Sprintf("guest%d@partner.example", i), 1)
	}
	o.Expect(o.tenant.Ledger().UnknownPaths).To(BeEmpty())

	o.awaitRounds(1)
	o.expectIdle(2)
	o.expectRestartWithoutRecount(n + 1)
}

// expectRestartWithoutRecount waits until the policy has counted all guests, and restarts the operator: it must not count those only whom
// it has heard of so far.
func (o *scenario) expectRestartWithoutRecount(guests int) {
	o.t.Helper()
	policies := &b2b.GuestPolicyList{}
	o.Expect(o.client.List(o.ctx, policies)).To(Succeed())
	policy := &policies.Items[0]
	expectSoon(o.operatorUnderTest, policy, func(g Gomega, policy *b2b.GuestPolicy) {
		g.Expect(policy.Status.Guests).To(HaveValue(BeEquivalentTo(guests)))
	})
	before := policy.ResourceVersion
	o.restart()
	o.awaitRounds(2)
	o.Expect(o.client.Get(o.ctx, client.ObjectKeyFromObject(policy), policy)).To(Succeed())
	o.Expect(policy.ResourceVersion).To(Equal(before), "%d guests are counted", *policy.Status.Guests)
}

// readyInvitations counts them.
func (o *scenario) readyInvitations() (n int, err error) {
	list := &b2b.GuestInvitationList{}
	err = o.client.List(o.ctx, list)
	for i := range list.Items {
		if readiness(list.Items[i].Status.Conditions).status == "True" {
			n++
		}
	}
	return n, err
}

// expectIdle watches the operator while it asks the tenant some times what has changed: it writes nothing, neither there nor here, and makes
// no call for any single object.
func (o *scenario) expectIdle(rounds int) {
	o.t.Helper()
	calls, writes, versions, begin := o.tenant.Ledger().Calls, len(o.writes()), o.versions(), time.Now()
	o.awaitRounds(rounds)
	most := max(rounds, int(time.Since(begin)/testInterval)) + 1 // what each interval asks for, on a busy machine too
	o.Expect(o.writes()).To(HaveLen(writes))
	o.Expect(o.versions()).To(Equal(versions))
	for class, n := range since(calls, o.tenant.Ledger().Calls) {
		o.Expect(n).To(BeNumerically("<=", most), "calls of class %s during %d rounds", class, rounds)
		o.Expect(class).NotTo(ContainSubstring("{"), "a call for a single object")
	}
}

// versions are those of all objects but the counters of the platform team's.
func (o *scenario) versions() map[string]string {
	o.t.Helper()
	versions := map[string]string{}
	for _, object := range o.objects() {
		if kind := kindOf(object); kind != "EntraTenant" && kind != "GuestPolicy" {
			versions[strings.Join([]string{kind, object.GetNamespace(), object.GetName()}, "/")] = object.GetResourceVersion()
		}
	}
	return versions
}

// since gives by how much counters have grown.
func since(before, after map[string]int) map[string]int {
	grown := maps.Clone(after)
	for key, n := range before {
		grown[key] -= n
	}
	maps.DeleteFunc(grown, func(_ string, n int) bool { return n == 0 })
	return grown
}
