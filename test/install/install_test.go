// Package install_test applies the installation, dist/install.yaml, to a real API server.
package install_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

const (
	operatorNamespace = "entra-guest-operator-system"
	operatorName      = "entra-guest-operator"
	leaseName         = "entra-guest-operator.b2b.entraguests.dev"
	teamResources     = `^(guestinvitations|guestgroupmemberships|guestapproleassignments)(/status)?$`
	operatorUser      = "system:serviceaccount:" + operatorNamespace + ":" + operatorName
)

// The cluster that TestMain has installed the operator in, and what the API server warned of meanwhile.
var (
	cluster  client.Client
	warnings *recordedWarnings
)

func TestMain(m *testing.M) {
	code, err := withInstallation(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func withInstallation(run func() int) (code int, err error) {
	ctx := context.Background()
	plane, err := controlplane.Start(ctx, controlplane.Options{CRDs: []string{}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()

	config := plane.Config()
	warnings = &recordedWarnings{}
	config.WarningHandlerWithContext = warnings
	if cluster, err = client.New(config, client.Options{Scheme: scheme.Scheme}); err != nil {
		return 0, err
	}
	objects, err := installation()
	if err != nil {
		return 0, err
	}
	for _, object := range objects {
		apply := client.ApplyConfigurationFromUnstructured(object)
		if err := client.WithFieldValidation(cluster, metav1.FieldValidationStrict).Apply(ctx, apply, client.FieldOwner("test")); err != nil {
			return 0, fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return run(), nil
}

func TestTheInstallationIsAppliedWithoutAWarning(t *testing.T) {
	NewWithT(t).Expect(warnings.all()).To(BeEmpty())
}

func TestTheManagersPodMeetsTheRestrictedStandardOfItsNamespace(t *testing.T) {
	g := NewWithT(t)
	var deployment appsv1.Deployment
	g.Expect(cluster.Get(t.Context(), client.ObjectKey{Namespace: operatorNamespace, Name: operatorName}, &deployment)).To(Succeed())
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "manager-", Namespace: operatorNamespace},
		Spec:       deployment.Spec.Template.Spec,
	}
	g.Expect(cluster.Create(t.Context(), pod.DeepCopy())).To(Succeed())

	privileged := true
	pod.Spec.Containers[0].SecurityContext.Privileged = &privileged
	pod.Spec.Containers[0].SecurityContext.AllowPrivilegeEscalation = &privileged
	g.Expect(apierrors.IsForbidden(cluster.Create(t.Context(), pod))).To(BeTrue(), "the namespace enforces the standard")
}

func TestTheManagersFileSystemIsReadOnly(t *testing.T) {
	g := NewWithT(t)
	var deployment appsv1.Deployment
	g.Expect(cluster.Get(t.Context(), client.ObjectKey{Namespace: operatorNamespace, Name: operatorName}, &deployment)).To(Succeed())
	for _, container := range deployment.Spec.Template.Spec.Containers {
		g.Expect(container.SecurityContext.ReadOnlyRootFilesystem).To(HaveValue(BeTrue()))
	}
}

func TestTheOperatorMayDoWhatItNeedsAndNoMore(t *testing.T) {
	secrets := authorizationv1.ResourceAttributes{Resource: "secrets", Name: "entra-credential"}
	lease := authorizationv1.ResourceAttributes{Group: "coordination.k8s.io", Resource: "leases"}
	review := authorizationv1.ResourceAttributes{Group: "authentication.k8s.io", Resource: "tokenreviews"}
	access := authorizationv1.ResourceAttributes{Group: "authorization.k8s.io", Resource: "subjectaccessreviews"}
	binding := authorizationv1.ResourceAttributes{Group: "rbac.authorization.k8s.io", Resource: "rolebindings"}
	ours := func(resource string) authorizationv1.ResourceAttributes {
		return authorizationv1.ResourceAttributes{Group: "b2b.entraguests.dev", Resource: resource}
	}
	cases := map[string]struct {
		request   authorizationv1.ResourceAttributes
		verb      string
		namespace string
		name      string
		allowed   bool
	}{
		"reads credentials beside it":         {secrets, "get", operatorNamespace, "entra-credential", true},
		"watches credentials beside it":       {secrets, "watch", operatorNamespace, "", true},
		"changes no credential":               {secrets, "update", operatorNamespace, "entra-credential", false},
		"reads no Secret of a team":           {secrets, "get", "default", "entra-credential", false},
		"lists no Secrets of all namespaces":  {secrets, "list", "", "", false},
		"writes no Secret of a team":          {secrets, "create", "default", "", false},
		"creates its lease":                   {lease, "create", operatorNamespace, "", true},
		"renews its lease":                    {lease, "update", operatorNamespace, leaseName, true},
		"leaves leases elsewhere alone":       {lease, "update", "kube-system", leaseName, false},
		"asks who reads its metrics":          {review, "create", "", "", true},
		"asks whether they may":               {access, "create", "", "", true},
		"grants nobody anything":              {binding, "create", operatorNamespace, "", false},
		"creates no invitation of its own":    {ours("guestinvitations"), "create", "default", "", false},
		"changes no policy":                   {ours("guestpolicies"), "create", "", "", false},
		"sees the invitations of every team":  {ours("guestinvitations"), "watch", "", "", true},
		"sees the tenants that are connected": {ours("entratenants"), "watch", "", "", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			request := c.request
			request.Verb, request.Namespace, request.Name = c.verb, c.namespace, c.name
			asked := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User: operatorUser, ResourceAttributes: &request,
			}}
			g.Expect(cluster.Create(t.Context(), asked)).To(Succeed())
			g.Expect(asked.Status.Allowed).To(Equal(c.allowed))
		})
	}
}

// A platform team binds it as docs/permissions.md says.
func TestTheRoleForLinksLetsTheOperatorWriteSecretsByNameWhereItIsBound(t *testing.T) {
	g := NewWithT(t)
	const bound = "team-with-links"
	g.Expect(cluster.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: bound}})).To(Succeed())
	g.Expect(cluster.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: bound, Name: "entra-guests-redeem-secrets"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "entra-guests-redeem-secrets"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: operatorNamespace, Name: operatorName}},
	})).To(Succeed())
	for verb, allowed := range map[string]bool{
		"get": true, "create": true, "update": true, "delete": true, "list": false, "watch": false, "patch": false, "deletecollection": false,
	} {
		for namespace, here := range map[string]bool{bound: true, "default": false} {
			asked := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User:               operatorUser,
				ResourceAttributes: &authorizationv1.ResourceAttributes{Resource: "secrets", Name: "ada-redeem", Namespace: namespace, Verb: verb},
			}}
			g.Eventually(func() bool { // the authorizer sees the binding a moment later
				asked.ResourceVersion, asked.Status = "", authorizationv1.SubjectAccessReviewStatus{}
				g.Expect(cluster.Create(t.Context(), asked)).To(Succeed())
				return asked.Status.Allowed
			}).WithTimeout(time.Minute).Should(Equal(allowed && here), "%s in %s", verb, namespace)
		}
	}
}

// The roles admin, edit and view are bound by the owner of a namespace. Whoever may write tenants or policies through one of
// them would grant themselves access to the directory.
func TestTheRolesOfNamespacesGrantNothingOfThePlatforms(t *testing.T) {
	g := NewWithT(t)
	var roles rbacv1.ClusterRoleList
	g.Expect(cluster.List(t.Context(), &roles, client.MatchingLabels{"app.kubernetes.io/name": operatorName})).To(Succeed())
	aggregated := 0
	for _, role := range roles.Items {
		if !isAggregated(role) {
			continue
		}
		aggregated++
		for _, rule := range role.Rules {
			g.Expect(rule.Resources).To(HaveEach(MatchRegexp(teamResources)), role.Name)
		}
	}
	g.Expect(aggregated).To(BeNumerically(">=", 6), "admin, editor and viewer of both kinds")
}

func isAggregated(role rbacv1.ClusterRole) bool {
	return slices.ContainsFunc([]string{"admin", "edit", "view"}, func(to string) bool {
		return role.Labels["rbac.authorization.k8s.io/aggregate-to-"+to] == "true"
	})
}

func installation() ([]*unstructured.Unstructured, error) {
	root, err := controlplane.Root()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, "dist", "install.yaml"))
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading dist/install.yaml: %w", err)
		}
		objects = append(objects, object)
	}
}

type recordedWarnings struct {
	mu    sync.Mutex
	texts []string
}

var _ rest.WarningHandlerWithContext = &recordedWarnings{}

func (r *recordedWarnings) HandleWarningHeaderWithContext(_ context.Context, _ int, _ string, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts = append(r.texts, text)
}

func (r *recordedWarnings) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.texts)
}
