package controllers

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestapproleassignments,verbs=get;list;watch;update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestapproleassignments/status,verbs=update
// +kubebuilder:rbac:groups=b2b.entraguests.dev,resources=guestapproleassignments/finalizers,verbs=update

// SetupGuestAppRoleAssignment registers the controller of GuestAppRoleAssignments.
func SetupGuestAppRoleAssignment(mgr ctrl.Manager, d Dependencies) error {
	kind, wakes := newAssignmentKind(d), accessWakes{d, b2b.ClaimKindGuestAppRoleAssignment}
	return wakes.watching(ctrl.NewControllerManagedBy(mgr).For(&b2b.GuestAppRoleAssignment{}, builder.WithPredicates(ownChanged()))).
		WatchesRawSource(d.Feeds.Assignments()).
		WithOptions(fairly(nil)).
		Complete(&lifecycle.Loop[*b2b.GuestAppRoleAssignment]{Client: d.Client, Kind: kind})
}

// assignmentKind is the GuestAppRoleAssignment in the generic loop.
type assignmentKind struct {
	accesses
	// looks are the latest live looks at what the objects are about.
	looks *syncMap[types.NamespacedName, look]
	// unsure is until when an assignment whose answer was lost may yet show, by target.of; the zero time where its outcome is known.
	unsure *syncMap[string, time.Time]
}

func newAssignmentKind(d Dependencies) *assignmentKind {
	return &assignmentKind{newAccesses(d), newSyncMap[types.NamespacedName, look](), newSyncMap[string, time.Time]()}
}

func (k *assignmentKind) New() *b2b.GuestAppRoleAssignment { return &b2b.GuestAppRoleAssignment{} }

func (k *assignmentKind) Status(assignment *b2b.GuestAppRoleAssignment) any { return assignment.Status }

// Suspended says that the assignment or its tenant is suspended.
func (k *assignmentKind) Suspended(ctx context.Context, assignment *b2b.GuestAppRoleAssignment) (string, error) {
	want, err := k.readAccess(ctx, assignment)
	if err != nil {
		return "", err
	}
	suspended := want.tenant.suspension(assignment.Spec.Suspend)
	if suspended != "" {
		want.waitNoMore()
	}
	return suspended, nil
}

// Decide takes back what is not wanted any more, then sees to what is.
func (k *assignmentKind) Decide(ctx context.Context, assignment *b2b.GuestAppRoleAssignment) (lifecycle.Decision, error) {
	access, err := k.readAccess(ctx, assignment)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	want := &wantedRole{access: access, assignment: assignment}
	if assignment.DeletionTimestamp != nil {
		k.looks.remove(client.ObjectKeyFromObject(assignment))
		return k.decideEnd(ctx, assignment)
	}
	ended, err := k.accessEnding(ctx, want.tenant, assignment.Spec.ExpirationTime, want.invitation)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if ended != nil {
		return k.decideExpired(ctx, want, *ended)
	}
	decision, err := k.decideWanted(ctx, want)
	decision.Due = untilDates(k.Now(), assignment.Spec.ExpirationTime, accessEnds(nil, want.invitation), want.allowedFrom)
	return decision, err
}

// decideWanted decides about an assignment that holds.
func (k *assignmentKind) decideWanted(ctx context.Context, want *wantedRole) (lifecycle.Decision, error) {
	blocker, err := k.resolve(ctx, want)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if decision, err := k.leave(ctx, want); decision != nil || err != nil {
		return valueOf(decision), err
	}
	if blocker != nil {
		want.waitNoMore()
		return lifecycle.Say(*blocker), nil
	}
	return k.decideRole(ctx, want)
}

// leave takes back the roles that the object does not want any more.
func (k *assignmentKind) leave(ctx context.Context, want *wantedRole) (*lifecycle.Decision, error) {
	decision, _, err := k.accesses.leave(ctx, &want.access)
	if decision != nil {
		k.forget(want)
	}
	return decision, err
}

// forget forgets what the guest does not have any more.
func (k *assignmentKind) forget(want *wantedRole) {
	k.looks.remove(client.ObjectKeyFromObject(want.assignment))
	status := &want.assignment.Status
	status.UserID, status.ServicePrincipalID, status.AssignmentID = "", "", ""
}

// waitNoMore takes back that an object waits for its turn to write.
func (a *access) waitNoMore() {
	if a.tenant.Connection != nil {
		a.tenant.Budget.Forget(turnKey(a.object))
	}
}
