package lifecycle

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The condition types of kstatus.
const (
	conditionReady       = "Ready"
	conditionReconciling = "Reconciling"
	conditionStalled     = "Stalled"
)

// Apply puts a verdict into conditions as kstatus reads them: Reconciling and Stalled are there only while they are true, and
// never both. An Unchanged verdict changes nothing.
func Apply(conditions *[]metav1.Condition, v Verdict, generation int64) {
	if v.Outcome == Unchanged {
		return
	}
	ready := metav1.ConditionFalse
	if v.Outcome == Ready {
		ready = metav1.ConditionTrue
	}
	Set(conditions, generation, conditionReady, ready, v.Reason, v.Message)
	setOrRemove(conditions, generation, conditionReconciling, v.Outcome == Waiting, v)
	setOrRemove(conditions, generation, conditionStalled, v.Outcome == Stalled, v)
}

func setOrRemove(conditions *[]metav1.Condition, generation int64, conditionType string, applies bool, v Verdict) {
	if !applies {
		meta.RemoveStatusCondition(conditions, conditionType)
		return
	}
	Set(conditions, generation, conditionType, metav1.ConditionTrue, v.Reason, v.Message)
}

// maxMessage is the limit of metav1.Condition.message in bytes.
const maxMessage = 32768

// Set sets one condition.
func Set(conditions *[]metav1.Condition, generation int64, conditionType string, status metav1.ConditionStatus, reason, message string) {
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") // what is stored must compare equal to what was meant
	}
	meta.SetStatusCondition(conditions, metav1.Condition{
		Type: conditionType, Status: status, Reason: reason, Message: message, ObservedGeneration: generation,
	})
}
