package graph

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestGraphIsToldHowUrgentARequestIs(t *testing.T) {
	var told atomic.Value
	b := budget.New(budget.Options{})
	client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told.Store(r.Header.Get("x-ms-throttle-priority"))
		answer(404, "")(w, r)
	}), func(c *Config) { c.Budget = b })
	under := func(class budget.Class) context.Context {
		turn, _ := b.Take(budget.Key{Name: "x"}, "", class, budget.Cost{Units: 1})
		t.Cleanup(turn.End)
		return turn.In(t.Context())
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		send func(context.Context)
		want string
	}{
		"taking access away":        {t.Context(), func(ctx context.Context) { _ = client.RemoveMember(ctx, groupID, userID) }, "High"},
		"a deletion":                {t.Context(), func(ctx context.Context) { _ = client.DeleteUser(ctx, userID) }, "High"},
		"a block":                   {t.Context(), func(ctx context.Context) { _ = client.SetAccountEnabled(ctx, userID, false) }, "High"},
		"a block's end":             {t.Context(), func(ctx context.Context) { _ = client.SetAccountEnabled(ctx, userID, true) }, "Normal"},
		"sessions revoked":          {t.Context(), func(ctx context.Context) { _ = client.RevokeSignInSessions(ctx, userID) }, "High"},
		"an app role revoked":       {t.Context(), func(ctx context.Context) { _ = client.RevokeAppRole(ctx, appID, assignmentID) }, "High"},
		"an app role":               {t.Context(), func(ctx context.Context) { _, _ = client.GrantAppRole(ctx, appID, userID, roleID) }, "Normal"},
		"an invitation":             {t.Context(), func(ctx context.Context) { _, _ = client.Invite(ctx, ada) }, "Normal"},
		"a list":                    {t.Context(), func(ctx context.Context) { _ = client.ListMembers(ctx, groupID, nil) }, "Low"},
		"a read before taking away": {under(budget.TakeAway), func(ctx context.Context) { _, _ = client.GetUser(ctx, userID) }, "High"},
		"a retry":                   {under(budget.Retry), func(ctx context.Context) { _, _ = client.Invite(ctx, ada) }, "Normal"},
		"observation":               {under(budget.Routine), func(ctx context.Context) { _, _ = client.GetUser(ctx, userID) }, "Low"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.send(tt.ctx)
			NewWithT(t).Expect(told.Load()).To(Equal(tt.want))
		})
	}
}

func TestWhatARequestCostsIsPaid(t *testing.T) {
	for name, tt := range map[string]struct {
		send func(context.Context, *Client)
		paid budget.Cost
	}{
		"an invitation": {func(ctx context.Context, c *Client) { _, _ = c.Invite(ctx, ada) }, budget.Cost{Writes: 1, Units: 1, Invitations: 1}},
		"an addition":   {func(ctx context.Context, c *Client) { _ = c.AddMembers(ctx, groupID, []string{userID}) }, budget.Cost{Writes: 1, Units: 1}},
		"a profile": {func(ctx context.Context, c *Client) {
			_ = c.UpdateProfile(ctx, userID, directory.ProfileChanges{directory.JobTitle: "x"})
		}, budget.Cost{Writes: 1, Units: 1}},
		"a sponsor less": {func(ctx context.Context, c *Client) { _ = c.RemoveSponsor(ctx, userID, otherID) }, budget.Cost{Writes: 1, Units: 1}},
		"an application": {func(ctx context.Context, c *Client) { _, _ = c.GetServicePrincipal(ctx, appID) }, budget.Cost{Units: 1}},
		"a read":         {func(ctx context.Context, c *Client) { _, _ = c.GetUser(ctx, userID) }, budget.Cost{Units: 1}},
		"a membership":   {func(ctx context.Context, c *Client) { _, _ = c.IsMember(ctx, groupID, userID) }, budget.Cost{Units: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tiny := budget.Limit{Amount: 11, Per: 1000 * time.Hour} // 10 that can be used
			b := budget.New(budget.Options{Limits: budget.Limits{Writes: tiny, Units: tiny, Invitations: tiny}})
			client := clientOf(t, answer(404, ""), func(c *Config) { c.Budget = b })
			tt.send(t.Context(), client)
			has := func(cost budget.Cost) bool {
				turn, _ := b.Take(budget.Key{Name: "x"}, "", budget.TakeAway, cost)
				turn.End()
				b.Forget(budget.Key{Name: "x"})
				return turn != nil
			}
			left := budget.Cost{Writes: 10 - tt.paid.Writes, Units: 10 - tt.paid.Units, Invitations: 10 - tt.paid.Invitations}
			g.Expect(has(left)).To(BeTrue())
			for _, more := range []budget.Cost{{Writes: left.Writes + 1}, {Units: left.Units + 1}, {Invitations: left.Invitations + 1}} {
				whole := max(more.Writes, more.Units, more.Invitations) > 10
				g.Expect(has(more)).To(Equal(whole), "%+v", more)
			}
		})
	}
}

func TestAnswersTeachTheQuotas(t *testing.T) {
	for name, tt := range map[string]struct {
		status  int
		headers []string
		want    budget.Answer
	}{
		"nothing said": {200, nil, budget.Answer{}},
		"cost and use": {200, []string{"x-ms-resource-unit", "3", "x-ms-throttle-limit-percentage", "0.85"}, budget.Answer{Units: 3, Used: 0.85}},
		"nonsense":     {200, []string{"x-ms-resource-unit", "some", "x-ms-throttle-limit-percentage", "NaN"}, budget.Answer{}},
		"absurd use":   {200, []string{"x-ms-throttle-limit-percentage", "1e9"}, budget.Answer{Used: mostUsed}},
		"writes exceeded": {429, []string{"Retry-After", "5",
			"x-ms-throttle-scope", "Tenant_Application/Write/a/b", "x-ms-throttle-information", "WriteLimitExceeded"},
			budget.Answer{Wait: 5 * time.Second, TooMany: true, WritesOnly: true, Exceeded: budget.Writes}},
		"units exceeded": {429, []string{"Retry-After", "5",
			"x-ms-throttle-scope", "Tenant_Application/ReadWrite/a/b", "x-ms-throttle-information", "ResourceUnitLimitExceeded"},
			budget.Answer{Wait: 5 * time.Second, TooMany: true, Exceeded: budget.Units}},
		"a scope that cannot be read": {429, []string{"Retry-After", "5", "x-ms-throttle-scope", "Write"}, budget.Answer{Wait: 5 * time.Second, TooMany: true}},
		"an outage":                   {503, []string{"Retry-After", "5"}, budget.Answer{Wait: 5 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(answerOf(response(nil, tt.status, "", tt.headers...), time.Now())).To(Equal(tt.want))
		})
	}
}

func TestANewClientOfATenantStillWaits(t *testing.T) {
	g := NewWithT(t)
	clock := newFakeClock()
	b := budget.New(budget.Options{Now: clock.Now})
	shared := func(c *Config) { c.Budget, c.Now = b, clock.Now }
	_, err := clientOf(t, answer(429, "", "Retry-After", "7"), shared).GetUser(t.Context(), userID)
	g.Expect(directory.RetryAfter(err)).To(Equal(7 * time.Second))
	seen := &counting{Handler: answer(200, `{"id":"`+userID+`"}`)}
	_, err = clientOf(t, seen, shared).GetUser(t.Context(), userID)
	g.Expect(directory.RetryAfter(err)).To(Equal(7 * time.Second))
	g.Expect(seen.count()).To(BeZero())
}

func TestAfterAWaitOfWritesReadsAreStillSent(t *testing.T) {
	g := NewWithT(t)
	seen := &counting{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			answer(200, `{"id":"`+userID+`"}`)(w, r)
			return
		}
		answer(429, "", "Retry-After", "7", "x-ms-throttle-scope", "Tenant_Application/Write/a/b")(w, r)
	})}
	client := clientOf(t, seen)
	g.Expect(directory.ClassOf(client.DeleteUser(t.Context(), userID))).To(Equal(directory.Throttled))
	_, err := client.GetUser(t.Context(), userID)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = client.Invite(t.Context(), ada)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
	g.Expect(seen.count()).To(Equal(2))
}

// slowLogin gives tokens when it is told to.
type slowLogin struct{ asked, given chan struct{} }

func (l *slowLogin) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	l.asked <- struct{}{}
	<-l.given
	return azcore.AccessToken{Token: "x", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// TestARequestThatWaitsForItsTokenIsNotSentAfterAnother429 has a request get its token only after another one was asked to wait.
func TestARequestThatWaitsForItsTokenIsNotSentAfterAnother429(t *testing.T) {
	g := NewWithT(t)
	login := &slowLogin{asked: make(chan struct{}, 10), given: make(chan struct{}, 10)}
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	var sent atomic.Int32
	client, err := New(Config{
		TenantID: tenantID,
		Credential: Credential{create: func(string, azcore.ClientOptions, bool) (azcore.TokenCredential, error) {
			return login, nil
		}},
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if sent.Add(1) == 1 {
				return response(r, 200, `{"id":"`+userID+`"}`, "Content-Type", "application/json"), nil
			}
			arrived <- struct{}{}
			<-release
			return response(r, 429, "", "Retry-After", "7"), nil
		}),
	})
	g.Expect(err).NotTo(HaveOccurred())
	get := func() <-chan error {
		done := make(chan error, 1)
		go func() { _, err := client.GetUser(t.Context(), userID); done <- err }()
		return done
	}
	login.given <- struct{}{}
	g.Expect(<-get()).NotTo(HaveOccurred())
	login.given <- struct{}{}
	throttled := get()
	<-arrived
	<-login.asked
	<-login.asked
	late := get()
	<-login.asked
	release <- struct{}{}
	g.Expect(directory.ClassOf(<-throttled)).To(Equal(directory.Throttled))
	login.given <- struct{}{}
	err = <-late
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
	g.Expect(directory.RetryAfter(err)).To(BeNumerically(">", time.Second))
	g.Expect(sent.Load()).To(Equal(int32(2)))
}
