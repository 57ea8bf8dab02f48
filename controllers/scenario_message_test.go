package controllers

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// allowingMessages lets a policy grant texts, copies within the company, and members.
func allowingMessages(p *b2b.GuestPolicy) {
	p.Spec.Invitations.AllowMessageBody, p.Spec.Invitations.AllowMemberUserType = true, true
	p.Spec.Invitations.AllowedCcDomains = []string{"contoso.example"}
}

func copyTo(address string) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) { i.Spec.Message.CcRecipients = []string{address} }
}

func TestATextThatMicrosoftLeavesOutIsSaidOnceAndTheMailAndItsCopyAreSent(t *testing.T) {
	o := startScenario(t)
	o.createTenant()
	o.givenPolicy(allowingMessages)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withBody, copyTo("owner@contoso.example"),
		func(i *b2b.GuestInvitation) { i.Spec.Message.Language = "de" })
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionMessageAsAsked, metav1.ConditionFalse, b2b.ReasonBodyLeftOut)
	o.Expect(whatSays(ada.Status.Conditions, b2b.ConditionMessageAsAsked).message).To(ContainSubstring("message.language"))
	o.expectEvent(ada, "MessageNotAsAsked", "Remove the body")
	o.expectMails("ada@partner.example", 1)
	o.Expect(o.tenant.Ledger().Copies).To(HaveKeyWithValue("owner@contoso.example", HaveLen(1)))

	o.restart()
	o.awaitRounds(1)
	o.Expect(o.told(ada, "MessageNotAsAsked")).To(Equal(1))
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.Message.Body = "" })
	o.expectCondition(ada, b2b.ConditionMessageAsAsked, "", "")
	o.expectMails("ada@partner.example", 1)
}

// told counts the events of a reason about an object.
func (o *scenario) told(object apiObject, reason string) (n int) {
	o.t.Helper()
	for _, event := range o.events(object) {
		if strings.HasPrefix(event, reason+": ") {
			n++
		}
	}
	return n
}

func TestATextAndACopyNeedAGrantAndTheMessageNamesIt(t *testing.T) {
	o := startScenario(t)
	o.createTenant()
	policy := o.givenPolicy()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withBody, copyTo("owner@contoso.example"))
	o.expectStalled(ada, b2b.ReasonPolicyDenied)
	o.Expect(message(ada)).To(And(ContainSubstring("allowMessageBody"), ContainSubstring(`"contoso.example" (allowedCcDomains)`)))
	o.Expect(o.calls("POST /invitations")).To(BeZero())
	edit(o, policy, allowingMessages)
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(o.tenant.Ledger().Copies).To(HaveKey("owner@contoso.example"))
}

func TestAMemberWhomMicrosoftMadeAGuestIsSaidUntilSomebodyChangesThat(t *testing.T) {
	o := startScenario(t)
	o.tenant.SetPermissions(allBut(permissionInviteMembers))
	o.tenant.Configure(func(b *graphsim.Behaviour) { b.MemberAsGuest = true })
	o.createTenant()
	o.givenPolicy(allowingMessages)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", asMember)
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionMessageAsAsked, metav1.ConditionFalse, b2b.ReasonOtherUserType)
	o.expectEvent(ada, "MessageNotAsAsked", "is a Guest")
	o.Expect(o.tenant.UpdateUser(ada.Status.UserID, func(u *graphsim.User) { u.UserType = "Member" })).To(Succeed())
	o.expectCondition(ada, b2b.ConditionMessageAsAsked, "", "")
	o.Expect(o.tenant.Ledger().Invitations["ada@partner.example"]).To(Equal(1))
}

func TestAMemberWhomTheApplicationMayNotInviteWaitsForThePermissionThatIsMissing(t *testing.T) {
	o := startScenario(t)
	o.tenant.SetPermissions(allBut(permissionInviteMembers))
	o.createTenant()
	o.givenPolicy(allowingMessages)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", asMember)
	o.expectWaiting(ada, b2b.ReasonPermissionMissing)
	o.Expect(message(ada)).To(And(ContainSubstring("userType: Guest"), ContainSubstring(permissionInviteMembers)))
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.UserType = b2b.UserTypeGuest })
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 1)
}
