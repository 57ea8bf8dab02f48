package graph

import (
	"context"
	"net/http"
	"strings"
	"testing"

	kiotahttp "github.com/microsoft/kiota-http-go"
	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestANextLinkToAnotherHostIsNotFollowed(t *testing.T) {
	canary := newCanary(t)
	for name, link := range map[string]string{
		"other host":     canary.url("/v1.0/users?$skiptoken=x"),
		"userinfo":       strings.Replace(canary.url("/v1.0/users"), "http://", "http://graph.microsoft.com@", 1),
		"other scheme":   strings.Replace(canary.url("/v1.0/users"), "http://", "https://", 1),
		"file":           "file:///etc/passwd",
		"no scheme":      "//" + canary.listener.Addr().String() + "/v1.0/users",
		"not even a URL": "://",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			seen := &counting{Handler: answer(200, `{"value":[],"@odata.nextLink":"`+link+`"}`)}
			client := clientOf(t, seen)
			err := client.ListGuests(context.Background(), func([]directory.User) error { return nil })
			g.Expect(err).To(HaveOccurred())
			g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable))
			g.Expect(client.ListMembers(context.Background(), groupID, func([]string) error { return nil })).NotTo(Succeed())
			g.Expect(seen.count()).To(Equal(2))
			g.Expect(canary.connections()).To(BeZero())
		})
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	g := NewWithT(t)
	canary := newCanary(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		client := clientOf(t, answer(status, "", "Location", canary.url("/v1.0/users")))
		for op, err := range everything(context.Background(), client) {
			g.Expect(err).To(HaveOccurred(), "%s", op)
		}
	}
	g.Expect(canary.connections()).To(BeZero())
}

type tokenSpy struct {
	staticToken
	asked int
}

func (s *tokenSpy) token(context.Context, string) (string, error) { s.asked++; return "secret", nil }

func TestNoTokenIsAskedForARequestToAnotherHost(t *testing.T) {
	where, err := Config{}.site()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for url, allowed := range map[string]bool{
		"https://graph.microsoft.com/v1.0/users":           true,
		"https://GRAPH.microsoft.com/v1.0/users":           true,
		"http://graph.microsoft.com/v1.0/users":            false,
		"https://graph.microsoft.com:8443/v1.0/users":      false,
		"https://graph.microsoft.com.evil.example/v1.0":    false,
		"https://graph.microsoft.us/v1.0/users":            false,
		"https://x@graph.microsoft.com/v1.0/users":         false,
		"https://evil.example/https://graph.microsoft.com": false,
	} {
		g := NewWithT(t)
		spy, sent := &tokenSpy{}, 0
		base := roundTripper(func(r *http.Request) (*http.Response, error) { sent++; return response(r, 200, "{}"), nil })
		transport := kiotahttp.NewCustomTransportWithParentTransport(base, middlewares(Config{}.withDefaults(), where, spy)...)
		request, err := http.NewRequest(http.MethodGet, url, nil)
		g.Expect(err).NotTo(HaveOccurred())
		_, err = transport.RoundTrip(request)
		if allowed {
			g.Expect(err).NotTo(HaveOccurred(), url)
			g.Expect([]int{spy.asked, sent}).To(Equal([]int{1, 1}), url)
			continue
		}
		g.Expect(err).To(MatchError(errForeignHost), url)
		g.Expect([]int{spy.asked, sent}).To(Equal([]int{0, 0}), url)
	}
}

func TestListingsAreBounded(t *testing.T) {
	list := func(c *Client) error {
		return c.ListGuests(context.Background(), func([]directory.User) error { return nil })
	}
	t.Run("a next link that repeats ends the listing", func(t *testing.T) {
		g := NewWithT(t)
		seen := &counting{}
		seen.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer(200, `{"value":[],"@odata.nextLink":"http://`+r.Host+`/v1.0/users?$skiptoken=same"}`)(w, r)
		})
		err := list(clientOf(t, seen))
		g.Expect(err).To(MatchError(ContainSubstring("followed before")))
		g.Expect(seen.count()).To(Equal(2))
	})
	t.Run("links without end end the listing", func(t *testing.T) {
		g := NewWithT(t)
		n := 0
		client := clientOf(t, nil, func(c *Config) {
			c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				n++
				body := `{"value":[],"@odata.nextLink":"` + r.URL.Scheme + "://" + r.URL.Host + "/v1.0/users?$skiptoken=" + strings.Repeat("x", n) + `"}`
				return response(r, 200, body, "Content-Type", "application/json"), nil
			})
		})
		g.Expect(list(client)).To(MatchError(ContainSubstring("more than 2000 pages")))
		g.Expect(n).To(Equal(maxPages))
	})
	t.Run("a page without values is not an empty page", func(t *testing.T) {
		g := NewWithT(t)
		g.Expect(list(clientOf(t, answer(200, `{}`)))).To(MatchError(ContainSubstring("without values")))
		g.Expect(list(clientOf(t, answer(200, `{"value":null}`)))).NotTo(Succeed())
		g.Expect(list(clientOf(t, answer(200, `{"value":[]}`)))).To(Succeed())
	})
	t.Run("an answer larger than 32 MiB is refused", func(t *testing.T) {
		g := NewWithT(t)
		client := clientOf(t, answer(200, `{"value":[],"x":"`+strings.Repeat("x", maxAnswer)+`"}`))
		g.Expect(list(client)).To(MatchError(ContainSubstring("more than 32 MiB")))
	})
}
