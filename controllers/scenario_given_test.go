package controllers

import (
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// givenPolicy creates a policy that lets every namespace invite everybody and use the partners' group.
func (o *scenario) givenPolicy(changes ...func(*b2b.GuestPolicy)) *b2b.GuestPolicy {
	o.t.Helper()
	grants := func(p *b2b.GuestPolicy) { p.Spec.Groups = []b2b.GroupReference{{DisplayName: partners}} }
	return o.createPolicy("everybody", append([]func(*b2b.GuestPolicy){grants}, changes...)...)
}

// givenConnectedTenant creates all that two teams need to invite.
func (o *scenario) givenConnectedTenant(changes ...func(*b2b.EntraTenant)) *b2b.EntraTenant {
	o.t.Helper()
	tenant := o.createTenant(changes...)
	o.givenPolicy()
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

func (o *scenario) givenInvitation(namespace, name, address string, changes ...func(*b2b.GuestInvitation)) *b2b.GuestInvitation {
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

func (o *scenario) givenMembership(namespace, name, invitationName string, changes ...func(*b2b.GuestGroupMembership)) *b2b.GuestGroupMembership {
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
func edit[T client.Object](o *scenario, object T, change func(T)) {
	o.t.Helper()
	update(o.operatorUnderTest, object, change)
}

// givenPending brings somebody into the tenant whom an administrator invited an hour ago and who has not redeemed yet.
func (o *scenario) givenPending(address string, changes ...func(*graphsim.User)) string {
	o.t.Helper()
	user := graphsim.User{
		UserPrincipalName: strings.Replace(address, "@", "_", 1) + "#EXT#@contoso.onmicrosoft.com",
		Mail:              address, OtherMails: []string{address}, UserType: "Guest", CreationType: "Invitation",
		ExternalUserState: "PendingAcceptance", CreatedDateTime: o.tenant.Now().Add(-time.Hour).Truncate(time.Second),
	}
	for _, change := range changes {
		change(&user)
	}
	return o.tenant.AddUser(user)
}

// steppingClock is a clock that can be put forward.
type steppingClock struct{ ahead atomic.Int64 }

func (c *steppingClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *steppingClock) putForward(d time.Duration) { c.ahead.Add(int64(d)) }

// delete deletes objects; it does not wait until they are gone.
func (o *scenario) delete(objects ...client.Object) {
	o.t.Helper()
	for _, object := range objects {
		o.operatorUnderTest.delete(object)
	}
}

// label sets a label of a namespace.
func (o *scenario) label(namespace, key, value string) {
	o.t.Helper()
	edit(o, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, func(n *corev1.Namespace) { n.Labels[key] = value })
}
