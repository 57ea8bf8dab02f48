package controllers

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestpolicies/status,verbs=update
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch

// policyReconciler says what a GuestPolicy amounts to, and finds the groups and applications that it names. It decides nothing: that is done for
// each request, by package policy.
type policyReconciler struct {
	Dependencies
	looks *syncMap[string, policyLook]
}

// policyLook is when the operator last looked, so that wakes do not make it look more often than it should.
type policyLook struct {
	uid             types.UID
	generation      int64
	counted, looked time.Time
	connection      *Connection
	trouble         policyTrouble
}

// SetupGuestPolicy registers the controller of GuestPolicies.
func SetupGuestPolicy(mgr ctrl.Manager, deps Dependencies) error {
	r := &policyReconciler{Dependencies: deps, looks: newSyncMap[string, policyLook]()}
	return ctrl.NewControllerManagedBy(mgr).
		Named("guestpolicy").
		For(&b2b.GuestPolicy{}, builder.WithPredicates(ownChanged())).
		Watches(&b2b.EntraTenant{}, wakes(mgr.GetCache(), policiesOfTenant), builder.WithPredicates(tenantChanged())).
		Watches(&b2b.Guest{}, deps.Tally.handler()). // so that nobody is counted before all are known
		Complete(r)
}

func policiesOfTenant(object client.Object) (client.ObjectList, []client.ListOption) {
	return &b2b.GuestPolicyList{}, []client.ListOption{client.MatchingFields{indexPolicyByTenant: object.GetName()}}
}

// Reconcile counts, looks for the groups and applications, and says whether the policy is in force.
func (r *policyReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	policy := &b2b.GuestPolicy{}
	err := r.Client.Get(ctx, request.NamespacedName, policy)
	if err != nil || policy.DeletionTimestamp != nil { // it grants nothing any more
		r.looks.remove(request.Name)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	tenant, err := r.tenantOf(ctx, policy.Spec.TenantRef.Name)
	if err != nil {
		return reconcile.Result{}, err
	}
	before := policy.Status.DeepCopy()
	verdict, err := r.review(ctx, policy, tenant)
	if err != nil {
		return reconcile.Result{}, err
	}
	if verdict.Outcome != lifecycle.Unchanged {
		policy.Status.ObservedGeneration = policy.Generation
	}
	lifecycle.Apply(&policy.Status.Conditions, verdict, policy.Generation)
	if !equality.Semantic.DeepEqual(*before, policy.Status) {
		if err := r.Client.Status().Update(ctx, policy); err != nil {
			return settled(fmt.Errorf("writing status: %w", err))
		}
	}
	return reconcile.Result{RequeueAfter: lifecycle.Jitter(verdict.After)}, nil
}

// review looks at everything that the policy depends on, and puts into its status what it finds.
func (r *policyReconciler) review(ctx context.Context, policy *b2b.GuestPolicy, tenant tenant) (lifecycle.Verdict, error) {
	interval := defaultInterval
	if tenant.EntraTenant != nil {
		interval = tenant.Spec.Observation.Interval()
	}
	look, _ := r.looks.get(policy.Name)
	if look.uid != policy.UID || look.generation != policy.Generation {
		look = policyLook{uid: policy.UID, generation: policy.Generation}
	}
	if r.Now().Sub(look.counted) >= interval {
		if err := r.count(ctx, policy); err != nil {
			return lifecycle.Verdict{}, err
		}
		look.counted = r.Now()
	}
	verdict := r.resolve(ctx, policy, tenant, &look)
	r.looks.set(policy.Name, look)
	return verdict.Within(interval), nil
}

// defaultInterval is the time between two counts where no EntraTenant says otherwise.
const defaultInterval = time.Minute
