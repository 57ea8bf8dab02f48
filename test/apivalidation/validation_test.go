package apivalidation

import (
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestAPIServerRefusesWithAMessageThatHelps(t *testing.T) {
	for _, table := range tables(t) {
		for _, row := range table.Refused {
			for which, patch := range row.patches() {
				t.Run(table.Kind+"/"+row.Name+which, func(t *testing.T) {
					g := NewWithT(t)
					g.Expect(row.Says).NotTo(BeEmpty(), "a refusal without a message proves nothing")
					object := table.object(row, merged(t, table.Spec, patch))
					expectRefusal(g, kube.Create(t.Context(), object), row.Says)
				})
			}
		}
	}
}

func TestAPIServerAcceptsAndFillsInDefaults(t *testing.T) {
	for _, table := range tables(t) {
		for _, row := range table.Accepted {
			for which, patch := range row.patches() {
				t.Run(table.Kind+"/"+row.Name+which, func(t *testing.T) {
					g := NewWithT(t)
					object := table.object(row, merged(t, table.Spec, patch))
					create(t, object)
					expectSpec(t, object, merged(t, merged(t, table.Spec, patch), row.Becomes))
					generation, found, err := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(found).To(BeTrue(), "kstatus takes an object without status.observedGeneration for Current")
					g.Expect(generation).To(BeEquivalentTo(-1))
				})
			}
		}
	}
}

func TestAPIServerKeepsWhatIsImmutable(t *testing.T) {
	for _, table := range tables(t) {
		for _, row := range table.Changes {
			t.Run(table.Kind+"/"+row.Name, func(t *testing.T) {
				g := NewWithT(t)
				before := merged(t, table.Spec, row.From)
				object := table.object(row, before)
				create(t, object)

				after := merged(t, before, row.Spec)
				object.Object["spec"] = after
				err := kube.Update(t.Context(), object)
				if row.Says != "" {
					expectRefusal(g, err, row.Says)
					return
				}
				g.Expect(err).NotTo(HaveOccurred())
				expectSpec(t, object, merged(t, after, row.Becomes))
			})
		}
	}
}

func (t table) object(r row, spec map[string]any) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(t.Kind))
	object.SetName(r.MetadataName)
	if r.MetadataName == "" {
		object.SetGenerateName("case-")
	}
	switch t.Kind {
	case "GuestInvitation", "GuestGroupMembership", "GuestAppRoleAssignment":
		object.SetNamespace("default")
	}
	return object
}

func create(t *testing.T, object client.Object) {
	t.Helper()
	g := NewWithT(t)
	g.Expect(kube.Create(t.Context(), object)).To(Succeed())
	g.Expect(kube.Get(t.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
}

// expectSpec expects the stored spec to contain everything of wanted: to be unchanged when wanted is merged into it.
func expectSpec(t *testing.T, object *unstructured.Unstructured, wanted map[string]any) {
	t.Helper()
	g := NewWithT(t)
	spec := merged(t, object.Object["spec"].(map[string]any), nil)
	g.Expect(spec).To(Equal(merged(t, spec, wanted)))
}

func expectRefusal(g *WithT, err error, says string) {
	g.THelper()
	g.Expect(err).To(HaveOccurred())
	g.Expect(apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)).To(BeTrue(), "refused for another cause: %v", err)
	g.Expect(err.Error()).To(ContainSubstring(says))
}
