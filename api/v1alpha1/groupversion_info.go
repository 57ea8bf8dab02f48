// Package v1alpha1 is the API of the Entra Guest Operator: who of a Microsoft Entra tenant's guests is there, on whose
// request, on which terms, in which groups and applications.
//
// +kubebuilder:object:generate=true
// +groupName=b2b.entraguests.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "b2b.entraguests.dev", Version: "v1alpha1"}

var (
	// SchemeBuilder collects what adds this package's kinds to a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme adds this package's kinds to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&EntraTenant{}, &EntraTenantList{},
		&GuestPolicy{}, &GuestPolicyList{},
		&Guest{}, &GuestList{},
		&GuestInvitation{}, &GuestInvitationList{},
		&GuestGroupMembership{}, &GuestGroupMembershipList{},
		&GuestAppRoleAssignment{}, &GuestAppRoleAssignmentList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
