package policy

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// Grants are the policies of one tenant that select one namespace, in the order of their names.
type Grants struct {
	tenant   string
	policies []b2b.GuestPolicy
}

// Select gives the policies for this tenant that select a namespace with these labels. A policy that is being deleted or whose
// selector is invalid selects nothing.
func Select(policies []b2b.GuestPolicy, tenantName string, namespaceLabels map[string]string) Grants {
	grants := Grants{tenant: tenantName}
	for i := range policies {
		if policies[i].Spec.TenantRef.Name == tenantName && Selects(&policies[i], namespaceLabels) {
			grants.policies = append(grants.policies, policies[i])
		}
	}
	slices.SortFunc(grants.policies, func(a, b b2b.GuestPolicy) int { return strings.Compare(a.Name, b.Name) })
	return grants
}

// Selects reports whether the policy is for namespaces with these labels.
func Selects(policy *b2b.GuestPolicy, namespaceLabels map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(policy.Spec.NamespaceSelector)
	return err == nil && policy.DeletionTimestamp == nil && selector.Matches(labels.Set(namespaceLabels))
}

// Empty reports whether no policy selects the namespace.
func (g Grants) Empty() bool { return len(g.policies) == 0 }
