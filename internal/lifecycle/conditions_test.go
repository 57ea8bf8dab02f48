package lifecycle_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// verdicts are one of each outcome that says something, with what kstatus makes of it.
var verdicts = map[status.Status]lifecycle.Verdict{
	status.CurrentStatus:    lifecycle.IsReady(b2b.ReasonInvited, "the invitation is out"),
	status.InProgressStatus: lifecycle.Wait(b2b.ReasonWaitingForPolicy, "no policy yet", 0),
	status.FailedStatus:     lifecycle.Stall(b2b.ReasonPolicyDenied, "no policy allows it"),
}

// computed is what kstatus, and with it Flux, Argo CD and kubectl wait, makes of the conditions.
func computed(g Gomega, conditions []metav1.Condition) *status.Result {
	guest := &b2b.Guest{
		ObjectMeta: metav1.ObjectMeta{Name: "ada", Generation: 3},
		Status:     b2b.GuestStatus{ObservedGeneration: 3, Conditions: conditions},
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(guest)
	g.Expect(err).NotTo(HaveOccurred())
	object := &unstructured.Unstructured{Object: content}
	object.SetGroupVersionKind(b2b.GroupVersion.WithKind("Guest"))
	result, err := status.Compute(object)
	g.Expect(err).NotTo(HaveOccurred())
	return result
}

func TestAVerdictReadsTheSameInKstatusWhateverItWasBefore(t *testing.T) {
	for before, earlier := range verdicts {
		for want, v := range verdicts {
			t.Run(string(before)+" to "+string(want), func(t *testing.T) {
				g := NewWithT(t)
				var conditions []metav1.Condition
				lifecycle.Apply(&conditions, earlier, 2)
				lifecycle.Apply(&conditions, v, 3)
				result := computed(g, conditions)
				g.Expect(result.Status).To(Equal(want))
				if want != status.CurrentStatus {
					g.Expect(result.Message).To(Equal(v.Message))
				}
				for _, condition := range conditions {
					g.Expect(condition.Reason).To(Equal(v.Reason))
					g.Expect(condition.Message).To(Equal(v.Message))
					g.Expect(condition.ObservedGeneration).To(BeEquivalentTo(3))
				}
			})
		}
	}
}

func TestReconcilingAndStalledAreThereOnlyWhileTheyAreTrue(t *testing.T) {
	present := map[status.Status][]string{
		status.CurrentStatus:    {"Ready"},
		status.InProgressStatus: {"Ready", "Reconciling"},
		status.FailedStatus:     {"Ready", "Stalled"},
	}
	for _, earlier := range verdicts {
		for outcome, v := range verdicts {
			g := NewWithT(t)
			var conditions []metav1.Condition
			lifecycle.Apply(&conditions, earlier, 1)
			lifecycle.Apply(&conditions, v, 1)
			types := []string{}
			for _, condition := range conditions {
				types = append(types, condition.Type)
			}
			g.Expect(types).To(ConsistOf(present[outcome]))
			g.Expect(meta.IsStatusConditionTrue(conditions, "Ready")).To(Equal(outcome == status.CurrentStatus))
			for _, abnormal := range []string{"Reconciling", "Stalled"} {
				g.Expect(meta.IsStatusConditionFalse(conditions, abnormal)).To(BeFalse())
			}
		}
	}
}

func TestWhatCannotBeSaidLeavesTheConditionsAsTheyAre(t *testing.T) {
	for _, earlier := range verdicts {
		g := NewWithT(t)
		conditions := []metav1.Condition{}
		lifecycle.Apply(&conditions, earlier, 1)
		before := append([]metav1.Condition{}, conditions...)
		lifecycle.Apply(&conditions, lifecycle.LookAgain(lifecycle.Soon), 2)
		g.Expect(conditions).To(Equal(before))
	}
}

func TestTheTransitionTimeOfReadyStaysWhileItsStatusDoes(t *testing.T) {
	g := NewWithT(t)
	var conditions []metav1.Condition
	lifecycle.Apply(&conditions, verdicts[status.InProgressStatus], 1)
	since := metav1.Unix(1, 0)
	meta.FindStatusCondition(conditions, "Ready").LastTransitionTime = since
	lifecycle.Apply(&conditions, verdicts[status.FailedStatus], 2)
	g.Expect(meta.FindStatusCondition(conditions, "Ready").LastTransitionTime).To(Equal(since))
	lifecycle.Apply(&conditions, verdicts[status.CurrentStatus], 2)
	g.Expect(meta.FindStatusCondition(conditions, "Ready").LastTransitionTime).NotTo(Equal(since))
}

func TestAMessageFitsIntoACondition(t *testing.T) {
	for name, message := range map[string]string{
		"ASCII":     strings.Repeat("x", 40_000),
		"two bytes": "x" + strings.Repeat("ü", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var conditions []metav1.Condition
			lifecycle.Set(&conditions, 1, "Ready", metav1.ConditionFalse, "Reason", message)
			kept := conditions[0].Message
			g.Expect(len(kept)).To(And(BeNumerically("<=", 32_768), BeNumerically(">", 32_760)))
			g.Expect(utf8.ValidString(kept)).To(BeTrue())
			g.Expect(message).To(HavePrefix(kept))
		})
	}
}
