package graph

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

const (
	tenantID = "11111111-2222-3333-4444-555555555555"
	userID   = "aaaaaaaa-0000-0000-0000-000000000001"
	otherID  = "aaaaaaaa-0000-0000-0000-000000000002"
	groupID  = "bbbbbbbb-0000-0000-0000-000000000001"
	appID    = "cccccccc-0000-0000-0000-000000000001"
	roleID   = "dddddddd-0000-0000-0000-000000000001"
	upn      = "ada_partner.example#EXT#@contoso.example"
)

var ada = directory.Invitation{EmailAddress: "ada@partner.example", RedirectURL: "https://myapps.microsoft.com", SendMessage: true}

// clientOf is a client of a server that answers with handler, the items of a $batch one by one.
func clientOf(t *testing.T, handler http.Handler, change ...func(*Config)) *Client {
	t.Helper()
	server := httptest.NewServer(unpacking(handler))
	t.Cleanup(server.Close)
	config := Config{TenantID: tenantID, Endpoint: server.URL}
	for _, c := range change {
		c(&config)
	}
	client, err := New(config)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return client
}

// answer is a handler that always says the same.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// refusing answers with Graph's error envelope.
func refusing(status int, code, message string) http.HandlerFunc {
	return answer(status, fmt.Sprintf(`{"error":{"code":%q,"message":%q,"innerError":{"date":"2025-02-13T10:17:06","request-id":"r-1","client-request-id":"c-1"}}}`, code, message))
}

// counting counts the requests that reach the handler.
type counting struct {
	http.Handler
	mu    sync.Mutex
	paths []string
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.paths = append(c.paths, r.Method+" "+r.URL.Path)
	c.mu.Unlock()
	c.Handler.ServeHTTP(w, r)
}

// seen gives the requests so far. A handler may still be at work when its client has given up.
func (c *counting) seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.paths)
}

func (c *counting) count() int { return len(c.seen()) }

// fakeClock stands still until it is told otherwise.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newFakeClock() *fakeClock { return &fakeClock{now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// canary is a listener that must not be spoken to.
type canary struct {
	listener net.Listener
	mu       sync.Mutex
	heard    int
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	c := &canary{listener: listener}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.heard++
			c.mu.Unlock()
			connection.Close()
		}
	}()
	return c
}

func (c *canary) url(path string) string { return "http://" + c.listener.Addr().String() + path }

// connections is 0 where nothing was sent: not even a connection was made.
func (c *canary) connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard
}

// everything runs each method that sends requests, and gives the errors by operation.
func everything(ctx context.Context, c *Client) map[operation]error {
	errs := map[operation]error{}
	_, errs[findUsers] = c.FindByAddress(ctx, "ada@partner.example")
	_, errs[getUser] = c.GetUser(ctx, userID)
	_, errs[getDeletedUser] = c.GetDeletedUser(ctx, userID)
	errs[deleteUser] = c.DeleteUser(ctx, userID)
	_, errs[invite] = c.Invite(ctx, ada)
	_, errs[getGroup] = c.GetGroup(ctx, groupID)
	_, errs[findGroups] = c.FindGroups(ctx, "partners")
	_, errs[isMember] = c.IsMember(ctx, groupID, userID)
	errs[addMember] = c.AddMembers(ctx, groupID, []string{userID})
	errs[addMembers] = c.AddMembers(ctx, groupID, []string{userID, otherID})
	_, errs[restoreUser] = c.RestoreUser(ctx, userID)
	errs[updateProfile] = c.UpdateProfile(ctx, userID, directory.ProfileChanges{directory.Department: "R&D"})
	errs[disableUser] = c.SetAccountEnabled(ctx, userID, false)
	errs[enableUser] = c.SetAccountEnabled(ctx, userID, true)
	errs[revokeSessions] = c.RevokeSignInSessions(ctx, userID)
	_, errs[getUserByName] = c.GetUserByName(ctx, upn)
	_, errs[listSponsors] = c.ListSponsors(ctx, userID)
	errs[addSponsor] = c.AddSponsor(ctx, userID, directory.SponsorRef{ID: otherID, Kind: directory.SponsorUser})
	errs[removeSponsor] = c.RemoveSponsor(ctx, userID, otherID)
	_, errs[getServicePrincipal] = c.GetServicePrincipal(ctx, appID)
	_, errs[findServicePrincipals] = c.FindServicePrincipals(ctx, "wiki")
	_, errs[listAppRoles] = c.ListAppRoleAssignments(ctx, userID, appID)
	_, errs[grantAppRole] = c.GrantAppRole(ctx, appID, userID, roleID)
	errs[revokeAppRole] = c.RevokeAppRole(ctx, appID, "5TDjzVAhEUycWxS_3JSMeY-oHkjrWvBKi7aIZwYGQzg")
	errs[removeMember] = c.RemoveMember(ctx, groupID, userID)
	errs[listGuests] = c.ListGuests(ctx, func([]directory.User) error { return nil })
	errs[listMembers] = c.ListMembers(ctx, groupID, func([]string) error { return nil })
	errs[listPending] = c.ListPending(ctx, func([]directory.User) error { return nil })
	_, errs[latestUsers] = c.LatestUsers(ctx)
	_, errs[userChanges] = c.UserChanges(ctx, deltaLink(c), func([]directory.UserChange) error { return nil })
	_, errs[latestMembers] = c.LatestMembers(ctx, []string{groupID})
	_, errs[memberChanges] = c.MemberChanges(ctx, deltaLink(c), func([]directory.MemberChange) error { return nil })
	_, errs[getOrganization] = c.Organization(ctx)
	_, errs[getPolicy] = c.AllowInvitesFrom(ctx)
	return errs
}

// deltaLink is one that the client may follow.
func deltaLink(c *Client) directory.DeltaLink {
	return directory.DeltaLink(c.base + "/users/delta?$deltatoken=x")
}

func isWrite(op operation) bool {
	switch op {
	case invite, deleteUser, addMember, addMembers, removeMember, batch, updateProfile, disableUser, enableUser, revokeSessions,
		restoreUser, addSponsor, removeSponsor, grantAppRole, revokeAppRole:
		return true
	}
	return false
}
