package policy

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

const (
	groupX = "00000000-0000-0000-0000-00000000000a"
	groupY = "00000000-0000-0000-0000-00000000000b"
)

// aPolicy is for all namespaces and the tenant called default. It has been looked at by its controller.
func aPolicy(name string, changes ...func(*b2b.GuestPolicy)) b2b.GuestPolicy {
	policy := b2b.GuestPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1},
		Spec: b2b.GuestPolicySpec{
			TenantRef:         b2b.TenantReference{Name: "default"},
			NamespaceSelector: &metav1.LabelSelector{},
		},
		Status: b2b.GuestPolicyStatus{
			ObservedGeneration: 1,
			Conditions:         []metav1.Condition{{Type: b2b.ConditionReady, Status: metav1.ConditionTrue, Reason: b2b.ReasonValid}},
		},
	}
	for _, change := range changes {
		change(&policy)
	}
	return policy
}

func inviting(grant b2b.InvitationGrant) func(*b2b.GuestPolicy) {
	return func(policy *b2b.GuestPolicy) { policy.Spec.Invitations = &grant }
}

func listing(groups ...b2b.GroupReference) func(*b2b.GuestPolicy) {
	return func(policy *b2b.GuestPolicy) { policy.Spec.Groups = groups }
}

func found(groups ...b2b.ResolvedGroup) func(*b2b.GuestPolicy) {
	return func(policy *b2b.GuestPolicy) { policy.Status.Groups = groups }
}

func notLookedAt(policy *b2b.GuestPolicy) {
	policy.Status = b2b.GuestPolicyStatus{ObservedGeneration: -1}
}

func byID(id string) b2b.GroupReference     { return b2b.GroupReference{ID: id} }
func byName(name string) b2b.GroupReference { return b2b.GroupReference{DisplayName: name} }

func grantsOf(policies ...b2b.GuestPolicy) Grants { return Select(policies, "default", nil) }

func TestSelectTakesThePoliciesOfTheTenantForTheNamespace(t *testing.T) {
	labels := map[string]string{"team": "blue"}
	selecting := func(selector *metav1.LabelSelector) func(*b2b.GuestPolicy) {
		return func(policy *b2b.GuestPolicy) { policy.Spec.NamespaceSelector = selector }
	}
	cases := map[string]struct {
		change func(*b2b.GuestPolicy)
		want   bool
	}{
		"an empty selector selects every namespace": {selecting(&metav1.LabelSelector{}), true},
		"an absent selector selects none":           {selecting(nil), false},
		"matching labels":                           {selecting(&metav1.LabelSelector{MatchLabels: labels}), true},
		"other labels":                              {selecting(&metav1.LabelSelector{MatchLabels: map[string]string{"team": "red"}}), false},
		"an invalid selector selects none": {selecting(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "team", Operator: "Like", Values: []string{"b"}},
		}}), false},
		"a policy for another tenant": {func(policy *b2b.GuestPolicy) { policy.Spec.TenantRef.Name = "other" }, false},
		"a policy that is being deleted": {func(policy *b2b.GuestPolicy) {
			policy.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
		}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			grants := Select([]b2b.GuestPolicy{aPolicy("p", c.change)}, "default", labels)
			g.Expect(!grants.Empty()).To(Equal(c.want))
		})
	}
}

func TestWithoutAPolicyEveryRequestWaitsForOne(t *testing.T) {
	g := NewWithT(t)
	grants := grantsOf()
	for _, decision := range []Decision{grants.Invitation(Invitation{EmailAddress: "a@b.example"}), grants.Membership(Membership{Group: byID(groupX)})} {
		g.Expect(decision.Allowed).To(BeFalse())
		g.Expect(decision.Reason).To(Equal(b2b.ReasonWaitingForPolicy))
		g.Expect(decision.Message).To(ContainSubstring(`"default"`))
	}
}
