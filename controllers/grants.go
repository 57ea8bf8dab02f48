package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// grants gives the policies of a tenant that select a namespace. A namespace that is gone is selected by none.
func (d Dependencies) grants(ctx context.Context, tenantName, namespace string) (policy.Grants, error) {
	object := &corev1.Namespace{}
	err := d.Client.Get(ctx, types.NamespacedName{Name: namespace}, object)
	if apierrors.IsNotFound(err) {
		return policy.Select(nil, tenantName, nil), nil
	}
	if err != nil {
		return policy.Grants{}, fmt.Errorf("reading namespace %s: %w", namespace, err)
	}
	policies := &b2b.GuestPolicyList{}
	if err := d.Client.List(ctx, policies, client.MatchingFields{indexPolicyByTenant: tenantName}); err != nil {
		return policy.Grants{}, fmt.Errorf("listing GuestPolicies of EntraTenant %s: %w", tenantName, err)
	}
	return policy.Select(policies.Items, tenantName, object.Labels), nil
}
