package graph_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func asError(err error, target **directory.Error) bool { return errors.As(err, target) }

func TestAWriteWhoseOutcomeIsInDoubtIsSaidToBe(t *testing.T) {
	for name, tt := range map[string]struct {
		effect    graphsim.Effect
		class     directory.Class
		committed bool
	}{
		"504 before":                {graphsim.GatewayTimeout(), directory.OutcomeUnknown, false},
		"504 after":                 {graphsim.AfterCommit(graphsim.GatewayTimeout()), directory.OutcomeUnknown, true},
		"500 before":                {graphsim.InternalError(), directory.OutcomeUnknown, false},
		"500 after":                 {graphsim.AfterCommit(graphsim.InternalError()), directory.OutcomeUnknown, true},
		"503 after":                 {graphsim.AfterCommit(graphsim.Unavailable("")), directory.OutcomeUnknown, true},
		"reset before":              {graphsim.ResetConnection(), directory.OutcomeUnknown, false},
		"reset after":               {graphsim.AfterCommit(graphsim.ResetConnection()), directory.OutcomeUnknown, true},
		"no answer in time, before": {graphsim.Hang(nil), directory.OutcomeUnknown, false},
		"no answer in time, after":  {graphsim.Hold(nil), directory.OutcomeUnknown, true},
		"garbage":                   {graphsim.Garbage(), directory.OutcomeUnknown, true},
		"cut short":                 {graphsim.Truncate(), directory.OutcomeUnknown, true},
		"an HTML page":              {graphsim.Respond(502, "text/html", "<html>"), directory.OutcomeUnknown, false},
		"an empty success":          {graphsim.AfterCommit(graphsim.Respond(201, "", "")), directory.OutcomeUnknown, true},
		"503 concurrency":           {graphsim.ConcurrencyViolation(503), directory.OutcomeUnknown, false},
		"409 concurrency":           {graphsim.ConcurrencyViolation(409), directory.Conflict, false},
		"401":                       {graphsim.Unauthorized(), directory.Unauthenticated, false},
		"429":                       {graphsim.Throttle("3"), directory.Throttled, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, client := tenantAndClient(t, func(c *graph.Config) {
				if strings.HasPrefix(name, "no answer in time") {
					c.RequestTimeout = time.Second
				}
			})
			tenant.Inject(graphsim.Fault{Method: http.MethodPost, Path: "/invitations", Times: 1, Effect: tt.effect})
			_, err := client.Invite(t.Context(), invitationTo("ada@partner.example"))
			g.Expect(directory.ClassOf(err)).To(Equal(tt.class), "%v", err)
			g.Expect(tenant.Ledger().Calls["POST /invitations"]).To(Equal(1), "never repeated")
			_, exists := tenant.UserByAddress("ada@partner.example")
			g.Expect(exists).To(Equal(tt.committed))
		})
	}
}

func TestAWriteToAnUnreachableDirectoryIsNotInDoubt(t *testing.T) {
	g := NewWithT(t)
	_, client := tenantAndClient(t, func(c *graph.Config) { c.Endpoint = "http://127.0.0.1:1" })
	_, err := client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable))
	err = client.DeleteUser(t.Context(), nobody)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable))
}

func TestReadsFailAsUnavailableAndHeal(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	id := tenant.AddGuest("ada@partner.example", "Ada")
	tenant.Outage(true)
	_, err := client.GetUser(t.Context(), id)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable))
	_, err = client.FindByAddress(t.Context(), "ada@partner.example")
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable))
	tenant.Outage(false)
	_, err = client.GetUser(t.Context(), id)
	g.Expect(err).NotTo(HaveOccurred())
}

func TestANewUserIsNotThereOnALaggingReplica(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "g"})
	tenant.SetLag(graphsim.Lag{Reads: graphsim.Replication{Misses: 2}, Writes: graphsim.Replication{Misses: 1}})
	invited, err := client.Invite(ctx, invitationTo("ada@partner.example"))
	g.Expect(err).NotTo(HaveOccurred())

	err = client.AddMembers(ctx, group, []string{invited.UserID})
	g.Expect(directory.HasDetail(err, directory.ReferenceNotReady)).To(BeTrue(), "%v", err)
	_, err = client.GetUser(ctx, invited.UserID)
	g.Expect(directory.IsNotFound(err)).To(BeTrue())
	found, err := client.FindByAddress(ctx, "ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found.Users).To(BeEmpty())

	_, err = client.GetUser(ctx, invited.UserID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.AddMembers(ctx, group, []string{invited.UserID})).To(Succeed())
}

func TestAThrottledTenantIsLeftAloneUntilItMayBeAsked(t *testing.T) {
	for _, header := range []string{"2", "2.5", "", "date"} {
		t.Run("Retry-After "+header, func(t *testing.T) {
			g := NewWithT(t)
			var passed atomic.Int64
			start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
			now := func() time.Time { return start.Add(time.Duration(passed.Load())) }
			tenant, client := tenantAndClientAt(t, now)
			if header == "date" {
				header = start.Add(30 * time.Second).Format(http.TimeFormat)
			}
			id := tenant.AddGuest("ada@partner.example", "Ada")
			tenant.Inject(graphsim.Fault{Times: 1, Effect: graphsim.Throttle(header)})

			_, err := client.GetUser(t.Context(), id)
			g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
			wait := directory.RetryAfter(err)
			g.Expect(wait).To(BeNumerically(">", time.Second))
			_, err = client.Invite(t.Context(), invitationTo("bob@partner.example"))
			g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
			g.Expect(directory.RetryAfter(err)).To(Equal(wait))
			g.Expect(tenant.Ledger().Requests).To(Equal(1))

			passed.Store(int64(wait - time.Millisecond))
			_, err = client.GetUser(t.Context(), id)
			g.Expect(directory.RetryAfter(err)).To(Equal(time.Millisecond))
			passed.Store(int64(wait))
			_, err = client.GetUser(t.Context(), id)
			g.Expect(err).NotTo(HaveOccurred())
		})
	}
}

// TestNoSecretAndNoAddressIsLogged runs everything at the highest verbosity, odd answers included, and looks for what must not be
// there.
func TestNoSecretAndNoAddressIsLogged(t *testing.T) {
	g := NewWithT(t)
	var mu sync.Mutex
	var lines []string
	logger := funcr.New(func(prefix, args string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, prefix+" "+args)
	}, funcr.Options{Verbosity: 1000})
	tenant, client := tenantAndClient(t, func(c *graph.Config) { c.Logger = logger.WithSink(logger.GetSink()) })
	ctx := logr.NewContext(t.Context(), logger)

	asked := invitationTo("ada@partner.example")
	asked.WantRedeemURL = true
	invited, err := client.Invite(ctx, asked)
	g.Expect(err).NotTo(HaveOccurred())
	logger.Info("Invited", "invited", invited, "url", invited.RedeemURL)
	link := invited.RedeemURL.Reveal()
	odd := fmt.Sprintf(`{"invitedUser":{"id":%q,"createdDateTime":%q},"inviteRedeemUrl":%q}`, link, link, link)
	tenant.Inject(graphsim.Fault{Method: http.MethodPost, Path: "/invitations", Times: 1, Effect: graphsim.AfterCommit(graphsim.Respond(201, "application/json", odd))})
	_, err = client.Invite(ctx, asked)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.OutcomeUnknown))
	logger.Error(err, "Inviting failed")
	_, err = client.FindByAddress(ctx, "ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	tenant.Outage(true)
	_, err = client.FindByAddress(ctx, "ada@partner.example")
	logger.Error(err, "Finding failed")

	text := strings.Join(lines, "\n")
	g.Expect(text).To(ContainSubstring(`"operation"="Invite"`))
	g.Expect(text).To(ContainSubstring("requestID"))
	_, ticket, _ := strings.Cut(link, "ticket")
	for _, secret := range []string{link, ticket, "partner.example", "Bearer", "simulator"} {
		g.Expect(text).NotTo(ContainSubstring(secret))
	}
}
