package graphsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// client speaks to a tenant over real HTTP.
type client struct {
	t     *testing.T
	url   string
	token string
}

// response is an answer with its JSON body decoded.
type response struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// code and message are those of Graph's error envelope.
func (r response) code() string    { return r.errorField("code") }
func (r response) message() string { return r.errorField("message") }

func (r response) errorField(name string) string {
	envelope, _ := r.body["error"].(map[string]any)
	value, _ := envelope[name].(string)
	return value
}

func (r response) text(name string) string {
	value, _ := r.body[name].(string)
	return value
}

func (r response) values() []map[string]any {
	var values []map[string]any
	list, _ := r.body["value"].([]any)
	for _, item := range list {
		values = append(values, item.(map[string]any))
	}
	return values
}

// column is one property of every item of a list.
func (r response) column(name string) []string {
	column := []string{}
	for _, item := range r.values() {
		value, _ := item[name].(string)
		column = append(column, value)
	}
	return column
}

func newTenant(t *testing.T, change ...func(*graphsim.Options)) (*graphsim.Tenant, client) {
	t.Helper()
	options := graphsim.Options{AcceptAnyToken: true, Seed: 42}
	for _, c := range change {
		c(&options)
	}
	tenant := graphsim.New(options)
	server := httptest.NewServer(tenant.Handler())
	t.Cleanup(server.Close)
	return tenant, client{t, server.URL, "any"}
}

// try sends a call and returns a transport error as it is. Headers are "Name: value".
func (c client) try(method, path, body string, headers ...string) (response, error) {
	c.t.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		target = c.url + path
	}
	request, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	r := response{status: answer.StatusCode, header: answer.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &r.body) // not every answer is JSON
	return r, err
}

func (c client) do(method, path, body string, headers ...string) response {
	c.t.Helper()
	r, err := c.try(method, path, body, headers...)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c client) get(path string, headers ...string) response {
	c.t.Helper()
	return c.do(http.MethodGet, path, "", headers...)
}

// filter lists a set by a $filter.
func (c client) filter(set, filter string, headers ...string) response {
	c.t.Helper()
	return c.get("/v1.0/"+set+"?$filter="+escape(filter), headers...)
}

func escape(filter string) string { return url.QueryEscape(filter) }

const advanced = "ConsistencyLevel: eventual"

// invitationOf is the body of an invitation; more are further JSON fields.
func invitationOf(address string, more ...string) string {
	fields := append([]string{`"invitedUserEmailAddress":"` + address + `"`, `"inviteRedirectUrl":"https://wiki.contoso.example/"`}, more...)
	return "{" + strings.Join(fields, ",") + "}"
}

func (c client) invite(address string, more ...string) response {
	c.t.Helper()
	return c.do(http.MethodPost, "/v1.0/invitations", invitationOf(address, more...))
}

// inviteID invites and returns the user's id.
func (c client) inviteID(address string, more ...string) string {
	c.t.Helper()
	r := c.invite(address, more...)
	if r.status != http.StatusCreated {
		c.t.Fatalf("inviting %s: %d %s", address, r.status, r.raw)
	}
	return r.body["invitedUser"].(map[string]any)["id"].(string)
}

func (c client) addMember(group, member string) response {
	c.t.Helper()
	return c.do(http.MethodPost, "/v1.0/groups/"+group+"/members/$ref", `{"@odata.id":"`+c.url+`/v1.0/directoryObjects/`+member+`"}`)
}

// fakeClock is a clock that a test moves.
type fakeClock struct{ time.Time }

func (c *fakeClock) now() time.Time { return c.Time }

func (c *fakeClock) advance(d time.Duration) { c.Time = c.Add(d) }

func at(clock *fakeClock) func(*graphsim.Options) {
	return func(o *graphsim.Options) { o.Now = clock.now }
}

func newClock() *fakeClock {
	return &fakeClock{time.Date(2026, 11, 24, 8, 0, 0, 123456789, time.UTC)}
}
