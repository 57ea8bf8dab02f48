package apivalidation

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestKubectlKnowsTheKindsByTheirNames(t *testing.T) {
	g := NewWithT(t)
	found, err := discovery.NewDiscoveryClientForConfigOrDie(server).ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
	g.Expect(err).NotTo(HaveOccurred())
	byName := map[string]metav1.APIResource{}
	for _, resource := range found.APIResources {
		byName[resource.Name] = resource
	}
	for name, want := range map[string]struct {
		kind, short string
		namespaced  bool
	}{
		"entratenants":            {"EntraTenant", "et", false},
		"guestpolicies":           {"GuestPolicy", "gpol", false},
		"guests":                  {"Guest", "guest", false},
		"guestinvitations":        {"GuestInvitation", "gi", true},
		"guestgroupmemberships":   {"GuestGroupMembership", "ggm", true},
		"guestapproleassignments": {"GuestAppRoleAssignment", "gara", true},
	} {
		g.Expect(byName).To(HaveKey(name))
		resource := byName[name]
		g.Expect(resource.Kind).To(Equal(want.kind))
		g.Expect(resource.ShortNames).To(ConsistOf(want.short))
		g.Expect(resource.Namespaced).To(Equal(want.namespaced))
		g.Expect(resource.Categories).To(ConsistOf("entraguests"))
		g.Expect(byName).To(HaveKey(name+"/status"), "status is written apart from the spec")
	}
}

func TestKubectlGetShowsTheColumns(t *testing.T) {
	for resource, want := range map[string]struct{ narrow, wide []string }{
		"entratenants":  {[]string{"Name", "Tenant", "Ready", "Guests", "Pending", "Age"}, []string{"Cloud", "Managed", "Reason", "Message"}},
		"guestpolicies": {[]string{"Name", "Tenant", "Namespaces", "Guests", "Ready", "Age"}, []string{"Message"}},
		"guests":        {[]string{"Name", "Email", "State", "Origin", "Claims", "Ready", "Age"}, []string{"Reason", "Message", "User ID"}},
		"guestinvitations": {
			[]string{"Name", "Email", "State", "Ready", "Reason", "Age"}, []string{"Message", "Guest", "User ID"}},
		"guestgroupmemberships": {
			[]string{"Name", "Guest", "Group", "Ready", "Reason", "Age"}, []string{"Message", "User ID", "Group ID"}},
		"guestapproleassignments": {
			[]string{"Name", "Guest", "App", "Role", "Ready", "Reason", "Age"}, []string{"Message", "User ID", "Service Principal ID", "Expires"}},
	} {
		t.Run(resource, func(t *testing.T) {
			var narrow, wide []string
			for _, column := range getTable(t, resource).ColumnDefinitions {
				if column.Priority == 0 {
					narrow = append(narrow, column.Name)
				} else {
					wide = append(wide, column.Name)
				}
			}
			g := NewWithT(t)
			g.Expect(narrow).To(Equal(want.narrow))
			g.Expect(wide).To(Equal(want.wide))
		})
	}
}

func TestKubectlGetShowsGuestAndGroupHoweverTheyAreNamed(t *testing.T) {
	g := NewWithT(t)
	named := func(name string, guest v1alpha1.MembershipGuest, group v1alpha1.GroupReference) *v1alpha1.GuestGroupMembership {
		membership := &v1alpha1.GuestGroupMembership{}
		membership.Namespace, membership.Name = "default", name
		membership.Spec.Guest, membership.Spec.Group = guest, group
		return membership
	}
	groupID := "5f0c1111-2222-3333-4444-555555555555"
	for _, membership := range []*v1alpha1.GuestGroupMembership{
		named("shown-by-reference", v1alpha1.MembershipGuest{InvitationRef: &v1alpha1.InvitationReference{Name: "ada"}},
			v1alpha1.GroupReference{DisplayName: "sg-partners"}),
		named("shown-by-address", v1alpha1.MembershipGuest{EmailAddress: "grace@partner.example"}, v1alpha1.GroupReference{ID: groupID}),
	} {
		g.Expect(kube.Create(t.Context(), membership)).To(Succeed())
	}

	cells := map[any][]any{}
	for _, row := range getTable(t, "guestgroupmemberships").Rows {
		cells[row.Cells[0]] = row.Cells[1:3]
	}
	g.Expect(cells).To(HaveKeyWithValue("shown-by-reference", []any{"ada", "sg-partners"}))
	g.Expect(cells).To(HaveKeyWithValue("shown-by-address", []any{"grace@partner.example", groupID}))
}

func TestObjectsMadeInGoBeginUnobserved(t *testing.T) {
	g := NewWithT(t)
	invitation := &v1alpha1.GuestInvitation{}
	invitation.Namespace, invitation.GenerateName = "default", "typed-"
	invitation.Spec.EmailAddress = "typed@partner.example"
	g.Expect(kube.Create(t.Context(), invitation)).To(Succeed())
	g.Expect(kube.Get(t.Context(), client.ObjectKeyFromObject(invitation), invitation)).To(Succeed())
	g.Expect(invitation.Status.ObservedGeneration).To(BeEquivalentTo(-1))
	g.Expect(invitation.Spec.TenantRef.Name).To(Equal(v1alpha1.DefaultTenantName))
	g.Expect(invitation.Spec.Message.Wanted()).To(BeTrue())
}

// getTable asks for what kubectl get asks for.
func getTable(t *testing.T, resource string) *metav1.Table {
	t.Helper()
	g := NewWithT(t)
	config := rest.CopyConfig(server)
	config.APIPath, config.GroupVersion = "/apis", &v1alpha1.GroupVersion
	config.NegotiatedSerializer = serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion()
	rests, err := rest.RESTClientFor(config)
	g.Expect(err).NotTo(HaveOccurred())
	answer, err := rests.Get().Resource(resource).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	table := &metav1.Table{}
	g.Expect(json.Unmarshal(answer, table)).To(Succeed())
	return table
}
