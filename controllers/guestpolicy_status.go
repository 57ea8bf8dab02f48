package controllers

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// count counts the namespaces that a policy selects, and the guests that they have invited into its tenant.
func (r *policyReconciler) count(ctx context.Context, object *b2b.GuestPolicy) error {
	namespaces := &corev1.NamespaceList{}
	if err := r.Client.List(ctx, namespaces, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("counting namespaces: %w", err)
	}
	selected := map[string]bool{}
	for i := range namespaces.Items {
		if policy.Selects(object, namespaces.Items[i].Labels) {
			selected[namespaces.Items[i].Name] = true
		}
	}
	object.Status.Namespaces = count32(len(selected))
	object.Status.Guests = count32(r.Tally.invitedFrom(object.Spec.TenantRef.Name, selected))
	return nil
}

func count32(n int) *int32 {
	count := int32(n) //nolint:gosec // there are far fewer objects
	return &count
}

// invalidSelector says why the selector of a policy selects nothing, nil where it is in order. The API refuses most of these.
func invalidSelector(object *b2b.GuestPolicy) *lifecycle.Verdict {
	if _, err := metav1.LabelSelectorAsSelector(object.Spec.NamespaceSelector); err != nil {
		verdict := lifecycle.Stall(b2b.ReasonPolicyDenied, fmt.Sprintf("namespaceSelector is invalid, so that it selects no namespace: %s", err))
		return &verdict
	}
	return nil
}

// inForce is the verdict on a policy whose groups and applications have been looked for.
func inForce(trouble policyTrouble) lifecycle.Verdict {
	message := "the policy is in force"
	if len(trouble.groups) > 0 {
		message += ", except for requests for these groups: " + strings.Join(trouble.groups, "; ")
	}
	if len(trouble.applications) > 0 {
		message += ", except for requests for these applications: " + strings.Join(trouble.applications, "; ")
	}
	return lifecycle.IsReady(b2b.ReasonValid, message)
}
