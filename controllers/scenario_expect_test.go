package controllers

import (
	"fmt"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// expectReady waits for Ready=True with the reason, for the spec as it is now.
func (o *scenario) expectReady(object apiObject, reason string) {
	o.t.Helper()
	o.expectStanding(object, metav1.ConditionTrue, "", reason, status.CurrentStatus)
}

// expectWaiting waits for Ready=False, Reconciling=True with the reason.
func (o *scenario) expectWaiting(object apiObject, reason string) {
	o.t.Helper()
	o.expectStanding(object, metav1.ConditionFalse, b2b.ConditionReconciling, reason, status.InProgressStatus)
}

// expectStalled waits for Ready=False, Stalled=True with the reason.
func (o *scenario) expectStalled(object apiObject, reason string) {
	o.t.Helper()
	o.expectStanding(object, metav1.ConditionFalse, b2b.ConditionStalled, reason, status.FailedStatus)
}

// expectTerminating waits for what an object says that is being deleted.
func (o *scenario) expectTerminating(object apiObject, reason string) {
	o.t.Helper()
	o.expectStanding(object, metav1.ConditionFalse, b2b.ConditionReconciling, reason, status.TerminatingStatus)
}

// expectStanding waits for a state, and holds it against what kstatus makes of it.
func (o *scenario) expectStanding(object apiObject, ready metav1.ConditionStatus, with, reason string, computed status.Status) {
	o.t.Helper()
	want := fmt.Sprintf("Ready=%s %s %s, kstatus %s", ready, with, reason, computed)
	o.Eventually(func() (string, error) {
		if err := o.client.Get(o.ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return "", err
		}
		return standing(object)
	}).Should(Equal(want), "%T %s", object, object.GetName())
}

// standing is a state in the words of expectStanding.
func standing(object apiObject) (string, error) {
	conditions, with, reason, ready := object.GetConditions(), "", "", metav1.ConditionUnknown
	for _, condition := range []string{b2b.ConditionReconciling, b2b.ConditionStalled} {
		if meta.IsStatusConditionTrue(conditions, condition) {
			with += condition
		}
	}
	if condition := meta.FindStatusCondition(conditions, b2b.ConditionReady); condition != nil {
		ready, reason = condition.Status, condition.Reason
		if condition.ObservedGeneration != object.GetGeneration() {
			reason += " of an earlier spec"
		}
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return "", err
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: fields})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Ready=%s %s %s, kstatus %s", ready, with, reason, result.Status), nil
}

// expectCondition waits for a condition of another type than Ready.
func (o *scenario) expectCondition(object apiObject, conditionType string, value metav1.ConditionStatus, reason string) {
	o.t.Helper()
	o.Eventually(func() (string, error) {
		err := o.client.Get(o.ctx, client.ObjectKeyFromObject(object), object)
		said := whatSays(object.GetConditions(), conditionType)
		return fmt.Sprintf("%s=%s %s", conditionType, said.status, said.reason), err
	}).Should(Equal(fmt.Sprintf("%s=%s %s", conditionType, value, reason)), "%T %s", object, object.GetName())
}

// message gives what the Ready condition of an object says, as last read.
func message(object apiObject) string { return readiness(object.GetConditions()).message }

// expectNoObject waits until an object is gone from the API server.
func (o *scenario) expectNoObject(objects ...client.Object) {
	o.t.Helper()
	for _, object := range objects {
		o.Eventually(func() bool {
			return apierrors.IsNotFound(o.client.Get(o.ctx, client.ObjectKeyFromObject(object), object))
		}).Should(BeTrue(), "%T %s is still there", object, object.GetName())
	}
}

// guest reads the Guest of an address.
func (o *scenario) guest(address string) *b2b.Guest {
	o.t.Helper()
	guest := &b2b.Guest{}
	name := b2b.GuestName(b2b.DefaultTenantName, o.tenant.TenantID(), b2b.NormalizeEmailAddress(address))
	o.Expect(o.client.Get(o.ctx, types.NamespacedName{Name: name}, guest)).To(Succeed())
	return guest
}

// expectReleased waits until the Guest of an address says that it is over.
func (o *scenario) expectReleased(address string) *b2b.Guest {
	o.t.Helper()
	guest := o.guest(address)
	o.expectReady(guest, b2b.ReasonReleased)
	o.Expect(guest.Status.State).To(Equal(b2b.GuestStateReleased))
	o.Expect(guest.Finalizers).To(BeEmpty())
	return guest
}

// expectEvent waits for an event about an object. Part is what it says.
func (o *scenario) expectEvent(object client.Object, reason, part string) {
	o.t.Helper()
	o.Eventually(func() []string { return o.events(object) }).Should(ContainElement(And(
		HavePrefix(reason+": "), ContainSubstring(part))), "%T %s", object, object.GetName())
}

// The expectations that follow are about what really happened in the tenant.

func (o *scenario) mails(address string) int {
	return len(o.tenant.Ledger().Mails[strings.ToLower(address)])
}

func (o *scenario) expectMails(address string, n int) {
	o.t.Helper()
	o.Expect(o.mails(address)).To(Equal(n), "mails to %s", address)
}

// writes gives the writes of the API so far, as "class target".
func (o *scenario) writes() (writes []string) {
	for _, write := range o.tenant.Ledger().Writes {
		writes = append(writes, write.Class+" "+write.Target)
	}
	return writes
}

// calls gives the number of calls of a class so far.
func (o *scenario) calls(class string) int { return o.tenant.Ledger().Calls[class] }

// userID gives the id of the live user with the address.
func (o *scenario) userID(address string) string {
	o.t.Helper()
	user, found := o.tenant.UserByAddress(address)
	o.Expect(found).To(BeTrue(), "%s is not in the tenant", address)
	return user.ID
}

func (o *scenario) expectUser(address string) {
	o.t.Helper()
	o.userID(address)
}

func (o *scenario) expectNoUser(address string) {
	o.t.Helper()
	_, found := o.tenant.UserByAddress(address)
	o.Expect(found).To(BeFalse(), "%s is in the tenant", address)
}

func (o *scenario) members(groupName string) []string {
	return o.tenant.Members(o.tenant.GroupByName(groupName))
}

// awaitRounds waits until the operator has asked the tenant so many times from now on what has changed, and has acted on what it saw.
func (o *scenario) awaitRounds(n int) {
	o.t.Helper()
	before := o.calls("GET /users/delta")
	o.Eventually(func() int { return o.calls("GET /users/delta") - before }).Should(BeNumerically(">=", n))
	o.settle()
}
