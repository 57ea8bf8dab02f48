package controllers

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// decideRole sees to the assignment: it is there, somebody else has taken it back, or it has to be made.
func (k *assignmentKind) decideRole(ctx context.Context, want *wantedRole) (lifecycle.Decision, error) {
	if assignmentID, fresh := k.lately(want); fresh {
		return k.decideSeen(ctx, want, assignmentID)
	}
	if _, waits := want.tenant.Budget.Waits(turnKey(want.assignment)); waits { // it would only have to be read again
		return lifecycle.Say(queued()), nil
	}
	assigned, err := assignmentOf(ctx, want.tenant.Directory, want.target, want.life.userID())
	switch {
	case err != nil:
		return lifecycle.Say(failure(err, "reading the app roles of the guest", permissionAssignAppRoles)), nil
	case assigned == nil:
		if want.recordedID() != "" {
			if verdict := want.tenant.goneInstead(ctx, want.life.userID()); verdict != nil {
				return lifecycle.Say(*verdict), nil
			}
		}
		k.saw(want, "")
		return k.decideSeen(ctx, want, "")
	}
	k.unsure.remove(want.target.of(want.life.userID()))
	k.saw(want, assigned.ID)
	return k.decideSeen(ctx, want, assigned.ID)
}

// decideSeen decides by what a live look has shown: the id of the assignment, or none.
func (k *assignmentKind) decideSeen(ctx context.Context, want *wantedRole, assignmentID string) (lifecycle.Decision, error) {
	p, c := want.recorded()
	known := p != nil && p.UserID == want.life.userID() && p.AssignmentID != ""
	switch {
	case assignmentID != "":
		want.waitNoMore()
		want.assignmentID = assignmentID
		return k.decideAssigned(want, k.nextLook(want)), nil
	case known && k.Now().Before(p.AnnouncedAt.Add(k.ReplicationWindow)): // made a moment ago, and does not show everywhere yet
		want.assignmentID = p.AssignmentID
		return k.decideAssigned(want, lifecycle.Later), nil
	case (known && c != nil || want.withheld() != nil) && !want.regrants():
		want.waitNoMore()
		return lifecycle.Say(k.removed(want)), nil
	}
	return k.decideUnassigned(ctx, want, p)
}

// decideAssigned says that the guest has the role, and records that this object wants it so. What is there without having been announced,
// or in place of what was, is somebody else's.
func (k *assignmentKind) decideAssigned(want *wantedRole, again time.Duration) lifecycle.Decision {
	p, c := want.recorded()
	ours := p != nil && p.UserID == want.life.userID() && !p.Found && (p.AssignmentID == "" || p.AssignmentID == want.assignmentID)
	if c == nil || c.UID != want.assignment.UID || c.RegrantToken != want.assignment.Spec.RegrantToken ||
		p.UserID != want.life.userID() || p.AssignmentID != want.assignmentID {
		return lifecycle.Do(lifecycle.Step{Name: "a claimant of an app role", Announce: func(ctx context.Context) error {
			return k.announce(ctx, &want.access, !ours)
		}})
	}
	status := &want.assignment.Status
	status.UserID, status.ServicePrincipalID, status.AssignmentID = want.life.userID(), want.target.ServicePrincipalID, want.assignmentID
	message := "the guest has the app role"
	if want.target.RoleID == directory.DefaultAccess {
		message = "the guest has default access to the application"
	}
	return lifecycle.Say(lifecycle.IsReady(b2b.ReasonGranted, message).Within(again))
}

// removed says that somebody else has taken the role back.
func (k *assignmentKind) removed(want *wantedRole) lifecycle.Verdict {
	status := &want.assignment.Status
	status.UserID, status.ServicePrincipalID, status.AssignmentID = want.life.userID(), want.target.ServicePrincipalID, ""
	return lifecycle.Stall(b2b.ReasonRemovedExternally, "somebody else has taken the app role from the guest. It is not assigned again "+
		"before somebody sets a new spec.regrantToken").Within(k.nextLook(want))
}

// decideUnassigned decides about a role that the guest does not have: assign it, unless an earlier attempt may yet show.
func (k *assignmentKind) decideUnassigned(ctx context.Context, want *wantedRole, p *pair) (lifecycle.Decision, error) {
	if left := k.unsureUntil(want, p).Sub(k.Now()); left > 0 {
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonOutcomeUnknown, "the answer to the assignment of the app role was lost; looking "+
			"whether it was carried out", lifecycle.Soon).Within(left)), nil
	}
	if !want.checked {
		recorded := want.target
		if verdict := k.findRole(ctx, want); verdict != nil {
			return lifecycle.Say(*verdict), nil
		}
		if want.target != recorded { // the application has given the value to another role since
			decision, err := k.leave(ctx, want)
			return valueOf(decision), err
		}
	}
	return lifecycle.Do(k.assignStep(want)), nil
}

// unsureUntil is until when an assignment that was announced may yet show; the zero time where nothing is in doubt. A process that did not
// send it itself cannot know whether it was sent.
func (k *assignmentKind) unsureUntil(want *wantedRole, p *pair) time.Time {
	if until, sent := k.unsure.get(want.target.of(want.life.userID())); sent {
		return until
	}
	if p == nil || p.UserID != want.life.userID() || p.AssignmentID != "" {
		return time.Time{}
	}
	return p.AnnouncedAt.Add(want.tenant.RequestTimeout + k.ReplicationWindow)
}

// assignStep announces the assignment and makes it.
func (k *assignmentKind) assignStep(want *wantedRole) lifecycle.Step {
	return lifecycle.Step{
		Name:  "the assignment of an app role",
		Await: want.tenant.turn(want.assignment, want.assignment.Namespace, classOf(want.assignment), costOfAssignment),
		Announce: func(ctx context.Context) error {
			want.assignmentID = ""
			return k.announce(ctx, &want.access, false)
		},
		Act: func(ctx context.Context) *lifecycle.Verdict {
			return k.assign(ctx, want)
		},
	}
}

func (k *assignmentKind) assign(ctx context.Context, want *wantedRole) *lifecycle.Verdict {
	userID, key := want.life.userID(), want.target.of(want.life.userID())
	defer k.Users.lock(userID)()
	made, err := want.tenant.Directory.GrantAppRole(ctx, want.target.ServicePrincipalID, userID, want.target.RoleID)
	switch {
	case err == nil:
		k.unsure.remove(key)
		k.saw(want, made.ID)
		k.Events.Assigned(want.assignment, want.target.ServicePrincipalID)
		log.FromContext(ctx).Info("Assigned app role", "userID", userID, "servicePrincipalID", want.target.ServicePrincipalID,
			"appRoleID", want.target.RoleID)
		return nil
	case directory.HasDetail(err, directory.AssignmentExists): // a read shows whether it does
		k.unsure.set(key, k.Now().Add(k.ReplicationWindow))
		return nil
	case directory.Is(err, directory.OutcomeUnknown):
		k.unsure.set(key, k.Now().Add(k.ReplicationWindow))
	default:
		k.unsure.set(key, time.Time{})
	}
	verdict := assignmentFailure(err, want.target)
	return &verdict
}

// assignmentFailure is the verdict on an assignment that did not come about.
func assignmentFailure(err error, t target) lifecycle.Verdict {
	switch {
	case directory.HasDetail(err, directory.ReferenceNotReady):
		return lifecycle.Wait(b2b.ReasonWaitingForGuest, "the guest is not to be seen everywhere in the tenant yet", lifecycle.Soon)
	case directory.HasDetail(err, directory.RoleUnknown) && t.RoleID == directory.DefaultAccess:
		return lifecycle.Stall(b2b.ReasonWaitingForApplication, "the application has app roles, if none for users, so that Microsoft Entra "+
			"gives nobody default access: its owner has to add a role for users").Within(lifecycle.Seldom)
	case directory.HasDetail(err, directory.RoleUnknown):
		return lifecycle.Wait(b2b.ReasonWaitingForApplication, "the app role is not to be seen everywhere in the tenant yet", lifecycle.Later)
	case directory.Is(err, directory.Invalid):
		return lifecycle.Stall(b2b.ReasonWaitingForApplication, "Microsoft Entra does not assign the app role to the guest: "+describe(err)).
			Within(lifecycle.Seldom)
	}
	return failure(err, "assigning the app role to the guest", permissionAssignAppRoles)
}
