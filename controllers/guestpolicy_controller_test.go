package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func groupsNamed(names ...string) func(*b2b.GuestPolicy) {
	return func(policy *b2b.GuestPolicy) {
		for _, name := range names {
			policy.Spec.Groups = append(policy.Spec.Groups, b2b.GroupReference{DisplayName: name})
		}
	}
}

func readyMessage(object apiObject) string {
	if ready := meta.FindStatusCondition(object.GetConditions(), b2b.ConditionReady); ready != nil {
		return ready.Message
	}
	return ""
}

func TestAPolicyWaitsForItsTenant(t *testing.T) {
	o := startOperator(t)
	policy := o.createPolicy("all")
	o.expectReady(policy, b2b.ReasonWaitingForTenant)
	o.createTenant()
	o.expectReady(policy, b2b.ReasonValid)
}

func TestAPolicyCountsItsNamespacesAndGuests(t *testing.T) {
	o := startOperator(t)
	o.createTenant()
	team := o.createNamespace("team", map[string]string{"team": "project-42"})
	other := o.createNamespace("other", map[string]string{"team": "project-43"})
	policy := o.createPolicy("project-42", func(policy *b2b.GuestPolicy) {
		policy.Spec.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "project-42"}}
	})
	o.createPolicy("all")
	invite := func(namespace, name string) {
		o.create(&b2b.GuestInvitation{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec:       b2b.GuestInvitationSpec{EmailAddress: name + "@partner.example"},
		})
	}
	invite(team, "ada")
	invite(other, "ada")
	invite(other, "grace")
	expectSoon(o, policy, func(g Gomega, policy *b2b.GuestPolicy) {
		g.Expect(policy.Status.Namespaces).To(HaveValue(BeEquivalentTo(1)))
		g.Expect(policy.Status.Guests).To(HaveValue(BeEquivalentTo(1)))
	})
}

func TestAGroupNameIsPinnedToTheGroupThatWasFoundFirst(t *testing.T) {
	o := startOperator(t)
	first := o.sim.AddGroup(graphsim.Group{DisplayName: "partners"})
	o.createTenant()
	policy := o.createPolicy("partners", groupsNamed("partners"))
	pinned := []b2b.ResolvedGroup{{ID: first, DisplayName: "partners"}}
	expectSoon(o, policy, func(g Gomega, policy *b2b.GuestPolicy) { g.Expect(policy.Status.Groups).To(Equal(pinned)) })

	o.Expect(o.sim.UpdateGroup(first, func(group *graphsim.Group) { group.DisplayName = "renamed" })).To(Succeed())
	o.sim.AddGroup(graphsim.Group{DisplayName: "partners"})
	o.restart()
	update(o, policy, func(policy *b2b.GuestPolicy) { policy.Spec.Invitations.AllowedDomains = []string{"partner.example"} })
	expectSoon(o, policy, func(g Gomega, policy *b2b.GuestPolicy) {
		g.Expect(policy.Status.ObservedGeneration).To(Equal(policy.Generation))
	})
	o.Expect(policy.Status.Groups).To(Equal(pinned))
}

func TestAGroupThatIsMissingOrAmbiguousLeavesThePolicyValid(t *testing.T) {
	o := startOperator(t)
	good := o.sim.AddGroup(graphsim.Group{DisplayName: "good"})
	o.sim.AddGroup(graphsim.Group{DisplayName: "twice"})
	o.sim.AddGroup(graphsim.Group{DisplayName: "twice"})
	o.createTenant()
	policy := o.createPolicy("mixed", groupsNamed("missing", "twice", "good"), func(policy *b2b.GuestPolicy) {
		policy.Spec.Groups = append(policy.Spec.Groups, b2b.GroupReference{ID: good},
			b2b.GroupReference{ID: "00000000-0000-0000-0000-00000000dead"})
	})
	o.expectReady(policy, b2b.ReasonValid)
	o.Expect(policy.Status.Groups).To(Equal([]b2b.ResolvedGroup{{ID: good, DisplayName: "good"}, {ID: good, DisplayName: "good"}}))
	o.Expect(readyMessage(policy)).To(And(
		ContainSubstring(`"missing" does not exist`),
		ContainSubstring(`"twice" is the name of 2 groups`),
		ContainSubstring("00000000-0000-0000-0000-00000000dead does not exist"),
		Not(ContainSubstring(`"good"`))))
}

func TestASelectorThatTheAPIAcceptsButNobodyUnderstandsStallsThePolicy(t *testing.T) {
	o := startOperator(t)
	o.createTenant()
	policy := o.createPolicy("odd", func(policy *b2b.GuestPolicy) {
		policy.Spec.NamespaceSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "team", Operator: metav1.LabelSelectorOpIn},
		}}
	})
	expectCondition(o, policy, b2b.ConditionStalled, metav1.ConditionTrue, b2b.ReasonPolicyDenied)
}

func TestAnApplicationsNameIsPinnedToTheOneThatWasFoundFirst(t *testing.T) {
	o := startOperator(t)
	first := o.sim.AddServicePrincipal(graphsim.ServicePrincipal{DisplayName: "Wiki"})
	found, _ := o.sim.ServicePrincipal(first)
	o.sim.AddServicePrincipal(graphsim.ServicePrincipal{DisplayName: "Twice"})
	o.sim.AddServicePrincipal(graphsim.ServicePrincipal{DisplayName: "Twice"})
	o.createTenant()
	policy := o.createPolicy("applications", func(policy *b2b.GuestPolicy) {
		policy.Spec.Applications = []b2b.ApplicationGrant{
			grant("Wiki", "Reader"), grant("Wiki", "Editor"), grant("Twice"), grant("Missing"),
			{ApplicationReference: b2b.ApplicationReference{AppID: found.AppID}},
			{ApplicationReference: b2b.ApplicationReference{AppID: "00000000-0000-0000-0000-00000000dead"}},
		}
	})
	o.expectReady(policy, b2b.ReasonValid)
	wiki := b2b.ResolvedApplication{AppID: found.AppID, ServicePrincipalID: first, DisplayName: "Wiki"}
	o.Expect(policy.Status.Applications).To(Equal([]b2b.ResolvedApplication{wiki, wiki}), "by name and by appID")
	o.Expect(readyMessage(policy)).To(And(
		ContainSubstring(`requests for these applications: "Twice" is the name of 2 applications`),
		ContainSubstring(`"Missing" does not exist`),
		ContainSubstring("00000000-0000-0000-0000-00000000dead is not in the tenant")))

	o.Expect(o.sim.UpdateServicePrincipal(first, func(p *graphsim.ServicePrincipal) { p.DisplayName = "renamed" })).To(Succeed())
	o.sim.AddServicePrincipal(graphsim.ServicePrincipal{DisplayName: "Wiki"})
	o.restart()
	update(o, policy, func(policy *b2b.GuestPolicy) { policy.Spec.Applications = policy.Spec.Applications[:1] })
	expectSoon(o, policy, func(g Gomega, policy *b2b.GuestPolicy) {
		g.Expect(policy.Status.ObservedGeneration).To(Equal(policy.Generation))
	})
	o.Expect(policy.Status.Applications).To(Equal([]b2b.ResolvedApplication{wiki}))
}
