package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=entratenants,verbs=get;list;watch;update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=entratenants/status,verbs=update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=entratenants/finalizers,verbs=update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guests,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestinvitations;guestgroupmemberships;guestapproleassignments,verbs=get;list;watch
// +kubebuilder:rbac:groups="",namespace=system,resources=secrets,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// tenantReconciler keeps the connections of the operator: it makes the client of a tenant, asks the tenant about itself, and runs
// the mirror of it.
type tenantReconciler struct {
	Dependencies
	simulator Simulator
	connect   Connect
	links     *links
}

// SetupEntraTenant registers the controller of EntraTenants. Connect makes the clients; nil for Microsoft Graph.
func SetupEntraTenant(mgr ctrl.Manager, deps Dependencies, simulator Simulator, connect Connect) error {
	if connect == nil {
		connect = connectGraph
	}
	r := &tenantReconciler{Dependencies: deps, simulator: simulator, connect: connect, links: newLinks(deps)}
	if err := mgr.Add(r.links); err != nil {
		return fmt.Errorf("adding the connections to the manager: %w", err)
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("entratenant").
		For(&b2b.EntraTenant{}, builder.WithPredicates(ownChanged())).
		Watches(&b2b.EntraTenant{}, wakes(mgr.GetCache(), sameTenantID), builder.WithPredicates(comesOrGoes())).
		Watches(&corev1.Secret{}, wakes(mgr.GetCache(), r.usersOfSecret)).
		Watches(&b2b.Guest{}, wakesDeletedTenants(mgr.GetCache()), builder.WithPredicates(updated(guestSettled))).
		Watches(&b2b.Guest{}, deps.Tally.handler()).
		Watches(&b2b.GuestPolicy{}, mapped(tenantOfPolicy), builder.WithPredicates(updated(needsMore))).
		Watches(&b2b.GuestGroupMembership{}, wakesDeletedTenants(mgr.GetCache()), builder.WithPredicates(updated(lostFinalizer))).
		Watches(&b2b.GuestAppRoleAssignment{}, wakesDeletedTenants(mgr.GetCache()), builder.WithPredicates(updated(lostFinalizer))).
		Complete(r)
}

// Reconcile connects the tenant, or lets it go when it is deleted and nothing needs it any more.
func (r *tenantReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	tenant := &b2b.EntraTenant{}
	if err := r.Client.Get(ctx, request.NamespacedName, tenant); err != nil {
		if client.IgnoreNotFound(err) == nil {
			r.links.forget(request.Name)
		}
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if tenant.DeletionTimestamp == nil && controllerutil.AddFinalizer(tenant, b2b.Finalizer) {
		if err := r.Client.Update(ctx, tenant); err != nil {
			return settled(fmt.Errorf("adding finalizer: %w", err))
		}
	}
	if !controllerutil.ContainsFinalizer(tenant, b2b.Finalizer) { // it has been let go, and others still hold it
		r.links.forget(tenant.Name)
		return reconcile.Result{}, nil
	}
	seen, err := r.observe(ctx, tenant)
	if err != nil {
		return reconcile.Result{}, err
	}
	if seen.alsoNeeded, err = r.alsoNeeded(ctx, tenant.Name); err != nil {
		return reconcile.Result{}, err
	}
	if tenant.DeletionTimestamp != nil {
		seen.verdict, err = r.release(ctx, tenant, seen.verdict)
		if err != nil || !controllerutil.ContainsFinalizer(tenant, b2b.Finalizer) {
			return settled(err)
		}
	}
	return r.report(ctx, tenant, seen)
}

// report writes the status if it differs, and comes back in time for the next look.
func (r *tenantReconciler) report(ctx context.Context, tenant *b2b.EntraTenant, seen tenantView) (reconcile.Result, error) {
	before := tenant.Status.DeepCopy()
	reportTenant(tenant, seen)
	if !equality.Semantic.DeepEqual(*before, tenant.Status) {
		if err := r.Client.Status().Update(ctx, tenant); err != nil {
			return settled(fmt.Errorf("writing status: %w", err))
		}
	}
	return reconcile.Result{RequeueAfter: lifecycle.Jitter(seen.verdict.After)}, nil
}

// settled makes of a lost race another try, without noise, and of an object that went meanwhile no error.
func settled(err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: lifecycle.Jitter(lifecycle.Soon)}, nil
	}
	return reconcile.Result{}, client.IgnoreNotFound(err)
}

// sameTenantID finds the EntraTenants that could serve a tenant in place of another one.
func sameTenantID(object client.Object) (client.ObjectList, []client.ListOption) {
	return &b2b.EntraTenantList{}, []client.ListOption{
		client.MatchingFields{indexTenantByTenantID: object.(*b2b.EntraTenant).Spec.TenantID},
	}
}

// usersOfSecret finds the EntraTenants whose credential is in a Secret, so that a mended or rotated one is taken up at once.
func (r *tenantReconciler) usersOfSecret(object client.Object) (client.ObjectList, []client.ListOption) {
	if object.GetNamespace() != r.OperatorNamespace {
		return nil, nil
	}
	return &b2b.EntraTenantList{}, []client.ListOption{client.MatchingFields{indexTenantBySecret: object.GetName()}}
}

// wakesDeletedTenants wakes the EntraTenants that wait for what needs them to go.
func wakesDeletedTenants(cache client.Reader) handler.EventHandler {
	return wakes(cache, func(client.Object) (client.ObjectList, []client.ListOption) {
		return &b2b.EntraTenantList{}, []client.ListOption{client.MatchingFields{indexDeletedTenant: deleted}}
	})
}

// tenantOfPolicy finds the EntraTenant of which a policy can make the operator need more permissions.
func tenantOfPolicy(_ context.Context, object client.Object) ([]reconcile.Request, error) {
	policy, isPolicy := object.(*b2b.GuestPolicy)
	if !isPolicy || len(policy.Spec.Applications) == 0 {
		return nil, nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: policy.Spec.TenantRef.Name}}}, nil
}

// needsMore lets a policy through that begins to grant applications, or to grant them in another tenant. What is not needed any more
// shows with the next look at the tenant.
func needsMore(before, after *b2b.GuestPolicy) bool {
	return len(after.Spec.Applications) > 0 && (len(before.Spec.Applications) == 0 || before.Spec.TenantRef != after.Spec.TenantRef)
}

func comesOrGoes() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}
}

func guestSettled(before, after *b2b.Guest) bool {
	return before.Status.State != after.Status.State || len(before.Finalizers) != len(after.Finalizers)
}

func lostFinalizer(before, after client.Object) bool {
	return len(before.GetFinalizers()) != len(after.GetFinalizers())
}
