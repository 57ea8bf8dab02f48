package graphsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestTheLedgerTellsWhatHappenedAndWhoDidIt(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	employee := tenant.AddUser(graphsim.User{DisplayName: "Owner"})
	id := graph.inviteID("Ada@partner.example", `"sendInvitationMessage":true`)
	graph.inviteID("ada@partner.example")
	_, err := tenant.Redeem("ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	graph.addMember(group, id)
	graph.addMember(group, id)
	g.Expect(tenant.RemoveMember(group, id)).To(Succeed())
	g.Expect(tenant.DisableUser(id)).To(Succeed())
	graph.do("DELETE", "/v1.0/users/"+id, "", "client-request-id: 7f1c")
	g.Expect(tenant.DeleteUser(employee)).To(Succeed())

	ledger := tenant.Ledger()
	g.Expect(ledger.MailCount("ADA@partner.example")).To(Equal(1))
	g.Expect(ledger.Invitations).To(Equal(map[string]int{"ada@partner.example": 2}))
	g.Expect(ledger.Calls).To(Equal(map[string]int{"POST /invitations": 2, "POST /groups/{id}/members/$ref": 2, "DELETE /users/{id}": 1}))
	g.Expect(ledger.Requests).To(Equal(5))
	g.Expect(ledger.Answers).To(Equal(map[int]int{201: 2, 204: 2, 400: 1}))
	classes := []string{}
	for i, write := range ledger.Writes {
		g.Expect(write.Seq).To(Equal(i + 1))
		classes = append(classes, write.Class+" "+write.Target)
	}
	g.Expect(classes).To(Equal([]string{
		"POST /invitations ada@partner.example", "POST /invitations ada@partner.example",
		"POST /groups/{id}/members/$ref " + group + "/" + id, "DELETE /users/{id} " + id,
	}))
	g.Expect(ledger.Writes[3].ClientRequestID).To(Equal("7f1c"))
	states := []string{}
	for _, change := range ledger.States[id] {
		states = append(states, change.State+" by "+change.By)
	}
	g.Expect(states).To(Equal([]string{"created by api", "invited by api", "invited by api", "redeemed by guest", "disabled by admin", "deleted by api"}))
	g.Expect(ledger.MembersAdded).To(ConsistOf(graphsim.MemberChange{GroupID: group, MemberID: id, By: graphsim.ByAPI, Time: clock.Time}))
	g.Expect(ledger.MembersRemoved).To(ConsistOf(HaveField("By", graphsim.ByAdmin)))
	g.Expect(ledger.UsersDeleted).To(HaveExactElements(HaveField("By", graphsim.ByAPI), HaveField("By", graphsim.ByAdmin)))

	tenant.ResetCounters()
	g.Expect(tenant.Ledger().Writes).To(BeEmpty())
	g.Expect(tenant.Mailbox("ada@partner.example")).To(HaveLen(1), "mail stays")
}

func TestTheLedgerHoldsNoLink(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	graph.inviteID("ada@partner.example", `"sendInvitationMessage":true`)
	raw, err := json.Marshal(tenant.Ledger())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(raw)).NotTo(ContainSubstring(tenant.Mailbox("")[0].Ticket))
}

func TestCallsInsideARetryAfterWindowAreCounted(t *testing.T) {
	for name, retryAfter := range map[string]string{"seconds": "10", "decimals": "9.5", "a date": "Tue, 24 Nov 2026 08:00:10 GMT"} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			clock := newClock()
			tenant, graph := newTenant(t, at(clock))
			tenant.Inject(graphsim.Fault{Times: 1, Effect: graphsim.Throttle(retryAfter)})
			graph.get("/v1.0/users")
			clock.advance(5 * time.Second)
			graph.get("/v1.0/groups")
			graph.invite("ada@partner.example")
			clock.advance(5 * time.Second)
			graph.get("/v1.0/users")
			g.Expect(tenant.Ledger().EarlyCalls).To(HaveExactElements(HaveField("Class", "GET /groups")), "the invitation service throttles on its own")
		})
	}
}

func TestWriteHooksRunBetweenTheCommitAndTheAnswer(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	var steps []string
	var mu sync.Mutex
	step := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, s)
	}
	done := make(chan struct{}, 2)
	removeWrite := tenant.OnWrite(func(w graphsim.WriteEvent) {
		_, committed := tenant.UserByAddress("ada@partner.example") // a hook may ask the tenant
		step(fmt.Sprintf("%s %s committed=%t answers=%d", w.Class, w.Target, committed, len(tenant.Ledger().Answers)))
	})
	removeDone := tenant.OnWriteDone(func(graphsim.WriteEvent) {
		step(fmt.Sprintf("done answers=%d", len(tenant.Ledger().Answers)))
		done <- struct{}{}
	})
	graph.get("/v1.0/users/nobody")
	tenant.ResetCounters()
	graph.invite("ada@partner.example")
	g.Eventually(done, "10s").Should(Receive())
	mu.Lock()
	g.Expect(steps).To(Equal([]string{"POST /invitations ada@partner.example committed=true answers=0", "done answers=1"}))
	mu.Unlock()
	removeWrite()
	removeDone()
	graph.invite("bob@partner.example")
	g.Expect(steps).To(HaveLen(2))
}

func TestConcurrentCallsAreEachCarriedOutOnce(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	var workers sync.WaitGroup
	for i := range 50 {
		workers.Go(func() {
			address := fmt.Sprintf("user%d@partner.example", i%10)
			answer := graph.invite(address)
			if answer.status == http.StatusCreated {
				graph.addMember(group, answer.body["invitedUser"].(map[string]any)["id"].(string))
			}
			tenant.Ledger()
			graph.get("/")
		})
	}
	workers.Wait()
	g.Expect(tenant.Users()).To(HaveLen(10))
	g.Expect(tenant.Members(group)).To(HaveLen(10))
	g.Expect(tenant.Ledger().WritesOf("POST /invitations")).To(HaveLen(50))
	g.Expect(tenant.Ledger().WritesOf("POST /groups/{id}/members/$ref")).To(HaveLen(10))
}
