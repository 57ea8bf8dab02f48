package config

import (
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// lean has the cache hold as little of each object as can be: no managed fields, and one copy of every string that many objects
// have in common. Decoding makes a copy for each of them, and nearly all memory of an operator with many objects is its cache.
func lean() toolscache.TransformFunc {
	strip := cache.TransformStripManagedFields()
	return func(in any) (any, error) {
		out, err := strip(in)
		if object, ok := out.(client.Object); ok {
			shareStrings(object)
		}
		return out, err
	}
}

// shareStrings shares what objects of a kind repeat. What is an object's own, such as its name, is left alone: to look it up would cost
// more than it saves.
func shareStrings(object client.Object) {
	namespace, finalizers := object.GetNamespace(), object.GetFinalizers()
	share(&namespace)
	object.SetNamespace(namespace)
	for i := range finalizers {
		share(&finalizers[i])
	}
	switch o := object.(type) {
	case *b2b.Guest:
		share(&o.Spec.TenantRef.Name)
		share(&o.Spec.TenantID)
		for i := range o.Spec.Claims {
			claim := &o.Spec.Claims[i]
			share(&claim.Kind)
			share(&claim.Namespace)
			share(&claim.DeletionPolicy)
		}
		share(&o.Status.State)
		share(&o.Status.Origin)
		share(&o.Status.ExternalUserState)
		shareConditions(o.Status.Conditions)
	case *b2b.GuestInvitation:
		share(&o.Spec.TenantRef.Name)
		share(&o.Spec.UserType)
		share(&o.Spec.RedirectURL)
		share(&o.Spec.Message.Language)
		share(&o.Spec.ReadyWhen)
		share(&o.Spec.AdoptionPolicy)
		share(&o.Spec.DeletionPolicy)
		share(&o.Status.ExternalUserState)
		shareConditions(o.Status.Conditions)
	case *b2b.GuestGroupMembership:
		share(&o.Spec.Group.ID)
		share(&o.Spec.Group.DisplayName)
		share(&o.Spec.GrantWhen)
		share(&o.Spec.DeletionPolicy)
		share(&o.Status.GroupID)
		shareConditions(o.Status.Conditions)
	case *b2b.GuestAppRoleAssignment:
		share(&o.Spec.Application.AppID)
		share(&o.Spec.Application.DisplayName)
		share(&o.Spec.Role)
		share(&o.Spec.GrantWhen)
		share(&o.Spec.DeletionPolicy)
		share(&o.Status.ServicePrincipalID)
		shareConditions(o.Status.Conditions)
	}
}

func shareConditions(conditions []metav1.Condition) {
	for i := range conditions {
		condition := &conditions[i]
		share(&condition.Type)
		share(&condition.Status)
		share(&condition.Reason)
		share(&condition.Message)
	}
}

// share replaces a string by the one copy of it that all share.
func share[T ~string](s *T) { *s = unique.Make(*s).Value() }
