package controllers

import (
	"context"
	"fmt"
	"strings"
	"time"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// probe is what a tenant says of itself.
type probe struct {
	// next is when to ask again.
	next time.Time
	// err is why the tenant did not answer, doing what was asked then.
	err   error
	doing string

	// organizationID is empty where the operator may not read it.
	organizationID string
	// invites is the tenant's setting where it is known: the operator may not have the permission to see it.
	invites      directory.AllowInvitesFrom
	invitesKnown bool
	permissions  directory.Permissions
}

// again asks anew. Where a part of the answer fails to come, what is known of it stays.
func (p probe) again(ctx context.Context, tenant directory.Settings) probe {
	p.err = nil
	organization, err := tenant.Organization(ctx)
	if err != nil && !directory.Is(err, directory.Denied) {
		p.err, p.doing = err, "reading the organization"
		return p
	}
	p.organizationID = organization.ID
	if p.permissions, err = tenant.Permissions(ctx); err != nil {
		p.err, p.doing = err, "reading the permissions in the access token"
		return p
	}
	invites, err := tenant.AllowInvitesFrom(ctx)
	switch {
	case err == nil:
		p.invites, p.invitesKnown = invites, true
	case directory.Is(err, directory.Denied):
		p.invitesKnown = false
	}
	return p
}

// verdict says whether the tenant has answered, and is the right one.
func (p probe) verdict(tenant *b2b.EntraTenant) lifecycle.Verdict {
	switch {
	case p.err != nil:
		return failure(p.err, p.doing, permissionReadTenant)
	case p.organizationID != "" && !strings.EqualFold(p.organizationID, tenant.Spec.TenantID):
		return lifecycle.Wait(b2b.ReasonCredentialInvalid, fmt.Sprintf("the credential belongs to another tenant: %s", p.organizationID),
			lifecycle.Later)
	}
	return lifecycle.IsReady(b2b.ReasonConnected, "the tenant answers and accepts the credential").
		Within(tenant.Spec.Observation.Interval())
}

// verdict of a running link: the probe's, or why the tenant cannot be listed.
func (l *link) verdict(tenant *b2b.EntraTenant) lifecycle.Verdict {
	verdict := l.probe.verdict(tenant)
	stats := l.connection.Mirror.Stats()
	switch {
	case verdict.Outcome != lifecycle.Ready:
		return verdict
	case stats.Err != nil:
		return failure(stats.Err, "listing guests and members of groups", permissionReadUsers+" or "+permissionReadGroups)
	case !l.connection.Mirror.Listed():
		return verdict.Within(lifecycle.Soon)
	}
	return verdict
}
