package kill

import (
	"context"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// cleanupContext is for what is done when a test's own context has ended.
var cleanupContext = context.Background()

// platform is what the platform team applies.
func (w *world) platform() []client.Object {
	return []client.Object{
		&b2b.EntraTenant{
			ObjectMeta: metav1.ObjectMeta{Name: b2b.DefaultTenantName},
			Spec: b2b.EntraTenantSpec{
				TenantID: w.tenant.TenantID(),
				Credential: b2b.Credential{ClientSecret: &b2b.ClientSecretCredential{
					ClientID:  "22222222-3333-4444-5555-666666666666",
					SecretRef: b2b.SecretKeyReference{Name: "entra-credential", Key: "clientSecret"},
				}},
				Observation: b2b.Observation{IntervalSeconds: 5},
			},
		},
		&b2b.GuestPolicy{
			ObjectMeta: metav1.ObjectMeta{Name: "project-42"},
			Spec: b2b.GuestPolicySpec{
				TenantRef:         b2b.TenantReference{Name: b2b.DefaultTenantName},
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": w.namespace}},
				Invitations: &b2b.InvitationGrant{
					AllowedDomains: []b2b.DomainPattern{"partner.example"}, AllowedProfileFields: []b2b.ProfileField{"companyName"},
				},
				Groups: []b2b.GroupReference{{DisplayName: groupName}},
			},
		},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace, Labels: map[string]string{"team": w.namespace}}},
	}
}

func (w *world) invitation() *b2b.GuestInvitation {
	invitation := &b2b.GuestInvitation{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"},
		Spec:       b2b.GuestInvitationSpec{EmailAddress: address, DisplayName: "Ada Lovelace"},
	}
	if w.wanted != nil {
		w.wanted(&invitation.Spec)
	}
	return invitation
}

func (w *world) membership(name string) *b2b.GuestGroupMembership {
	return &b2b.GuestGroupMembership{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name},
		Spec: b2b.GuestGroupMembershipSpec{
			Guest: b2b.MembershipGuest{InvitationRef: &b2b.InvitationReference{Name: "ada"}},
			Group: b2b.GroupReference{DisplayName: groupName},
		},
	}
}

func (w *world) create(objects ...client.Object) {
	w.Helper()
	for _, object := range objects {
		w.g.Expect(w.kube.Create(w.Context(), object)).To(Succeed())
	}
}

func (w *world) delete(objects ...client.Object) {
	w.Helper()
	for _, object := range objects {
		w.g.Expect(w.kube.Delete(w.Context(), object)).To(Succeed())
	}
}

// guest reads the Guest of the address.
func (w *world) guest() (*b2b.Guest, error) {
	guest := &b2b.Guest{}
	name := b2b.GuestName(b2b.DefaultTenantName, w.tenant.TenantID(), address)
	return guest, w.kube.Get(w.Context(), types.NamespacedName{Name: name}, guest)
}

// itemsOf gives the objects of a list.
func itemsOf(list client.ObjectList) (objects []client.Object) {
	items, err := meta.ExtractList(list)
	if err != nil {
		panic(err) // not a list
	}
	for _, item := range items {
		objects = append(objects, item.(client.Object))
	}
	return objects
}

// people are the users of a tenant and the members of its groups.
type people struct {
	users   map[string]graphsim.User
	members map[string][]string
}

func peopleOf(tenant *graphsim.Tenant) people {
	p := people{users: map[string]graphsim.User{}, members: map[string][]string{}}
	for _, user := range tenant.Users() {
		p.users[user.ID] = user
	}
	for _, name := range []string{groupName, "sg-wiki-readers", "Project 42", "dyn-all-guests", "sg-helpdesk-admins"} {
		id := tenant.GroupByName(name)
		p.members[id] = tenant.Members(id)
	}
	return p
}
