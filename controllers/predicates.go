package controllers

import (
	"encoding/json"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// The predicates say which changes of one kind matter to a controller.

// specChanged lets through what changes what is wanted: not what this operator reports.
func specChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() ||
			e.ObjectOld.GetUID() != e.ObjectNew.GetUID() ||
			!reflect.DeepEqual(e.ObjectOld.GetDeletionTimestamp(), e.ObjectNew.GetDeletionTimestamp()) ||
			!reflect.DeepEqual(e.ObjectOld.GetFinalizers(), e.ObjectNew.GetFinalizers())
	}}
}

// ownChanged is specChanged for an object's own controller, which also computes a status anew that somebody has wiped, as restoring
// a backup does.
func ownChanged() predicate.Predicate {
	return predicate.Or(specChanged(), predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, isConditioned := e.ObjectOld.(conditioned)
			after, isConditionedToo := e.ObjectNew.(conditioned)
			return isConditioned && isConditionedToo && len(before.GetConditions()) > 0 && len(after.GetConditions()) == 0
		},
	})
}

// recordChanged lets through those changes of a Guest's record that somebody else may have to act on: all but new pairs, which
// concern whoever announced them.
func recordChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			change := changeOfRecord(e.ObjectOld, e.ObjectNew)
			return change.life || change.attempts || change.pairs
		},
	}
}

// guestReported lets through what a Guest says about itself, and its end.
func guestReported() predicate.Predicate {
	return updated(func(before, after *b2b.Guest) bool {
		return before.Generation != after.Generation || !reflect.DeepEqual(before.Status, after.Status) || changeOfRecord(before, after).life
	})
}

// pairsTaken lets through that pairs went out of a Guest's record, or memberships out of a pair.
func pairsTaken() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool { return changeOfRecord(e.ObjectOld, e.ObjectNew).pairs },
	}
}

// recordChange is what differs between two records of a Guest.
type recordChange struct {
	// life: who decides, how the life ends, what earlier ones left.
	life bool
	// attempts: the invitations.
	attempts bool
	// pairs: the later record lacks a pair of the earlier one, or a membership that wanted one.
	pairs bool
}

// changeOfRecord compares two records. One that cannot be read differs in everything.
func changeOfRecord(before, after client.Object) recordChange {
	text, textAfter := before.GetAnnotations()[b2b.RecordAnnotation], after.GetAnnotations()[b2b.RecordAnnotation]
	if text == textAfter {
		return recordChange{}
	}
	var earlier, later record
	if json.Unmarshal([]byte(text), &earlier) != nil || json.Unmarshal([]byte(textAfter), &later) != nil {
		return recordChange{life: true, attempts: true, pairs: true}
	}
	change := recordChange{attempts: !reflect.DeepEqual(earlier.Attempts, later.Attempts), pairs: !later.holds(earlier.Pairs)}
	earlier.Pairs, later.Pairs, earlier.Attempts, later.Attempts = nil, nil, nil, nil
	change.life = !reflect.DeepEqual(earlier, later)
	return change
}

// labelsChanged lets through what decides which policies select a namespace.
func labelsChanged() predicate.Predicate {
	return predicate.Funcs{
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !reflect.DeepEqual(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels())
		},
	}
}

// tenantChanged lets through what the objects of an EntraTenant depend on: its spec, its end, and what it says of the connection,
// of the permissions and of invitations, so that whoever waits for one of them goes on at once. Its counters wake nobody.
func tenantChanged() predicate.Predicate {
	return updated(func(before, after *b2b.EntraTenant) bool {
		for _, condition := range []string{b2b.ConditionReady, b2b.ConditionPermissionsGranted, b2b.ConditionInvitationsAllowed} {
			if whatSays(before.Status.Conditions, condition) != whatSays(after.Status.Conditions, condition) {
				return true
			}
		}
		return before.Generation != after.Generation
	})
}

// policyChanged lets through what requests depend on: the spec, the end, the groups and applications that were found and whether they
// were looked up. Its counters wake nobody.
func policyChanged() predicate.Predicate {
	return updated(func(before, after *b2b.GuestPolicy) bool {
		return before.Generation != after.Generation ||
			before.Status.ObservedGeneration != after.Status.ObservedGeneration ||
			readiness(before.Status.Conditions) != readiness(after.Status.Conditions) ||
			!slices.Equal(before.Status.Groups, after.Status.Groups) ||
			!slices.Equal(before.Status.Applications, after.Status.Applications)
	})
}

// updated lets creations and deletions through, and those updates that differ.
func updated[T client.Object](differ func(before, after T) bool) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(T)
		after, okToo := e.ObjectNew.(T)
		return ok && okToo && differ(before, after)
	}}
}

// readiness is what the Ready condition says, without the time.
func readiness(conditions []metav1.Condition) said { return whatSays(conditions, b2b.ConditionReady) }

// said is what a condition says, without the time.
type said struct {
	status          metav1.ConditionStatus
	reason, message string
}

func whatSays(conditions []metav1.Condition, conditionType string) said {
	if condition := meta.FindStatusCondition(conditions, conditionType); condition != nil {
		return said{status: condition.Status, reason: condition.Reason, message: condition.Message}
	}
	return said{}
}
