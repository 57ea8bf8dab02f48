package graph

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// recording keeps the requests that reach the handler, bodies included.
type recording struct {
	http.Handler
	mu   sync.Mutex
	sent []sentRequest
}

type sentRequest struct{ line, body string }

func (r *recording) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	r.sent = append(r.sent, sentRequest{request.Method + " " + request.URL.RequestURI(), string(body)})
	r.mu.Unlock()
	r.Handler.ServeHTTP(w, request)
}

// only is the one request that was sent.
func (r *recording) only(g Gomega) sentRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	g.Expect(r.sent).To(HaveLen(1))
	return r.sent[0]
}

const assignmentID = "5TDjzVAhEUycWxS_3JSMeY-oHkjrWvBKi7aIZwYGQzg"

func TestAWriteSendsWhatItIsForAndNothingElse(t *testing.T) {
	ctx := context.Background()
	user, sponsor := "/v1.0/users/"+userID, directory.SponsorRef{ID: otherID, Kind: directory.SponsorUser}
	for name, tt := range map[string]struct {
		do         func(*Client) error
		line, body string
	}{
		"a profile": {
			func(c *Client) error {
				return c.UpdateProfile(ctx, userID, directory.ProfileChanges{directory.Department: `R&D "x"`, directory.UsageLocation: "DE"})
			},
			"PATCH " + user, `{"department":"R&D \"x\"","usageLocation":"DE"}`},
		"a property that is cleared": {
			func(c *Client) error {
				return c.UpdateProfile(ctx, userID, directory.ProfileChanges{directory.CompanyName: "", directory.JobTitle: "x"})
			},
			"PATCH " + user, `{"companyName":null,"jobTitle":"x"}`},
		"a block":          {func(c *Client) error { return c.SetAccountEnabled(ctx, userID, false) }, "PATCH " + user, `{"accountEnabled":false}`},
		"a block's end":    {func(c *Client) error { return c.SetAccountEnabled(ctx, userID, true) }, "PATCH " + user, `{"accountEnabled":true}`},
		"sessions revoked": {func(c *Client) error { return c.RevokeSignInSessions(ctx, userID) }, "POST " + user + "/revokeSignInSessions", ""},
		"a user as sponsor": {func(c *Client) error { return c.AddSponsor(ctx, userID, sponsor) },
			"POST " + user + "/sponsors/$ref", `{"@odata.id":"ROOT/users/` + otherID + `"}`},
		"a group as sponsor": {
			func(c *Client) error {
				return c.AddSponsor(ctx, userID, directory.SponsorRef{ID: groupID, Kind: directory.SponsorGroup})
			},
			"POST " + user + "/sponsors/$ref", `{"@odata.id":"ROOT/groups/` + groupID + `"}`},
		"a sponsor less": {func(c *Client) error { return c.RemoveSponsor(ctx, userID, otherID) },
			"DELETE " + user + "/sponsors/" + otherID + "/$ref", ""},
		"an app role less": {func(c *Client) error { return c.RevokeAppRole(ctx, appID, assignmentID) },
			"DELETE /v1.0/servicePrincipals/" + appID + "/appRoleAssignedTo/" + assignmentID, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g, seen := NewWithT(t), &recording{Handler: answer(204, "")}
			client := clientOf(t, seen)
			g.Expect(tt.do(client)).To(Succeed())
			g.Expect(seen.only(g).line).To(Equal(tt.line))
			if tt.body == "" {
				g.Expect(seen.only(g).body).To(BeEmpty())
				return
			}
			g.Expect(seen.only(g).body).To(MatchJSON(rooted(tt.body, client)))
		})
	}
}

func TestWhatCannotBeMeantIsNeverSent(t *testing.T) {
	ctx := context.Background()
	bad := map[string]func(*Client) error{
		"no property": func(c *Client) error { return c.UpdateProfile(ctx, userID, nil) },
		"another property": func(c *Client) error {
			return c.UpdateProfile(ctx, userID, directory.ProfileChanges{"userType": "Member"})
		},
		"a sponsor of a kind": func(c *Client) error { return c.AddSponsor(ctx, userID, directory.SponsorRef{ID: otherID}) },
		"an assignment's id":  func(c *Client) error { return c.RevokeAppRole(ctx, appID, "../x") },
		"no assignment":       func(c *Client) error { return c.RevokeAppRole(ctx, appID, "") },
		"an invitation's sponsor": func(c *Client) error {
			_, err := c.Invite(ctx, directory.Invitation{EmailAddress: "x@y.example", Sponsors: []directory.SponsorRef{{ID: "me", Kind: directory.SponsorUser}}})
			return err
		},
	}
	for _, id := range []string{"", "me", "ada@partner.example", userID + "/x", "../" + userID} {
		bad["a user "+id] = func(c *Client) error {
			return c.UpdateProfile(ctx, id, directory.ProfileChanges{directory.JobTitle: "x"})
		}
		bad["to enable "+id] = func(c *Client) error { return c.SetAccountEnabled(ctx, id, true) }
		bad["sessions of "+id] = func(c *Client) error { return c.RevokeSignInSessions(ctx, id) }
		bad["to restore "+id] = func(c *Client) error { _, err := c.RestoreUser(ctx, id); return err }
		bad["a sponsor "+id] = func(c *Client) error { return c.RemoveSponsor(ctx, userID, id) }
		bad["an application "+id] = func(c *Client) error { _, err := c.GetServicePrincipal(ctx, id); return err }
		bad["a role "+id] = func(c *Client) error { _, err := c.GrantAppRole(ctx, appID, userID, id); return err }
		bad["roles of "+id] = func(c *Client) error { _, err := c.ListAppRoleAssignments(ctx, id, appID); return err }
	}
	for _, name := range []string{"", "me", userID, "@", "a@", "@b", "a/b@c", `a\b@c`, "a b@c", "a@b@c", "../a@b/..", "a@b\n"} {
		bad["the name "+name] = func(c *Client) error { _, err := c.GetUserByName(ctx, name); return err }
	}
	g, seen := NewWithT(t), &counting{Handler: answer(200, "{}")}
	client := clientOf(t, seen)
	for name, do := range bad {
		g.Expect(directory.Is(do(client), directory.Invalid)).To(BeTrue(), name)
	}
	g.Expect(seen.count()).To(BeZero())
}

func TestSessionsThatWereNotRevokedAreNoSuccess(t *testing.T) {
	g := NewWithT(t)
	err := clientOf(t, answer(200, `{"value":false}`)).RevokeSignInSessions(t.Context(), userID)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.OutcomeUnknown))
	g.Expect(clientOf(t, answer(200, `{"value":true}`)).RevokeSignInSessions(t.Context(), userID)).To(Succeed())
}

func TestARestoredUserIsCompleteOrAnIDAlone(t *testing.T) {
	complete := `"userPrincipalName":"` + upn + `","userType":"Guest","accountEnabled":false,"createdDateTime":"2026-01-02T03:04:05Z","identities":[]`
	for name, tt := range map[string]struct {
		body, want string
	}{
		"all of it": {`{"@odata.type":"#microsoft.graph.user","id":"` + userID + `",` + complete + `}`, upn},
		"what Graph gives unless it is told what to give": {
			`{"@odata.type":"#microsoft.graph.user","id":"` + userID + `","userPrincipalName":"` + upn + `"}`, ""},
		"an object of no type": {`{"id":"` + userID + `",` + complete + `}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g, seen := NewWithT(t), &recording{Handler: answer(200, tt.body)}
			restored, err := clientOf(t, seen).RestoreUser(t.Context(), userID)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(restored.ID).To(Equal(userID))
			g.Expect(restored.UserPrincipalName).To(Equal(tt.want))
			g.Expect(seen.only(g)).To(Equal(sentRequest{"POST /v1.0/directory/deletedItems/" + userID + "/restore", ""}))
		})
	}
	g := NewWithT(t)
	_, err := clientOf(t, answer(200, `{"id":"`+otherID+`"}`)).RestoreUser(t.Context(), userID)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.OutcomeUnknown), "somebody else")
}
