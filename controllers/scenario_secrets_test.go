package controllers

import (
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// bearerTokens collects the tokens that the operator presents.
type bearerTokens struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (b *bearerTokens) see(call graphsim.Call) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, token, found := strings.Cut(call.Header.Get("Authorization"), " "); found {
		b.seen[token] = true
	}
	return false
}

func TestNoSecretIsEverToldAndNoAddressAtTheInfoLevel(t *testing.T) {
	const clientSecret = "canary-of-the-client-secret"
	o := startLoneScenario(t, withLogin(map[string]string{testClientID: clientSecret}))
	tokens := &bearerTokens{seen: map[string]bool{}}
	o.tenant.Inject(graphsim.Fault{Match: tokens.see})
	o.tenant.Configure(func(b *graphsim.Behaviour) { b.BlockedDomains = []string{"blocked.example"} })
	o.tenant.AddGuest("sara@partner.example", "")
	secret, credential := o.bySecret("canary-that-is-wrong")
	tenant := o.createTenant(credential)
	o.givenPolicy()
	o.expectWaiting(tenant, b2b.ReasonCredentialInvalid)
	edit(o, secret, func(s *corev1.Secret) { s.Data["clientSecret"] = []byte(clientSecret) })
	o.tenant.Inject(graphsim.Fault{Match: invitationsOf("ben@partner.example"), Times: 1, Effect: graphsim.Truncate()})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	ben := o.givenInvitation(o.team, "ben", "ben@partner.example", func(i *b2b.GuestInvitation) { i.Spec.Message.Send = new(false) })
	sara := o.givenInvitation(o.team, "sara", "sara@partner.example")
	refused := o.givenInvitation(o.team, "refused", "dan@blocked.example")
	member := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(member, b2b.ReasonGranted)
	o.expectReady(ben, b2b.ReasonInvited)
	o.expectReady(sara, b2b.ReasonAdopted)
	o.expectStalled(refused, b2b.ReasonInvitationRefused)
	edit(o, ada, resend("again"))
	o.expectCondition(ada, b2b.ConditionResent, metav1.ConditionTrue, b2b.ReasonSent)
	o.delete(member, ada)
	o.expectNoObject(member, ada)
	o.expectReleased("ada@partner.example")

	canaries := []string{clientSecret, "canary-that-is-wrong", "/redeem?", "inviteRedeemUrl"}
	for _, mail := range o.tenant.Mailbox("") {
		canaries = append(canaries, mail.Ticket)
	}
	o.Expect(canaries).To(HaveLen(4 + 2))
	for token := range tokens.seen {
		canaries = append(canaries, token)
	}
	o.Expect(len(canaries)).To(BeNumerically(">", 6), "no token was seen")
	o.expectUntold(canaries)
	o.expectNoAddressInLogs()
}

// expectUntold looks for canaries in all logs, objects and events.
func (o *scenario) expectUntold(canaries []string) {
	o.t.Helper()
	told := logs.lines()
	for _, object := range o.objects() {
		told = append(told, asYAML(object))
	}
	events := &eventsv1.EventList{}
	o.Expect(o.client.List(o.ctx, events)).To(Succeed())
	o.Expect(events.Items).NotTo(BeEmpty())
	for _, event := range events.Items {
		told = append(told, event.Reason+" "+event.Note)
		o.Expect(event.Note).NotTo(ContainSubstring("@"))
	}
	for _, text := range told {
		for _, canary := range canaries {
			o.Expect(strings.Contains(text, canary)).To(BeFalse(), "%s is told in\n%s", canary, text)
		}
	}
}

// expectNoAddressInLogs looks for addresses in what is logged above the debug level.
func (o *scenario) expectNoAddressInLogs() {
	o.t.Helper()
	lines := logs.lines()
	o.Expect(len(lines)).To(BeNumerically(">", 10))
	for _, line := range lines {
		if strings.Contains(line, `"level":"debug"`) || strings.Contains(line, `"level":"Level(`) {
			continue
		}
		for _, domain := range []string{"@partner.example", "@blocked.example", "partner.example#ext#", "partner.example#EXT#"} {
			o.Expect(line).NotTo(ContainSubstring(domain))
		}
	}
}
