package graphsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const batchPath = "/v1.0/$batch"

// item is one request of a batch; more are further JSON fields.
func item(id, method, path string, more ...string) string {
	fields := append([]string{fmt.Sprintf(`"id":%q,"method":%q,"url":%q`, id, method, path)}, more...)
	return "{" + strings.Join(fields, ",") + "}"
}

// withBody makes an item's further fields of a JSON body.
func withBody(body string) string {
	return `"headers":{"Content-Type":"application/json"},"body":` + body
}

func (c client) batch(items ...string) response {
	c.t.Helper()
	return c.do(http.MethodPost, batchPath, `{"requests":[`+strings.Join(items, ",")+`]}`)
}

// items are the responses of a batch by id, with the order in which they came.
func (r response) items(g Gomega) (byID map[string]response, order []string) {
	g.Expect(r.status).To(Equal(http.StatusOK), r.raw)
	var envelope struct {
		Responses []struct {
			ID      string
			Status  int
			Headers map[string]string
			Body    json.RawMessage
		}
	}
	g.Expect(json.Unmarshal([]byte(r.raw), &envelope)).To(Succeed())
	byID = map[string]response{}
	for _, item := range envelope.Responses {
		one := response{status: item.Status, header: http.Header{}, raw: string(item.Body)}
		for name, value := range item.Headers {
			one.header.Set(name, value)
		}
		_ = json.Unmarshal(item.Body, &one.body) // a body of null or of base64 stays nil
		byID[item.ID], order = one, append(order, item.ID)
	}
	return byID, order
}

func TestEveryItemOfABatchIsACallOfItsOwn(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	ada := tenant.AddGuest("ada@partner.example", "")
	g.Expect(tenant.AddMember(group, ada)).To(Succeed())
	answers, _ := graph.batch(
		item("a", "GET", "/users/"+ada+"?%24select=mail"),
		item("b", "get", "users?$count=true&$filter=endswith(mail,'partner.example')&$select=id", `"headers":{"ConsistencyLevel":"eventual"}`),
		item("c", "DELETE", "/groups/"+group+"/members/"+ada+"/$ref"),
		item("d", "POST", "/invitations", withBody(invitationOf("ben@partner.example", `"sendInvitationMessage":true`))),
		item("e", "GET", "/users/nobody"),
		item("f", "GET", "/nothing", `"body":null`),
		item("g", "GET", "https://graph.microsoft.com/v1.0/users"),
		item("h", "POST", "/$batch", withBody(`{"requests":[]}`)),
		item("i", "PATCH", "/users/"+ada, withBody(`[]`)),
		item("j", "PATCH", "/users/"+ada, `"headers":{"Content-Type":"text/plain"},"body":"aGVsbG8="`),
		item("k", "GET", "/users/$count", `"headers":{"ConsistencyLevel":"eventual"}`),
	).items(g)
	g.Expect(answers).To(HaveLen(11))
	g.Expect(answers["a"].text("mail")).To(Equal("ada@partner.example"))
	g.Expect(answers["a"].body).NotTo(HaveKey("id"), "not selected")
	g.Expect(answers["b"].body).To(HaveKeyWithValue("@odata.count", BeEquivalentTo(1)))
	g.Expect(answers["c"].status).To(Equal(204))
	g.Expect(answers["c"].raw).To(Equal("null"))
	g.Expect(answers["d"].status).To(Equal(201))
	g.Expect(answers["e"].code()).To(Equal("Request_ResourceNotFound"))
	g.Expect(answers["f"].status).To(Equal(404))
	for _, refused := range []string{"g", "h", "i", "j"} {
		g.Expect(answers[refused].status).To(Equal(400), refused)
	}
	g.Expect(answers["k"].raw).To(Equal(`"Mg=="`), "what is no JSON comes in base64")

	ledger := tenant.Ledger()
	g.Expect(ledger.Requests).To(Equal(1))
	g.Expect(ledger.BatchItems).To(Equal(11))
	g.Expect(ledger.Calls).To(SatisfyAll(HaveKeyWithValue("POST /$batch", 2), HaveKeyWithValue("GET /users/{id}", 2), HaveKeyWithValue("POST /invitations", 1)))
	g.Expect(ledger.UnknownPaths).To(HaveKeyWithValue("GET /v1.0/nothing", 1))
	g.Expect(ledger.Answers).To(Equal(map[int]int{200: 1}))
	g.Expect(ledger.ItemAnswers).To(Equal(map[int]int{200: 3, 201: 1, 204: 1, 400: 4, 404: 2}))
	g.Expect(ledger.Writes).To(HaveLen(2))
	g.Expect(ledger.MailCount("ben@partner.example")).To(Equal(1))
	g.Expect(tenant.Members(group)).To(BeEmpty())
}

func TestTheAnswersOfABatchComeInAnyOrder(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	var asked []string
	for i := range 20 {
		asked = append(asked, item(fmt.Sprint(i), "GET", "/organization"))
	}
	_, first := graph.batch(asked...).items(g)
	_, second := graph.batch(asked...).items(g)
	g.Expect(first).To(ConsistOf(second))
	g.Expect(first).NotTo(Equal(second))
	_, graph = newTenant(t)
	_, again := graph.batch(asked...).items(g)
	g.Expect(again).To(Equal(first), "the same seed gives the same order")
}

func TestABatchThatIsMalformedIsRefusedWhole(t *testing.T) {
	tests := map[string]string{
		"no JSON":                    `{`,
		"no requests":                `{"requests":[]}`,
		"null among them":            `{"requests":[null]}`,
		"too many":                   `{"requests":[` + strings.Repeat(item("x", "GET", "/users")+",", 20) + item("y", "GET", "/users") + `]}`,
		"ids that differ in case":    `{"requests":[` + item("a", "GET", "/users") + "," + item("A", "GET", "/users") + `]}`,
		"no id":                      `{"requests":[` + item("", "GET", "/users") + `]}`,
		"no url":                     `{"requests":[` + item("a", "GET", "") + `]}`,
		"an unknown method":          `{"requests":[` + item("a", "HEAD", "/users") + `]}`,
		"a body without its type":    `{"requests":[` + item("a", "POST", "/invitations", `"body":{}`) + `]}`,
		"a dependency on a stranger": `{"requests":[` + item("a", "GET", "/users", `"dependsOn":["b"]`) + `]}`,
		"dependencies in a circle": `{"requests":[` + item("a", "GET", "/users", `"dependsOn":["b"]`) + "," +
			item("b", "GET", "/users", `"dependsOn":["a"]`) + `]}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			answer := graph.do(http.MethodPost, batchPath, body)
			g.Expect(answer.status).To(Equal(http.StatusBadRequest))
			g.Expect(answer.code()).To(Equal("BadRequest"))
			g.Expect(tenant.Ledger().BatchItems).To(BeZero())
		})
	}
	g := NewWithT(t)
	_, graph := newTenant(t)
	graph.token = ""
	g.Expect(graph.batch(item("a", "GET", "/users")).status).To(Equal(http.StatusUnauthorized))
}

func TestAnItemWaitsForThoseItDependsOnAndFailsWithThem(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	user := tenant.AddGuest("ada@partner.example", "")
	g.Expect(tenant.AddMember(group, user)).To(Succeed())
	answers, _ := graph.batch(
		item("members", "GET", "/groups/"+group+"/members", `"dependsOn":["REMOVE"]`),
		item("remove", "DELETE", "/groups/"+group+"/members/"+user+"/$ref"),
		item("again", "DELETE", "/groups/"+group+"/members/"+user+"/$ref", `"dependsOn":["remove"]`),
		item("delete", "DELETE", "/users/"+user, `"dependsOn":["again"]`),
	).items(g)
	g.Expect(answers["members"].values()).To(BeEmpty())
	g.Expect(answers["again"].status).To(Equal(404))
	g.Expect(answers["delete"].status).To(Equal(http.StatusFailedDependency))
	g.Expect(tenant.Users()).To(HaveLen(1))
	g.Expect(tenant.Ledger().Calls).NotTo(HaveKey("DELETE /users/{id}"))
}

func TestFaultsHitTheItemsOfABatchAsTheCallsTheyAre(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Inject(graphsim.Fault{Method: post, Path: invitations, Times: 1, Effect: graphsim.Throttle("7")})
	tenant.Inject(graphsim.Fault{Method: post, Path: invitations, Times: 1, Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	answers, _ := graph.batch(
		item("1", "POST", "/invitations", withBody(invitationOf("ada@partner.example"))),
		item("2", "POST", "/invitations", withBody(invitationOf("ben@partner.example"))),
		item("3", "POST", "/invitations", withBody(invitationOf("cleo@partner.example"))),
	).items(g)
	g.Expect(answers["1"].status).To(Equal(429))
	g.Expect(answers["1"].header.Get("Retry-After")).To(Equal("7"))
	g.Expect(answers["2"].status).To(Equal(504))
	g.Expect(answers["3"].status).To(Equal(201))
	g.Expect(tenant.Users()).To(HaveLen(2))
	g.Expect(tenant.Ledger().Throttled).To(Equal(1))
	graph.batch(item("1", "POST", "/invitations", withBody(invitationOf("ada@partner.example"))))
	g.Expect(tenant.Ledger().EarlyCalls).To(ConsistOf(HaveField("Class", "POST /invitations")))

	tenant.Inject(graphsim.Fault{Path: "/$batch", Times: 1, Effect: graphsim.Throttle("7")})
	g.Expect(graph.batch(item("1", "GET", "/users")).status).To(Equal(429), "the batch itself")
	tenant.Inject(graphsim.Fault{Match: func(c graphsim.Call) bool { return c.InBatch }, Effect: graphsim.InternalError()})
	g.Expect(graph.get("/v1.0/users").status).To(Equal(200))
	answers, _ = graph.batch(item("1", "GET", "/users")).items(g)
	g.Expect(answers["1"].status).To(Equal(500))
}

func TestAFaultOfTheConnectionAimedAtAnItemLosesTheAnswerOfTheWholeBatch(t *testing.T) {
	tests := []struct {
		name    string
		effect  graphsim.Effect
		carried bool
		expect  func(Gomega, response, error)
	}{
		{"reset before", graphsim.ResetConnection(), false, func(g Gomega, _ response, err error) { g.Expect(err).To(HaveOccurred()) }},
		{"reset after", graphsim.AfterCommit(graphsim.ResetConnection()), true, func(g Gomega, _ response, err error) { g.Expect(err).To(HaveOccurred()) }},
		{"hang", graphsim.Hang(closed()), false, func(g Gomega, _ response, err error) { g.Expect(err).To(HaveOccurred()) }},
		{"hold", graphsim.Hold(closed()), true, func(g Gomega, r response, _ error) { g.Expect(r.raw).To(ContainSubstring(`"status":201`)) }},
		{"truncate", graphsim.Truncate(), true, func(g Gomega, r response, _ error) {
			g.Expect(r.raw).To(HavePrefix(`{"responses"`))
			g.Expect(r.body).To(BeNil())
		}},
		{"garbage", graphsim.Garbage(), true, func(g Gomega, r response, _ error) { g.Expect(r.body).To(BeNil()) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			told := make(chan string, 2)
			tenant.OnWrite(func(w graphsim.WriteEvent) { told <- w.Target })
			tenant.Inject(graphsim.Fault{Path: invitations, Times: 1, Effect: test.effect})
			answer, err := graph.try(post, batchPath, `{"requests":[`+
				item("1", "POST", "/invitations", withBody(invitationOf("ada@partner.example")))+","+
				item("2", "POST", "/invitations", withBody(invitationOf("ben@partner.example")))+`]}`)
			test.expect(g, answer, err)
			want := 1
			if test.carried {
				g.Expect(told).To(Receive(Equal("ada@partner.example")))
				want = 2
			}
			g.Expect(told).To(Receive(Equal("ben@partner.example")), "the other items are carried out all the same")
			g.Expect(tenant.Ledger().Writes).To(HaveLen(want))
		})
	}
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func TestWriteHooksOfABatchRunBeforeAndAfterItsOneAnswer(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	steps := make(chan string, 8)
	tenant.OnWrite(func(w graphsim.WriteEvent) {
		steps <- fmt.Sprintf("write %s answers=%d %s", w.Target, len(tenant.Ledger().Answers), w.ClientRequestID)
	})
	tenant.OnWriteDone(func(w graphsim.WriteEvent) {
		steps <- fmt.Sprintf("done %s answers=%d", w.Target, len(tenant.Ledger().Answers))
	})
	graph.do(http.MethodPost, batchPath, `{"requests":[`+
		item("1", "POST", "/invitations", withBody(invitationOf("ada@partner.example")))+","+
		item("2", "POST", "/invitations", `"headers":{"Content-Type":"application/json","client-request-id":"own"},"body":`+
			invitationOf("ben@partner.example"))+`]}`, "client-request-id: shared")
	for _, want := range []string{
		"write ada@partner.example answers=0 shared", "write ben@partner.example answers=0 own",
		"done ada@partner.example answers=1", "done ben@partner.example answers=1",
	} {
		g.Eventually(steps, "10s").Should(Receive(Equal(want)))
	}
}

func TestABatchIsDelayedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		handler := graphsim.New(graphsim.Options{AcceptAnyToken: true, Latency: 100 * time.Millisecond}).Handler()
		body := `{"requests":[` + item("1", "GET", "/users") + "," + item("2", "GET", "/groups") + `]}`
		request := httptest.NewRequest(http.MethodPost, batchPath, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer any")
		request.Header.Set("Content-Type", "application/json")
		start := time.Now()
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		g.Expect(recorder.Body.String()).To(ContainSubstring(`"status":200`))
		g.Expect(time.Since(start)).To(Equal(100 * time.Millisecond))
	})
}

func TestItemsAreHeldToThePermissionsOfTheBatchsToken(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.SetPermissions([]string{"User.Read.All"})
	answers, _ := graph.batch(item("read", "GET", "/users"), item("write", "POST", "/groups", withBody(`{}`))).items(g)
	g.Expect(answers["read"].status).To(Equal(200))
	g.Expect(answers["write"].code()).To(Equal("Authorization_RequestDenied"))
}
