package controllers

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// The kinds of the objects that wait for a turn, in a budget.Key.
const (
	kindGuest      = "Guest"
	kindMembership = "GuestGroupMembership"
	kindAssignment = "GuestAppRoleAssignment"
)

// tellWithin is within which time those who wait for long say so. Thousands can begin to wait at the same time, and what they write must not
// hold up what has its turn.
const tellWithin = 30 * time.Second

// What the writes to a tenant take from its limits.
var (
	costOfInvitation = budget.Cost{Writes: 1, Units: 1, Invitations: 1}
	costOfRemoval    = budget.Cost{Writes: 1, Units: 1}
	costOfAssignment = budget.Cost{Writes: 1, Units: 1}
)

const (
	// shortWait is a wait for a turn that is not worth telling.
	shortWait = 5 * time.Second
	// queueGlance is when an object that waits for its turn looks again by itself. It is woken; this is for a wake that got lost.
	queueGlance = 10 * time.Minute
)

// turnKey is an object in the queue for turns.
func turnKey(object client.Object) budget.Key {
	kind := kindMembership
	switch object.(type) {
	case *b2b.Guest:
		kind = kindGuest
	case *b2b.GuestAppRoleAssignment:
		kind = kindAssignment
	}
	return budget.Key{Kind: kind, Namespace: object.GetNamespace(), Name: object.GetName()}
}

// awaiting is what a step needs to wait for its turn: see lifecycle.Step.
type awaiting func(context.Context) (turn context.Context, end func(), wait *lifecycle.Verdict)

// turn has an object wait for its turn to write to the tenant. Within a class, namespaces take turns.
func (t tenant) turn(object client.Object, namespace string, class budget.Class, cost budget.Cost) awaiting {
	return func(ctx context.Context) (context.Context, func(), *lifecycle.Verdict) {
		turn, wait := t.Budget.Take(turnKey(object), namespace, class, cost)
		if turn != nil {
			return turn.In(ctx), turn.End, nil
		}
		verdict := inQueue(wait)
		return nil, nil, &verdict
	}
}

// inQueue is the verdict on an object that waits for its turn. It does not say how long, so that it is written once.
func inQueue(wait time.Duration) lifecycle.Verdict {
	if wait < shortWait {
		return lifecycle.LookAgain(queueGlance)
	}
	return queued()
}

// queued is inQueue where that takes long enough to be told.
func queued() lifecycle.Verdict {
	return lifecycle.Wait(b2b.ReasonThrottled, "waiting for its turn: Microsoft Graph limits how much can be written at a time; the operator "+
		"goes on by itself", queueGlance)
}

// classOf is the order of an object that wants something: those that have failed before go after those that have not.
func classOf(object conditioned) budget.Class {
	switch readiness(object.GetConditions()).reason {
	case b2b.ReasonDirectoryUnavailable, b2b.ReasonOutcomeUnknown, b2b.ReasonPermissionMissing, b2b.ReasonCredentialInvalid:
		return budget.Retry
	}
	return budget.Grant
}
