package graph

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(r *http.Request, status int, body string, headers ...string) *http.Response {
	header := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r, ContentLength: int64(len(body))}
}

// hangUp reads the request and then breaks the connection without an answer.
func hangUp(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.(*net.TCPConn).SetLinger(0)
		connection.Close()
	}
}

func TestAWriteIsInDoubtOnlyIfItCanHaveBeenSent(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	plain := httptest.NewServer(answer(201, "{}"))
	t.Cleanup(plain.Close)

	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		change  func(*Config)
		class   directory.Class
	}{
		"connection refused": {nil, func(c *Config) { c.Endpoint = closed.URL }, directory.Unavailable},
		"no TLS on the other side": {nil, func(c *Config) {
			c.Endpoint = strings.Replace(plain.URL, "http:", "https:", 1)
			c.Credential = StaticToken("x")
		}, directory.Unavailable},
		"connection reset":          {hangUp, nil, directory.OutcomeUnknown},
		"no answer in time":         {hang, func(c *Config) { c.RequestTimeout = 50 * time.Millisecond }, directory.OutcomeUnknown},
		"answer cut short":          {answer(201, `{"invitedUser":{"id":"`+userID+`"}}`, "Content-Length", "4096"), nil, directory.OutcomeUnknown},
		"success that says nothing": {answer(201, ""), nil, directory.OutcomeUnknown},
		"success without a user":    {answer(201, `{"inviteRedeemUrl":"https://login.example/redeem"}`), nil, directory.OutcomeUnknown},
		"a transport that fails and does not say when": {nil, func(c *Config) {
			c.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
		}, directory.OutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			change := tt.change
			if change == nil {
				change = func(*Config) {}
			}
			_, err := clientOf(t, tt.handler, change).Invite(context.Background(), ada)
			g.Expect(err).To(HaveOccurred())
			g.Expect(directory.ClassOf(err)).To(Equal(tt.class), "%v", err)
		})
	}
}

func TestACallerThatGivesUpLeavesAWriteInDoubtOnceItIsSent(t *testing.T) {
	g := NewWithT(t)
	arrived := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	client := clientOf(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	}))
	go func() { <-arrived; cancel() }()
	_, err := client.Invite(ctx, ada)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.OutcomeUnknown))
	g.Expect(err).To(MatchError(context.Canceled))

	_, err = client.Invite(ctx, ada)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable), "cancelled before anything was sent")
}

func TestNoRequestIsEverRepeated(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"429":                      answer(429, ""),
		"500":                      answer(500, ""),
		"503":                      answer(503, ""),
		"504":                      answer(504, ""),
		"401":                      refusing(401, "InvalidAuthenticationToken", "x"),
		"415":                      answer(415, ""),
		"301":                      answer(301, "", "Location", "/v1.0/elsewhere"),
		"302":                      answer(302, "", "Location", "/v1.0/elsewhere"),
		"307":                      answer(307, "", "Location", "/v1.0/elsewhere"),
		"308":                      answer(308, "", "Location", "/v1.0/elsewhere"),
		"reset":                    hangUp,
		"unreadable":               answer(201, "<html>"),
		"challenge without claims": answer(401, "", "WWW-Authenticate", `Bearer realm="", error="invalid_token"`),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			seen := &counting{Handler: handler}
			_, err := clientOf(t, seen).Invite(context.Background(), ada)
			g.Expect(err).To(HaveOccurred())
			g.Expect(seen.seen()).To(Equal([]string{"POST /v1.0/invitations"}))
		})
	}
}

func TestAReusedConnectionThatDiesDoesNotRepeatAWrite(t *testing.T) {
	g := NewWithT(t)
	var posts atomic.Int32
	client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
			hangUp(w, r)
			return
		}
		answer(200, `{"id":"`+userID+`"}`)(w, r)
	}))
	_, err := client.GetUser(context.Background(), userID)
	g.Expect(err).NotTo(HaveOccurred())
	err = client.AddMembers(context.Background(), groupID, []string{userID})
	g.Expect(directory.ClassOf(err)).To(Equal(directory.OutcomeUnknown))
	g.Expect(posts.Load()).To(Equal(int32(1)))
}

func TestRequestsAreUncompressedAndOfKnownLength(t *testing.T) {
	g := NewWithT(t)
	var got *http.Request
	var body []byte
	client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, body = r, nil
		body, _ = io.ReadAll(r.Body)
		answer(201, `{"invitedUser":{"id":"`+userID+`"},"inviteRedeemUrl":"https://login.example/redeem"}`)(w, r)
	}))
	invited, err := client.Invite(context.Background(), directory.Invitation{
		EmailAddress: "ada@partner.example", DisplayName: "Ada", UserType: directory.UserTypeGuest,
		RedirectURL: "https://wiki.example", SendMessage: true, Language: "en-GB", WantRedeemURL: true,
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(invited.UserID).To(Equal(userID))
	g.Expect(invited.RedeemURL.Reveal()).To(Equal("https://login.example/redeem"))
	g.Expect(got.Header.Get("Content-Encoding")).To(BeEmpty())
	g.Expect(got.ContentLength).To(Equal(int64(len(body))))
	g.Expect(got.Header.Values("client-request-id")).To(HaveLen(1))
	g.Expect(got.Header.Get("User-Agent")).To(Equal("entra-guest-operator"))
	g.Expect(body).To(MatchJSON(`{"invitedUserEmailAddress":"ada@partner.example","invitedUserDisplayName":"Ada","invitedUserType":"Guest",
		"inviteRedirectUrl":"https://wiki.example","sendInvitationMessage":true,"invitedUserMessageInfo":{"messageLanguage":"en-GB"}}`))
}

func TestTheLinkIsReadFromTheAnswerOnlyWhereItIsWanted(t *testing.T) {
	g := NewWithT(t)
	seen := &recording{Handler: answer(201, `{"invitedUser":{"id":"`+userID+`"},"inviteRedeemUrl":"https://login.example/redeem"}`)}
	invitation := ada
	invitation.Body, invitation.CcRecipients = "Welcome!", []string{"owner@contoso.example"}
	invitation.Sponsors = []directory.SponsorRef{{ID: otherID, Kind: directory.SponsorUser}, {ID: groupID, Kind: directory.SponsorGroup}}
	invited, err := clientOf(t, seen).Invite(context.Background(), invitation)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(invited).To(Equal(directory.Invited{UserID: userID}))
	g.Expect(seen.only(g).body).To(MatchJSON(`{"invitedUserEmailAddress":"ada@partner.example","inviteRedirectUrl":"https://myapps.microsoft.com",
		"sendInvitationMessage":true,"invitedUserSponsors":[{"id":"` + otherID + `"},{"id":"` + groupID + `"}],"invitedUserMessageInfo":{
		"customizedMessageBody":"Welcome!","ccRecipients":[{"emailAddress":{"address":"owner@contoso.example"}}]}}`))
}

func TestEveryRequestIsObservedOnceWithoutIDsOrAddresses(t *testing.T) {
	g := NewWithT(t)
	var calls calls
	seen := &counting{Handler: answer(200, `{"id":"`+userID+`","value":[],"invitedUser":{"id":"`+userID+`"}}`)}
	client := clientOf(t, seen, func(c *Config) { c.Observe = calls.observe })
	everything(context.Background(), client)
	all := slices.DeleteFunc(calls.all(), func(call Call) bool { return call.Operation == string(batch) })
	g.Expect(all).To(HaveLen(seen.count()))
	for _, call := range all {
		g.Expect(call.Operation).To(MatchRegexp(`^[A-Z][A-Za-z]+$`))
		g.Expect(call.Operation).NotTo(Equal("Other"))
		g.Expect(call.Status).To(Equal(200))
		g.Expect(writes(call.Method)).To(Equal(isWrite(operation(call.Operation))), call.Operation)
	}
}

func TestAFailedConnectionIsSaidInWordsThatStayTheSame(t *testing.T) {
	g := NewWithT(t)
	client := clientOf(t, http.HandlerFunc(hangUp))
	_, first := client.GetUser(context.Background(), userID)
	_, second := client.GetUser(context.Background(), userID)
	g.Expect(first).To(MatchError(ContainSubstring("127.0.0.1")))
	g.Expect(first.Error()).To(Equal(second.Error()))
	_, err := client.FindByAddress(context.Background(), "ada@partner.example")
	g.Expect(err.Error()).NotTo(ContainSubstring("partner"))
}

func TestARequestEndsWithinTheTimeoutThatTheCallerIsTold(t *testing.T) {
	g := NewWithT(t)
	client := clientOf(t, answer(200, "{}"), func(c *Config) { c.RequestTimeout = 5 * time.Second })
	g.Expect(client.Timeout()).To(Equal(5*time.Second), "a static token takes no time to get")
	var deadline time.Time
	_, err := call(context.Background(), client, getUser, func(ctx context.Context) (struct{}, error) {
		deadline, _ = ctx.Deadline()
		return struct{}{}, nil
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(deadline).To(BeTemporally("~", time.Now().Add(5*time.Second), 2*time.Second))
}
