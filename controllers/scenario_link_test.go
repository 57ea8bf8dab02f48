package controllers

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// linkInto has the link go into a Secret, and no mail out.
func linkInto(name string) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) {
		i.Spec.Message.Send, i.Spec.RedeemURLSecretRef = new(false), &b2b.LocalSecretReference{Name: name}
	}
}

// expectLink waits for the link in a Secret to be good, and gives the Secret.
func (o *scenario) expectLink(object *b2b.GuestInvitation) *corev1.Secret {
	o.t.Helper()
	o.expectCondition(object, b2b.ConditionRedeemLinkStored, metav1.ConditionTrue, b2b.ReasonStored)
	secret := &corev1.Secret{}
	o.Expect(o.client.Get(o.ctx, client.ObjectKey{Namespace: object.Namespace, Name: object.Spec.RedeemURLSecretRef.Name}, secret)).To(Succeed())
	o.Expect(secret.Type).To(BeEquivalentTo("b2b.entraguests.dev/redeem-url"))
	o.Expect(secret.Data).To(HaveLen(1))
	o.Expect(metav1.IsControlledBy(secret, object)).To(BeTrue(), "it goes with the invitation")
	return secret
}

func linkIn(secret *corev1.Secret) string { return string(secret.Data["redeemURL"]) }

// expectNoLogOf looks for a text in the logs, also within the bodies of requests that the Kubernetes client writes down in hex.
func (o *scenario) expectNoLogOf(text string) {
	o.t.Helper()
	for _, line := range logs.lines() {
		o.Expect(strings.Contains(line, text) || strings.Contains(unhexed(line), text)).To(BeFalse(), "%s", line)
	}
}

// unhexed gives the bytes of the hex dump in a line, in which each row begins with an offset of eight digits.
func unhexed(line string) string {
	var all []byte
	for row := range strings.SplitSeq(line, `\n`) {
		_, row, _ = strings.Cut(row, "  ")
		row, _, _ = strings.Cut(row, "  |")
		if b, err := hex.DecodeString(strings.ReplaceAll(row, " ", "")); err == nil {
			all = append(all, b...)
		}
	}
	return string(all)
}

func TestTheLinkIsInItsSecretAndNowhereElseUntilTheGuestHasRedeemed(t *testing.T) {
	o := startLoneScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	o.expectReady(ada, b2b.ReasonInvited)
	secret := o.expectLink(ada)
	o.expectMails("ada@partner.example", 0)
	o.Expect(o.calls("POST /invitations")).To(Equal(1))
	link := linkIn(secret)
	o.Expect(link).To(HavePrefix("https://login.microsoftonline.com/redeem?"))
	o.restart()
	o.awaitRounds(1)
	o.Expect(linkIn(o.expectLink(ada))).To(Equal(link), "a restart makes no other")

	_, err := o.tenant.Redeem(link)
	o.Expect(err).NotTo(HaveOccurred())
	o.expectReady(ada, b2b.ReasonAccepted)
	o.expectNoObject(secret)
	o.expectCondition(ada, b2b.ConditionRedeemLinkStored, "", "")
	o.expectUntold([]string{link, "redeem?rd="})
	o.expectNoLogOf(link)
	o.Expect(o.calls("POST /invitations")).To(Equal(1))
}

func TestALinkWhoseSecretIsLostIsMadeAnewWithoutAMail(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	lost := o.expectLink(ada)
	o.delete(lost)
	edit(o, ada, rename("Ada")) // has the operator look at once
	expectSoon(o.operatorUnderTest, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: o.team, Name: "ada-redeem"}}, func(g Gomega, s *corev1.Secret) {
		g.Expect(linkIn(s)).NotTo(Equal(linkIn(lost)))
	})
	found := o.expectLink(ada)
	o.expectEvent(ada, "LinkMade", "")
	_, err := o.tenant.Redeem(linkIn(lost))
	o.Expect(err).To(MatchError(graphsim.ErrNotRedeemable))
	_, err = o.tenant.Redeem(linkIn(found))
	o.Expect(err).NotTo(HaveOccurred())
	o.expectMails("ada@partner.example", 0)
	o.Expect(ada.Status.InvitationsSent).To(BeEquivalentTo(2))
}

func TestALinkWhoseAnswerIsLostIsMadeAnewOnceTheRequestIsOver(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 2, Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	_, err := o.tenant.Redeem(linkIn(o.expectLink(ada)))
	o.Expect(err).NotTo(HaveOccurred())
	o.expectMails("ada@partner.example", 0)
	o.Expect(o.calls("POST /invitations")).To(Equal(3))
}

func TestASecretOfSomebodyElseIsNotOverwritten(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	theirs := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.team, Name: "ada-redeem"}, Type: corev1.SecretTypeOpaque, StringData: map[string]string{"redeemURL": "theirs"},
	}
	o.create(theirs)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	grace := o.givenInvitation(o.team, "grace", "grace.h@partner.example", linkInto("grace-redeem"))
	o.expectLink(grace)
	same := o.givenInvitation(o.team, "same", "same@partner.example", linkInto("grace-redeem"))
	for _, object := range []*b2b.GuestInvitation{ada, same} {
		o.expectReady(object, b2b.ReasonInvited)
		o.expectCondition(object, b2b.ConditionRedeemLinkStored, metav1.ConditionFalse, b2b.ReasonSecretNotOurs)
	}
	o.settle()
	expectSoon(o.operatorUnderTest, theirs, func(g Gomega, s *corev1.Secret) { g.Expect(linkIn(s)).To(Equal("theirs")) })
	edit(o, ada, linkInto("ada-redeem-2"))
	o.expectLink(ada)
	o.Expect(o.tenant.Ledger().Invitations["ada@partner.example"]).To(Equal(1), "the link was held meanwhile")
	o.expectMails("ada@partner.example", 0)
}

func TestASecretThatIsNotNamedAnyMoreGoes(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	first := o.expectLink(ada)
	edit(o, ada, linkInto("renamed"))
	o.expectNoObject(first)
	expectSoon(o.operatorUnderTest, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: o.team, Name: "renamed"}}, func(Gomega, *corev1.Secret) {})
	second := o.expectLink(ada)
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.Message.Send, i.Spec.RedeemURLSecretRef = new(true), nil })
	o.expectNoObject(second)
	o.expectCondition(ada, b2b.ConditionRedeemLinkStored, "", "")
	o.expectMails("ada@partner.example", 0)
}

func TestANewAuthorGetsALinkOnlyByATokenOfItsOwn(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	first := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	given := o.expectLink(first)
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example", linkInto("ada-link"), resend("there already"))
	o.expectReady(second, b2b.ReasonInvited)
	o.expectCondition(second, b2b.ConditionRedeemLinkStored, "", "")
	edit(o, first, suspendInvitation(true))
	o.expectCondition(second, b2b.ConditionRedeemLinkStored, metav1.ConditionFalse, b2b.ReasonLinkNotOurs)
	o.settle()
	o.Expect(o.calls("POST /invitations")).To(Equal(1))
	expectSoon(o.operatorUnderTest, given, func(Gomega, *corev1.Secret) {}) // the link in it is good still

	edit(o, second, resend("please"))
	link := o.expectLink(second)
	o.expectNoObject(given) // the link in it is not good any more
	o.expectCondition(second, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	edit(o, first, suspendInvitation(false))
	o.expectCondition(first, b2b.ConditionRedeemLinkStored, metav1.ConditionFalse, b2b.ReasonLinkNotOurs)
	_, err := o.tenant.Redeem(linkIn(link))
	o.Expect(err).NotTo(HaveOccurred())
	o.expectNoObject(link)
	o.expectMails("ada@partner.example", 0)
	o.Expect(o.calls("POST /invitations")).To(Equal(2))
}

func TestTheLinkOfSomebodyWhomAnotherInvitedByHandIsLeftGood(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.givenPending("ada@partner.example")
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	o.expectReady(ada, b2b.ReasonAdopted)
	o.expectCondition(ada, b2b.ConditionRedeemLinkStored, metav1.ConditionFalse, b2b.ReasonLinkNotOurs)
	o.Expect(o.calls("POST /invitations")).To(BeZero())
	edit(o, ada, resend("a link, please"))
	o.expectLink(ada)
	o.expectMails("ada@partner.example", 0)
	o.delete(ada)
	o.expectReleased("ada@partner.example")
	o.expectNoObject(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: o.team, Name: "ada-redeem"}})
	o.expectUser("ada@partner.example")
}

func TestASecretGoesWithTheGuest(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	gone := o.givenInvitation(o.team, "gone", "gone@partner.example", linkInto("gone"))
	released := o.givenInvitation(o.team, "released", "released@partner.example", linkInto("released"))
	first, second := o.expectLink(gone), o.expectLink(released)
	o.expectReady(gone, b2b.ReasonInvited)
	o.Expect(o.tenant.DeleteUser(gone.Status.UserID)).To(Succeed())
	o.delete(released)
	o.expectReleased("released@partner.example")
	o.expectNoObject(second)
	o.expectStalled(gone, b2b.ReasonGuestGone)
	o.expectNoObject(first)
	o.expectCondition(gone, b2b.ConditionRedeemLinkStored, "", "")
	edit(o, gone, resend("back"))
	o.expectReady(gone, b2b.ReasonInvited)
	o.expectLink(gone)
	o.expectMails("gone@partner.example", 0)
}

func TestALinkIsMadeForWhoWantsItOnlyAfterTheInvitation(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	edit(o, ada, linkInto("ada-redeem"))
	_, err := o.tenant.Redeem(linkIn(o.expectLink(ada)))
	o.Expect(err).NotTo(HaveOccurred())
	o.expectMails("ada@partner.example", 1)
}

func TestALinkThatCannotBeMadeAnewSaysWhyAndRests(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"))
	lost := o.expectLink(ada)
	restore := o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Effect: graphsim.Refuse(403, "Authorization_RequestDenied", "No.")})
	o.delete(lost)
	edit(o, ada, rename("Ada"))
	o.expectCondition(ada, b2b.ConditionRedeemLinkStored, metav1.ConditionFalse, b2b.ReasonPermissionMissing)
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(o.calls("POST /invitations")).To(Equal(2))
	restore()
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/invitations", Times: 1, Effect: graphsim.Refuse(400, "BadRequest", "Not like this.")})
	clock.putForward(time.Hour)
	o.restart()
	o.expectCondition(ada, b2b.ConditionRedeemLinkStored, metav1.ConditionFalse, b2b.ReasonInvitationRefused)
	o.restart()
	o.awaitRounds(1)
	o.Expect(o.calls("POST /invitations")).To(Equal(3), "what was refused is not repeated until the spec changes")
	edit(o, ada, rename("Ada Lovelace"))
	o.expectLink(ada)
	o.expectMails("ada@partner.example", 0)
}

func TestTheLinkOfAnInvitationThatEndedUnredeemedGoesAndATokenMakesAnother(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", linkInto("ada-redeem"), reminders(1, 5),
		func(i *b2b.GuestInvitation) { i.Spec.PendingExpiryDays = 2 })
	secret := o.expectLink(ada)
	o.expectReady(ada, b2b.ReasonInvited)
	o.later(clock, 2*day+time.Hour)
	o.expectReady(ada, b2b.ReasonExpired)
	o.expectNoObject(secret)
	o.expectCondition(ada, b2b.ConditionRedeemLinkStored, "", "")
	o.later(clock, 2*day)
	o.Expect(o.calls("POST /invitations")).To(Equal(1))
	edit(o, ada, resend("once more"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.Expect(o.tenant.Redeem(linkIn(o.expectLink(ada)))).NotTo(BeEmpty())
	o.expectMails("ada@partner.example", 0)
}
