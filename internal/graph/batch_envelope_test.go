package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// rush has one read go first, and then 0 to n-1 leave together.
func rush(c *Client, n int, call func(n int) error) []error {
	first := starting(1, func(int) { _, _ = c.GetUser(context.Background(), userID) })
	errs := callers(n, call)
	first()
	return errs
}

// answers puts the answers to items in an envelope, in any order.
func answers(some ...string) string { return `{"responses":[` + strings.Join(some, ",") + `]}` }

func TestEachCallerGetsItsOwnAnswer(t *testing.T) {
	w := &wire{}
	w.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, person(1)):
			refusing(404, "Request_ResourceNotFound", "gone")(rw, r)
		case strings.HasSuffix(r.URL.Path, person(2)):
			answer(429, "", "Retry-After", "7")(rw, r)
		case strings.HasSuffix(r.URL.Path, person(3)):
			answer(500, "<html>")(rw, r)
		case strings.HasSuffix(r.URL.Path, person(4)):
			answer(404, "")(rw, r)
		default:
			anything(rw, r)
		}
	})
	overWire(t, w, func(g *WithT, c *Client) {
		w.envelope = func(items []wireItem) string {
			var all []string
			for _, item := range slices.Backward(items) {
				recorder := httptest.NewRecorder()
				w.ServeHTTP(recorder, item.request(httptest.NewRequest(http.MethodPost, "/v1.0/$batch", nil)))
				all = append(all, itemAnswer(item.ID, recorder))
			}
			return answers(all...)
		}
		errs := rush(c, 6, get(c))
		g.Expect(w.sizes()).To(Equal([]int{0, 6}))
		g.Expect(errs[0]).NotTo(HaveOccurred(), "the user with the id that was asked for")
		g.Expect(errs[5]).NotTo(HaveOccurred())
		g.Expect(directory.IsNotFound(errs[1])).To(BeTrue())
		g.Expect(directory.RequestID(errs[1])).To(Equal("r-1"))
		g.Expect(directory.ClassOf(errs[2])).To(Equal(directory.Throttled))
		g.Expect(directory.RetryAfter(errs[2])).To(Equal(7 * time.Second))
		g.Expect(directory.ClassOf(errs[3])).To(Equal(directory.Unavailable))
		g.Expect(directory.ClassOf(errs[4])).To(Equal(directory.Unavailable), "a 404 that is not the directory's")
	})
}

func TestAnItemThatIsNotAnsweredOnceFailsAndTheOthersDoNot(t *testing.T) {
	ok := func(id string) string { return `{"id":"` + id + `","status":204}` }
	for name, tt := range map[string]string{
		"missing":         answers(ok("1"), ok("3")),
		"twice":           answers(ok("2"), ok("1"), ok("2"), ok("3")),
		"an unknown id":   answers(ok("1"), ok("7"), ok("3")),
		"a number for id": answers(ok("1"), `{"id":2,"status":204}`, ok("3")),
		"no status":       answers(ok("1"), `{"id":"2"}`, ok("3")),
		"status 99":       answers(ok("1"), `{"id":"2","status":99}`, ok("3")),
		"not an object":   answers(ok("1"), `"2"`, ok("3")),
		"null":            answers(ok("1"), `null`, ok("3")),
		"odd headers":     answers(ok("1"), `{"id":"2","status":204,"headers":[]}`, ok("3")),
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{envelope: func([]wireItem) string { return tt }}
			overWire(t, w, func(g *WithT, c *Client) {
				removed := map[string]error{}
				errs := rush(c, 3, func(n int) error { return c.DeleteUser(context.Background(), person(n)) })
				for _, item := range w.last().items {
					for n := range errs {
						if strings.HasSuffix(item.URL, person(n)) {
							removed[item.ID] = errs[n]
						}
					}
				}
				g.Expect(removed).To(HaveLen(3))
				g.Expect(removed["1"]).NotTo(HaveOccurred())
				g.Expect(removed["3"]).NotTo(HaveOccurred())
				g.Expect(directory.ClassOf(removed["2"])).To(Equal(directory.OutcomeUnknown), "%v", removed["2"])
				g.Expect(removed["2"]).To(MatchError(errNoBatch))
			})
		})
	}
}

func TestABatchThatFailsFailsEachItemAsARequestOfItsOwn(t *testing.T) {
	says := func(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) { return response(r, status, body, headers...), nil }
	}
	noConnection := func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GetConn("")
		return nil, errors.New("connection refused")
	}
	hang := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	reset := func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
	odd := func(*http.Request) (*http.Response, error) { panic("odd") }
	refused := `{"error":{"code":"Request_ResourceNotFound","message":"no such thing"}}`
	for name, tt := range map[string]struct {
		fail          func(*http.Request) (*http.Response, error)
		read, removal directory.Class
		wait          time.Duration
	}{
		"no connection":        {noConnection, directory.Unavailable, directory.Unavailable, 0},
		"reset":                {reset, directory.Unavailable, directory.OutcomeUnknown, 0},
		"no answer in time":    {hang, directory.Unavailable, directory.OutcomeUnknown, 0},
		"a panic":              {odd, directory.Unavailable, directory.OutcomeUnknown, 0},
		"500":                  {says(500, ""), directory.Unavailable, directory.OutcomeUnknown, 0},
		"504":                  {says(504, "<html>"), directory.Unavailable, directory.OutcomeUnknown, 0},
		"503 with Retry-After": {says(503, "", "Retry-After", "9"), directory.Unavailable, directory.OutcomeUnknown, 9 * time.Second},
		"429":                  {says(429, "", "Retry-After", "9"), directory.Throttled, directory.Throttled, 9 * time.Second},
		"401":                  {says(401, ""), directory.Unauthenticated, directory.Unauthenticated, 0},
		"403":                  {says(403, ""), directory.Denied, directory.Denied, 0},
		"404":                  {says(404, refused), directory.Unavailable, directory.OutcomeUnknown, 0},
		"400":                  {says(400, refused), directory.Unavailable, directory.OutcomeUnknown, 0},
		"302":                  {says(302, "", "Location", "/"), directory.Unavailable, directory.OutcomeUnknown, 0},
		"not JSON":             {says(200, "<html>"), directory.Unavailable, directory.OutcomeUnknown, 0},
		"empty":                {says(200, ""), directory.Unavailable, directory.OutcomeUnknown, 0},
		"no responses":         {says(200, "{}"), directory.Unavailable, directory.OutcomeUnknown, 0},
		"responses of a kind":  {says(200, `{"responses":7}`), directory.Unavailable, directory.OutcomeUnknown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{fail: tt.fail}
			overWire(t, w, func(g *WithT, c *Client) {
				errs := rush(c, 4, func(n int) error {
					if n%2 == 0 {
						return c.RemoveMember(context.Background(), groupID, person(n))
					}
					return get(c)(n)
				})
				g.Expect(w.sizes()).To(Equal([]int{0, 4}), "nothing is repeated")
				for n, err := range errs {
					want := []directory.Class{tt.removal, tt.read}[n%2]
					g.Expect(err).To(HaveOccurred())
					g.Expect(directory.ClassOf(err)).To(Equal(want), "%v", err)
					g.Expect(directory.RetryAfter(err)).To(Equal(tt.wait))
				}
			})
		})
	}
}

func TestWhatHasGatheredDoesNotFollowAnAnswerThatAsksToWait(t *testing.T) {
	for scope, reads := range map[string]directory.Class{
		"":                                 directory.Throttled,
		"Tenant_Application/ReadWrite/a/t": directory.Throttled,
		"Tenant_Application/Write/a/t":     directory.NotFound,
	} {
		t.Run("scope "+scope, func(t *testing.T) {
			w := &wire{}
			w.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, otherID):
					answer(429, "", "Retry-After", "7", "x-ms-throttle-scope", scope)(rw, r)
				case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/users/"):
					refusing(404, "Request_ResourceNotFound", "gone")(rw, r)
				default:
					anything(rw, r)
				}
			})
			overWire(t, w, func(g *WithT, c *Client) {
				first := starting(1, func(int) { _ = c.DeleteUser(context.Background(), otherID) })
				errs := callers(4, func(n int) error {
					if n%2 == 0 {
						return c.DeleteUser(context.Background(), person(n))
					}
					return get(c)(n)
				})
				first()
				for n, err := range errs {
					g.Expect(directory.ClassOf(err)).To(Equal([]directory.Class{directory.Throttled, reads}[n%2]), "%v", err)
				}
				for _, sent := range w.sent[1:] {
					for _, item := range sent.items {
						g.Expect(item.Method).To(Equal(http.MethodGet))
					}
				}
			})
		})
	}
}

func TestEveryItemIsObservedBesideItsBatch(t *testing.T) {
	var calls calls
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		calls.seen = nil
		rush(c, 3, get(c))
		counted := map[string]int{}
		for _, call := range calls.all() {
			counted[fmt.Sprintf("%s %s %d batched=%t", call.Operation, call.Method, call.Status, call.Batched)]++
			g.Expect(call.Duration).To(Equal(w.takes))
		}
		g.Expect(counted).To(Equal(map[string]int{
			"GetUser GET 200 batched=false": 1,
			"Batch POST 200 batched=false":  1,
			"GetUser GET 200 batched=true":  3,
		}))
	}, func(config *Config) { config.Observe = calls.observe })
}

func TestAnObserverThatPanicsHarmsNobody(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		g.Expect(rush(c, 3, get(c))).To(HaveEach(Succeed()))
		g.Expect(rush(c, 3, get(c))).To(HaveEach(Succeed()), "what was under way is over")
		g.Expect(w.sizes()).To(Equal([]int{0, 3, 0, 3}))
	}, func(config *Config) {
		config.Observe = func(call Call) {
			if call.Batched {
				panic("odd")
			}
		}
	})
}

// TestABatchOverHTTP has many callers at once on a real connection. How they are put together is left to chance.
func TestABatchOverHTTP(t *testing.T) {
	g := NewWithT(t)
	client := clientOf(t, http.HandlerFunc(anything))
	errs := make(chan error, 200)
	for n := range cap(errs) {
		go func() { errs <- get(client)(n) }()
	}
	for range cap(errs) {
		g.Expect(<-errs).NotTo(HaveOccurred(), "everybody gets the user that was asked for")
	}
}
