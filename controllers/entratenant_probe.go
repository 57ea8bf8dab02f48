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
	// next is when to ask again, nextSettings when to ask about the organization and the settings too.
	next, nextSettings time.Time
	// err is why the tenant did not answer, doing what was asked then.
	err   error
	doing string

	// organizationID is empty where the operator may not read it.
	organizationID string
	// invites is the tenant's setting where it is known: the operator may not have the permission to see it.
	invites      directory.AllowInvitesFrom
	invitesKnown bool
	// incomplete is set where the tenant did not answer about that setting the last time.
	incomplete  bool
	permissions directory.Permissions
}

// settingsInterval is for how long what an orderly tenant says of its organization and settings is believed: 20 intervals, an hour at
// most, and never less than one interval. What happens meanwhile shows all the same, in the lists of the mirror and in invitations
// that are refused; and where anything is wrong, each interval asks.
func settingsInterval(interval time.Duration) time.Duration {
	return max(interval, min(20*interval, time.Hour))
}

// orderly reports whether there is nothing that an administrator of the tenant would be waiting to see noticed.
func (p probe) orderly() bool {
	return p.err == nil && !p.incomplete && p.invites != directory.AllowInvitesFromNone
}

// again asks anew: the token for its permissions, which is no call, and before that, where settings is set, the tenant for its settings.
func (p probe) again(ctx context.Context, tenant directory.Settings, settings bool) probe {
	p.err = nil
	if settings {
		p = p.askSettings(ctx, tenant)
	}
	if p.err != nil {
		return p
	}
	var err error
	if p.permissions, err = tenant.Permissions(ctx); err != nil {
		p.err, p.doing = err, "reading the permissions in the access token"
	}
	return p
}

// askSettings asks which tenant it is and who may invite. Where a part of the answer fails to come, what is known of it stays.
func (p probe) askSettings(ctx context.Context, tenant directory.Settings) probe {
	organization, err := tenant.Organization(ctx)
	if err != nil && !directory.Is(err, directory.Denied) {
		p.err, p.doing = err, "reading the organization"
		return p
	}
	p.organizationID = organization.ID
	invites, err := tenant.AllowInvitesFrom(ctx)
	p.incomplete = err != nil && !directory.Is(err, directory.Denied)
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
