package graphsim_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const post, invitations = "POST", "/invitations"

func TestFaultsBeforeTheCommitCarryNothingOut(t *testing.T) {
	tests := []struct {
		name   string
		effect graphsim.Effect
		expect func(Gomega, response, error)
	}{
		{"throttled, whole seconds", graphsim.Throttle("10"), func(g Gomega, r response, _ error) {
			g.Expect(r.status).To(Equal(429))
			g.Expect(r.code()).To(Equal("TooManyRequests"))
			g.Expect(r.header.Get("Retry-After")).To(Equal("10"))
		}},
		{"throttled, decimal seconds", graphsim.Throttle("2.128"), func(g Gomega, r response, _ error) {
			g.Expect(r.header.Get("Retry-After")).To(Equal("2.128"))
		}},
		{"throttled, without saying how long", graphsim.Throttle(""), func(g Gomega, r response, _ error) {
			g.Expect(r.status).To(Equal(429))
			g.Expect(r.header).NotTo(HaveKey("Retry-After"))
		}},
		{"unavailable", graphsim.Unavailable("3"), func(g Gomega, r response, _ error) {
			g.Expect(r.status).To(Equal(503))
			g.Expect(r.header.Get("Retry-After")).To(Equal("3"))
		}},
		{"internal error", graphsim.InternalError(), func(g Gomega, r response, _ error) { g.Expect(r.status).To(Equal(500)) }},
		{"gateway timeout", graphsim.GatewayTimeout(), func(g Gomega, r response, _ error) { g.Expect(r.status).To(Equal(504)) }},
		{"concurrency violation", graphsim.ConcurrencyViolation(409), func(g Gomega, r response, _ error) {
			g.Expect(r.status).To(Equal(409))
			g.Expect(r.code()).To(Equal("Directory_ConcurrencyViolation"))
		}},
		{"unauthorized", graphsim.Unauthorized(), func(g Gomega, r response, _ error) {
			g.Expect(r.status).To(Equal(401))
			g.Expect(r.header.Get("WWW-Authenticate")).NotTo(BeEmpty())
		}},
		{"an HTML page", graphsim.Respond(502, "text/html", "<html>"), func(g Gomega, r response, _ error) {
			g.Expect(r.status).To(Equal(502))
			g.Expect(r.raw).To(Equal("<html>"))
			g.Expect(r.header.Get("Content-Type")).To(Equal("text/html"))
		}},
		{"nothing at all", graphsim.Respond(500, "", ""), func(g Gomega, r response, _ error) {
			g.Expect(r.raw).To(BeEmpty())
			g.Expect(r.header).NotTo(HaveKey("Content-Type"))
		}},
		{"JSON without an error", graphsim.Respond(400, "application/json", "{}"), func(g Gomega, r response, _ error) { g.Expect(r.body).To(BeEmpty()) }},
		{"connection reset", graphsim.ResetConnection(), func(g Gomega, _ response, err error) { g.Expect(err).To(HaveOccurred()) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			tenant.Inject(graphsim.Fault{Method: post, Path: invitations, Times: 1, Effect: test.effect})
			answer, err := graph.try(post, "/v1.0/invitations", invitationOf("ada@partner.example"))
			test.expect(g, answer, err)
			g.Expect(tenant.Users()).To(BeEmpty())
			g.Expect(tenant.Ledger().Writes).To(BeEmpty())
			g.Expect(graph.invite("ada@partner.example").status).To(Equal(http.StatusCreated), "once only")
		})
	}
}

func TestFaultsAfterTheCommitLoseTheAnswerOnly(t *testing.T) {
	tests := []struct {
		name   string
		effect graphsim.Effect
		expect func(Gomega, response, error)
	}{
		{"gateway timeout", graphsim.AfterCommit(graphsim.GatewayTimeout()), func(g Gomega, r response, _ error) { g.Expect(r.status).To(Equal(504)) }},
		{"connection reset", graphsim.AfterCommit(graphsim.ResetConnection()), func(g Gomega, _ response, err error) { g.Expect(err).To(HaveOccurred()) }},
		{"truncated", graphsim.Truncate(), func(g Gomega, r response, _ error) {
			g.Expect(r.status).To(Equal(201))
			g.Expect(r.raw).To(HavePrefix("{"))
			g.Expect(r.body).To(BeNil())
		}},
		{"garbage", graphsim.Garbage(), func(g Gomega, r response, _ error) {
			g.Expect(r.status).To(Equal(201))
			g.Expect(r.body).To(BeNil())
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			tenant.Inject(graphsim.Fault{Method: post, Path: invitations, Times: 1, Effect: test.effect})
			g.Expect(graph.invite("ada@contoso.example").status).To(Equal(http.StatusBadRequest), "a refused call does not count")
			answer, err := graph.try(post, "/v1.0/invitations", invitationOf("ada@partner.example"))
			test.expect(g, answer, err)
			g.Expect(tenant.Users()).To(HaveLen(1))
			g.Expect(tenant.Ledger().Writes).To(HaveLen(1))
		})
	}
}

func TestAnAnswerIsHeldUntilReleased(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	release, committed := make(chan struct{}), make(chan struct{})
	tenant.OnWrite(func(graphsim.WriteEvent) { close(committed) })
	tenant.Inject(graphsim.Fault{Path: invitations, Effect: graphsim.Hold(release)})
	answers := make(chan int, 1)
	go func() { answers <- graph.invite("ada@partner.example").status }()
	<-committed
	g.Consistently(answers, "50ms").ShouldNot(Receive())
	close(release)
	g.Eventually(answers, "10s").Should(Receive(Equal(http.StatusCreated)))
}

func TestAHeldAnswerLetsGoOfAClientThatGivesUp(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	done := make(chan struct{})
	tenant.OnWriteDone(func(graphsim.WriteEvent) { close(done) })
	tenant.Inject(graphsim.Fault{Path: invitations, Effect: graphsim.Hold(nil)})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, post, graph.url+"/v1.0/invitations", strings.NewReader(invitationOf("ada@partner.example")))
	g.Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Authorization", "Bearer any")
	request.Header.Set("Content-Type", "application/json")
	_, err = http.DefaultClient.Do(request)
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
	g.Eventually(done, "10s").Should(BeClosed())
	g.Expect(tenant.Users()).To(HaveLen(1), "carried out all the same")
}

func TestAVanishedGuestNeverAppears(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Inject(graphsim.Fault{Effect: graphsim.Vanish(), Times: 1})
	id := graph.inviteID("ada@partner.example", `"sendInvitationMessage":true`)
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusNotFound))
	g.Expect(tenant.Users()).To(BeEmpty())
	g.Expect(tenant.Mailbox("")).To(BeEmpty())
	g.Expect(tenant.Ledger().Writes).To(BeEmpty())
	g.Expect(graph.inviteID("ada@partner.example")).NotTo(Equal(id))
}

func TestFaultsHitOnlyTheCallsTheyMatch(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	failing := func(fault graphsim.Fault) func(method, path string) bool {
		fault.Effect = graphsim.InternalError()
		remove := tenant.Inject(fault)
		t.Cleanup(remove)
		return func(method, path string) bool { return graph.do(method, "/v1.0"+path, "").status == 500 }
	}
	byTemplate := failing(graphsim.Fault{Path: "/users/{id}"})
	g.Expect(byTemplate("GET", "/users/"+id)).To(BeTrue())
	g.Expect(byTemplate("GET", "/users")).To(BeFalse())

	byPrefix := failing(graphsim.Fault{Method: "GET", Path: "/groups*"})
	g.Expect(byPrefix("GET", "/groups/x/members")).To(BeTrue())
	g.Expect(byPrefix("DELETE", "/groups/x")).To(BeFalse())

	byMatch := failing(graphsim.Fault{Match: func(c graphsim.Call) bool { return c.Header.Get("Retry-Attempt") != "" }})
	g.Expect(byMatch("GET", "/organization")).To(BeFalse())
	g.Expect(graph.get("/v1.0/organization", "Retry-Attempt: 1").status).To(Equal(500))
}

func TestAFaultWithoutANumberLastsUntilRemoved(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	remove := tenant.Inject(graphsim.Fault{Effect: graphsim.InternalError()})
	for range 3 {
		g.Expect(graph.get("/v1.0/users").status).To(Equal(500))
	}
	remove()
	g.Expect(graph.get("/v1.0/users").status).To(Equal(200))
}

func TestAnOutageResetsEveryConnectionUntilItIsOver(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Outage(true)
	_, err := graph.try("GET", "/v1.0/users", "")
	g.Expect(err).To(HaveOccurred())
	g.Expect(graph.get("/").status).To(Equal(200), "the page is no part of Graph")
	tenant.Outage(false)
	g.Expect(graph.get("/v1.0/users").status).To(Equal(200))
	g.Expect(tenant.Ledger().Answers).To(HaveKeyWithValue(0, BeNumerically(">=", 1)))
}
