package controllers

import (
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const (
	team, otherTeam = "project-42", "project-43"
	partners        = "sg-project-42-partners" // a group of the demonstration data
	clientID        = "99999999-2222-3333-4444-555555555555"
)

func (o *operator) create(object client.Object) {
	o.t.Helper()
	o.Expect(o.client.Create(o.ctx, object)).To(Succeed())
}

func (o *operator) givenNamespace(name string, labels map[string]string) *corev1.Namespace {
	o.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	o.create(namespace)
	return namespace
}

func (o *operator) givenTenant(changes ...func(*b2b.EntraTenant)) *b2b.EntraTenant {
	o.t.Helper()
	tenant := &b2b.EntraTenant{
		ObjectMeta: metav1.ObjectMeta{Name: b2b.DefaultTenantName},
		Spec: b2b.EntraTenantSpec{
			TenantID:    graphsim.DefaultTenantID,
			Credential:  b2b.Credential{WorkloadIdentity: &b2b.WorkloadIdentityCredential{ClientID: clientID}},
			Observation: b2b.Observation{IntervalSeconds: 5},
		},
	}
	for _, change := range changes {
		change(tenant)
	}
	o.create(tenant)
	return tenant
}

// givenPolicy creates a policy that lets every namespace invite everybody and use the partners' group.
func (o *operator) givenPolicy(changes ...func(*b2b.GuestPolicy)) *b2b.GuestPolicy {
	o.t.Helper()
	policy := &b2b.GuestPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "everybody"},
		Spec: b2b.GuestPolicySpec{
			TenantRef:         b2b.TenantReference{Name: b2b.DefaultTenantName},
			NamespaceSelector: &metav1.LabelSelector{},
			Invitations:       &b2b.InvitationGrant{AllowedDomains: []string{"*"}},
			Groups:            []b2b.GroupReference{{DisplayName: partners}},
		},
	}
	for _, change := range changes {
		change(policy)
	}
	o.create(policy)
	return policy
}

// givenConnectedTenant creates all that two teams need to invite.
func (o *operator) givenConnectedTenant(changes ...func(*b2b.EntraTenant)) *b2b.EntraTenant {
	o.t.Helper()
	tenant := o.givenTenant(changes...)
	o.givenPolicy()
	o.givenNamespace(team, map[string]string{"team": team})
	o.givenNamespace(otherTeam, map[string]string{"team": otherTeam})
	o.expectReady(tenant, b2b.ReasonConnected)
	return tenant
}

func invitation(namespace, name, address string, changes ...func(*b2b.GuestInvitation)) *b2b.GuestInvitation {
	object := &b2b.GuestInvitation{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       b2b.GuestInvitationSpec{EmailAddress: address},
	}
	for _, change := range changes {
		change(object)
	}
	return object
}

func (o *operator) givenInvitation(namespace, name, address string, changes ...func(*b2b.GuestInvitation)) *b2b.GuestInvitation {
	o.t.Helper()
	object := invitation(namespace, name, address, changes...)
	o.create(object)
	return object
}

// membership is one of the guest of an invitation in the partners' group, unless changes say otherwise.
func membership(namespace, name, invitationName string, changes ...func(*b2b.GuestGroupMembership)) *b2b.GuestGroupMembership {
	object := &b2b.GuestGroupMembership{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: b2b.GuestGroupMembershipSpec{
			Guest: b2b.MembershipGuest{InvitationRef: &b2b.InvitationReference{Name: invitationName}},
			Group: b2b.GroupReference{DisplayName: partners},
		},
	}
	for _, change := range changes {
		change(object)
	}
	return object
}

func (o *operator) givenMembership(namespace, name, invitationName string, changes ...func(*b2b.GuestGroupMembership)) *b2b.GuestGroupMembership {
	o.t.Helper()
	object := membership(namespace, name, invitationName, changes...)
	o.create(object)
	return object
}

// ofAddress makes a membership one of whoever has the address.
func ofAddress(address string) func(*b2b.GuestGroupMembership) {
	return func(m *b2b.GuestGroupMembership) { m.Spec.Guest = b2b.MembershipGuest{EmailAddress: address} }
}

// intoGroup makes a membership one in another group.
func intoGroup(group b2b.GroupReference) func(*b2b.GuestGroupMembership) {
	return func(m *b2b.GuestGroupMembership) { m.Spec.Group = group }
}

// edit changes an object as a person would, however often the operator writes meanwhile.
func edit[T client.Object](o *operator, object T, change func(T)) {
	o.t.Helper()
	o.Eventually(func() error {
		if err := o.client.Get(o.ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		change(object)
		return o.client.Update(o.ctx, object)
	}).Should(Succeed())
}

func (o *operator) delete(objects ...client.Object) {
	o.t.Helper()
	for _, object := range objects {
		o.Expect(o.client.Delete(o.ctx, object)).To(Succeed())
	}
}
