package controllers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// observe connects the tenant where it can be, asks it about itself when that is due, and says how it stands.
func (r *tenantReconciler) observe(ctx context.Context, tenant *b2b.EntraTenant) (tenantView, error) {
	older, err := r.older(ctx, tenant)
	switch {
	case err != nil:
		return tenantView{}, err
	case older != "":
		return r.without(tenant, lifecycle.Stall(b2b.ReasonTenantAlreadyConnected,
			fmt.Sprintf("EntraTenant %s is older and serves this tenantID: use that one, and delete this one", older))), nil
	}
	credential, fingerprint, verdict, err := r.credential(ctx, tenant)
	switch {
	case err != nil:
		return tenantView{}, err
	case verdict != nil:
		return r.without(tenant, *verdict), nil
	}
	own := r.links.of(tenant.Name)
	if verdict := r.choose(tenant, own, credential, fingerprint); verdict != nil {
		return r.standing(tenant, own, *verdict), nil
	}
	if own.fresh != nil {
		return r.prove(ctx, tenant, own), nil
	}
	r.ask(ctx, tenant, own, own.running)
	if interval := tenant.Spec.Observation.Interval(); own.running.interval != interval {
		own.running.interval = interval
		own.running.connection.Mirror.SetInterval(interval)
	}
	return r.standing(tenant, own, own.running.verdict(tenant)), nil
}

// older gives the name of the EntraTenant that serves the tenant in place of this one, "" where none does.
func (r *tenantReconciler) older(ctx context.Context, tenant *b2b.EntraTenant) (string, error) {
	others := &b2b.EntraTenantList{}
	if err := r.Client.List(ctx, others, client.MatchingFields{indexTenantByTenantID: tenant.Spec.TenantID}); err != nil {
		return "", fmt.Errorf("listing EntraTenants of the same tenantID: %w", err)
	}
	serving := tenant
	for i := range others.Items {
		if comesBefore(&others.Items[i], serving) {
			serving = &others.Items[i]
		}
	}
	if serving.UID == tenant.UID {
		return "", nil
	}
	return serving.Name, nil
}

func comesBefore(a, b *b2b.EntraTenant) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

// choose sees to it that there is a link for this credential: the running one, or a fresh one. The verdict says why there is none.
func (r *tenantReconciler) choose(tenant *b2b.EntraTenant, own *tenantLinks, credential graph.Credential,
	fingerprint string) *lifecycle.Verdict {
	switch {
	case own.running != nil && own.running.fingerprint == fingerprint:
		own.fresh = nil
		return nil
	case own.fresh != nil && own.fresh.fingerprint == fingerprint:
		return nil
	}
	made, err := r.connect(graph.Config{
		TenantID: tenant.Spec.TenantID, Cloud: graph.Cloud(tenant.Spec.Cloud), Credential: credential,
		Endpoint: r.simulator.Endpoint, AuthorityHost: r.simulator.AuthorityHost,
		Logger: log.Log.WithName("graph").WithValues("entraTenant", tenant.Name), Now: r.Now, Observe: r.Metrics.GraphCalled,
		Budget: own.budget,
	})
	if err != nil {
		r.links.end(tenant.Name)
		verdict := lifecycle.Wait(b2b.ReasonCredentialInvalid, fmt.Sprintf("the credential cannot be used: %s", err), lifecycle.Later)
		return &verdict
	}
	own.fresh = &link{fingerprint: fingerprint, client: made}
	return nil
}

// prove asks the tenant by a fresh link, and uses the link once the tenant has answered. A credential that the tenant refuses ends
// the connection with the one before: somebody has changed it on purpose. Any other failure leaves that as it is.
func (r *tenantReconciler) prove(ctx context.Context, tenant *b2b.EntraTenant, own *tenantLinks) tenantView {
	fresh := own.fresh
	r.ask(ctx, tenant, own, fresh)
	verdict := fresh.probe.verdict(tenant)
	switch {
	case verdict.Outcome == lifecycle.Ready:
		if !meta.IsStatusConditionTrue(tenant.Status.Conditions, b2b.ConditionReady) {
			r.Events.Connected(tenant)
		}
		r.links.run(tenant.Name, own, fresh, tenant.Spec.Observation.Interval())
		verdict = fresh.verdict(tenant)
	case own.running == nil:
		r.links.end(tenant.Name) // says that it was tried
	case verdict.Reason == b2b.ReasonCredentialInvalid:
		r.Events.Disconnected(tenant, "its changed credential is refused")
		r.links.end(tenant.Name)
	}
	return r.standing(tenant, own, verdict)
}

// ask asks the tenant about itself when that is due, and has the breaker follow its settings.
func (r *tenantReconciler) ask(ctx context.Context, tenant *b2b.EntraTenant, own *tenantLinks, by *link) {
	now := r.Now()
	if now.Before(by.probe.next) {
		return
	}
	settings := !now.Before(by.probe.nextSettings) || own.breaker.State() != ""
	by.probe = by.probe.again(ctx, by.client, settings)
	verdict := by.probe.verdict(tenant)
	by.probe.next = now.Add(verdict.After)
	switch {
	case verdict.Outcome != lifecycle.Ready || !by.probe.orderly():
		by.probe.nextSettings = by.probe.next
	case settings:
		by.probe.nextSettings = now.Add(settingsInterval(tenant.Spec.Observation.Interval()))
	}
	switch {
	case !by.probe.invitesKnown:
	case by.probe.invites == directory.AllowInvitesFromNone:
		own.breaker.Open(invitationsForbidden)
		own.blockedBySettings = true
	case own.blockedBySettings:
		own.breaker.Reset()
		own.blockedBySettings = false
	}
}

// invitationsForbidden is what the breaker says while the tenant's settings forbid invitations.
const invitationsForbidden = "the external collaboration settings of the tenant let nobody invite guests (allowInvitesFrom: none)"

// without takes the connection away and says why there is none.
func (r *tenantReconciler) without(tenant *b2b.EntraTenant, verdict lifecycle.Verdict) tenantView {
	if r.Tenants.Get(tenant.Name) != nil {
		r.Events.Disconnected(tenant, verdict.Message)
	}
	own := r.links.of(tenant.Name)
	own.fresh = nil
	r.links.end(tenant.Name)
	return tenantView{verdict: verdict}
}
