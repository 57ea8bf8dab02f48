package controllers

import (
	"context"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// revoke takes the app role from the guest, and believes it only when a live read shows it. An assignment that has only just been made
// may be there and not show yet: so absence counts only after the replication window. One that somebody else has made since, in place
// of the recorded one, is theirs.
func (p *pairs) revoke(ctx context.Context, l leaving) lifecycle.Decision {
	key := l.pair.of(l.pair.UserID)
	assigned, err := assignmentOf(ctx, l.tenant.Directory, l.pair.target, l.pair.UserID)
	if err != nil {
		return lifecycle.Say(failure(err, "reading the app roles of the guest", permissionAssignAppRoles))
	}
	removedAt, removed := p.removed.get(key)
	switch {
	case assigned == nil && (removed || p.settled(l.pair)):
		p.removed.remove(key)
		return lifecycle.Do(p.forget(l, stay{}))
	case assigned != nil && l.pair.AssignmentID != "" && assigned.ID != l.pair.AssignmentID:
		return lifecycle.Do(p.forget(l, stay{why: "somebody else has assigned the role since"}))
	case removed && p.Now().Sub(removedAt) < p.ReplicationWindow:
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, "the app role is taken back; waiting until the tenant shows it", lifecycle.Soon))
	case assigned == nil:
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, "waiting until the tenant shows whether the guest has the app role",
			lifecycle.Soon))
	}
	return lifecycle.Do(p.revokeStep(l, key, assigned.ID))
}

func (p *pairs) revokeStep(l leaving, key, assignmentID string) lifecycle.Step {
	return lifecycle.Step{
		Name:  "taking the app role back",
		Await: l.tenant.turn(l.about, l.about.GetNamespace(), budget.TakeAway, costOfRemoval),
		Act: func(ctx context.Context) *lifecycle.Verdict {
			defer p.Users.lock(l.pair.UserID)()
			err := l.tenant.Directory.RevokeAppRole(ctx, l.pair.ServicePrincipalID, assignmentID)
			switch {
			case err == nil:
				p.removed.set(key, p.Now())
				p.Events.Revoked(l.about, l.pair.ServicePrincipalID)
				log.FromContext(ctx).Info("Revoked app role", "userID", l.pair.UserID, "servicePrincipalID", l.pair.ServicePrincipalID,
					"appRoleID", l.pair.RoleID)
				return nil
			case directory.IsNotFound(err):
				wait := lifecycle.Wait(b2b.ReasonReleasing, "waiting until the tenant shows whether the guest has the app role", lifecycle.Soon)
				return &wait
			}
			return failureOf(err, "taking the app role from the guest", permissionAssignAppRoles)
		},
	}
}

// assignmentOf reads live whether a user has an app role, and gives the assignment; nil where they do not, or do not exist.
func assignmentOf(ctx context.Context, applications directory.Applications, t target, userID string) (*directory.AppRoleAssignment, error) {
	all, err := applications.ListAppRoleAssignments(ctx, userID, t.ServicePrincipalID)
	if err != nil {
		return nil, directory.IgnoreNotFound(err)
	}
	at := slices.IndexFunc(all, func(a directory.AppRoleAssignment) bool { return a.RoleID == t.RoleID })
	if at < 0 {
		return nil, nil
	}
	return &all[at], nil
}
