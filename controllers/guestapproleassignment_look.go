package controllers

import (
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// looksPerObservation is how many observation intervals of the tenant lie between two looks at an assignment that is in order: an
// hour by default. Microsoft Graph has no delta of app role assignments, so that each has to be read by itself; at that pace 10,000 of them
// take three reads a second, and less where they travel in batches.
const looksPerObservation = 60

// look is the latest live look at an assignment.
type look struct {
	uid        types.UID
	generation int64
	// of is the user and the target.
	of string
	// assignmentID is what was seen, "" for nothing, and recordedID what the record had then.
	assignmentID, recordedID string
	at                       time.Time
}

// saw notes what a live look has shown, or a write of our own has done.
func (k *assignmentKind) saw(want *wantedRole, assignmentID string) {
	k.looks.set(client.ObjectKeyFromObject(want.assignment), want.look(assignmentID, k.Now()))
}

func (w *wantedRole) look(assignmentID string, at time.Time) look {
	return look{uid: w.assignment.UID, generation: w.assignment.Generation, of: w.target.of(w.life.userID()),
		assignmentID: assignmentID, recordedID: w.recordedID(), at: at}
}

// recordedID is the assignment that the record knows of, whoever wants it; "" for none.
func (w *wantedRole) recordedID() string {
	if p, _ := w.recorded(); p != nil {
		return p.AssignmentID
	}
	return ""
}

// lately gives what the last look has shown, where nothing has changed in what is wanted and another look is not due. What was in order
// when this process began is looked at in the course of an interval, and not all at once.
func (k *assignmentKind) lately(want *wantedRole) (assignmentID string, fresh bool) {
	key, interval := client.ObjectKeyFromObject(want.assignment), want.interval()
	last, known := k.looks.get(key)
	if !known && want.inOrder() {
		last = want.look(want.assignment.Status.AssignmentID, k.Now().Add(-rand.N(interval))) //nolint:gosec // to spread load
		k.looks.set(key, last)
	}
	return last.assignmentID, want.stillSays(last) && k.Now().Before(last.at.Add(interval))
}

// stillSays reports whether a look is about what is wanted now, and the record has not changed since in a way that it does not know of.
func (w *wantedRole) stillSays(last look) bool {
	now := w.look(last.assignmentID, last.at)
	if last.assignmentID == "" {
		return last == now && readiness(w.assignment.Status.Conditions).reason == b2b.ReasonRemovedExternally
	}
	_, c := w.recorded()
	known := now.recordedID == "" || now.recordedID == last.assignmentID
	last.recordedID = now.recordedID
	return c != nil && known && last == now
}

// inOrder reports whether status and record agree that the spec as it is has been carried out.
func (w *wantedRole) inOrder() bool {
	p, c := w.recorded()
	ready := meta.FindStatusCondition(w.assignment.Status.Conditions, b2b.ConditionReady)
	return c != nil && c.UID == w.assignment.UID && c.RegrantToken == w.assignment.Spec.RegrantToken &&
		p.UserID == w.life.userID() && p.AssignmentID != "" && p.AssignmentID == w.assignment.Status.AssignmentID &&
		ready != nil && ready.Reason == b2b.ReasonGranted && ready.ObservedGeneration == w.assignment.Generation
}

// interval is the time between two looks.
func (w *wantedRole) interval() time.Duration {
	return looksPerObservation * w.tenant.Spec.Observation.Interval()
}

// nextLook is the time until another look is due.
func (k *assignmentKind) nextLook(want *wantedRole) time.Duration {
	last, _ := k.looks.get(client.ObjectKeyFromObject(want.assignment))
	return max(last.at.Add(want.interval()).Sub(k.Now()), time.Second)
}
