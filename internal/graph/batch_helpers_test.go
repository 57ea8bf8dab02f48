package graph

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
)

// unpacking has a handler see the items of a $batch as requests, one after the other.
func unpacking(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isBatch(r) {
			handler.ServeHTTP(w, r)
			return
		}
		var answers []string
		for _, item := range itemsOf(r) {
			recorder := &itemRecorder{ResponseRecorder: httptest.NewRecorder(), outer: w}
			handler.ServeHTTP(recorder, item.request(r))
			if recorder.hijacked {
				return
			}
			answers = append(answers, itemAnswer(item.ID, recorder.ResponseRecorder))
		}
		answer(200, `{"responses":[`+strings.Join(answers, ",")+`]}`)(w, r)
	})
}

func isBatch(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, batchPath)
}

// itemsOf reads a $batch as the documentation describes it and not with the types of the client.
func itemsOf(r *http.Request) []wireItem {
	var envelope struct{ Requests []wireItem }
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&envelope); err != nil {
		panic(err)
	}
	return envelope.Requests
}

type wireItem struct {
	ID, Method, URL string
	Headers         map[string]string
}

func (i wireItem) request(outer *http.Request) *http.Request {
	root, _ := strings.CutSuffix(outer.URL.Path, batchPath)
	request := httptest.NewRequestWithContext(outer.Context(), i.Method, root+i.URL, nil)
	request.Host = outer.Host
	for name, value := range i.Headers {
		request.Header.Set(name, value)
	}
	return request
}

func itemAnswer(id string, answered *httptest.ResponseRecorder) string {
	headers := map[string]string{}
	for name := range answered.Header() {
		headers[name] = answered.Header().Get(name)
	}
	said, _ := json.Marshal(headers)
	body := strings.TrimSpace(answered.Body.String())
	switch {
	case body == "":
		body = "null"
	case !json.Valid([]byte(body)):
		quoted, _ := json.Marshal(body)
		body = string(quoted)
	}
	return fmt.Sprintf(`{"id":%q,"status":%d,"headers":%s,"body":%s}`, id, answered.Code, said, body)
}

// itemRecorder lets a handler break the connection.
type itemRecorder struct {
	*httptest.ResponseRecorder
	outer    http.ResponseWriter
	hijacked bool
}

func (r *itemRecorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.hijacked = true
	return r.outer.(http.Hijacker).Hijack()
}

// calls keeps what was observed.
type calls struct {
	mu   sync.Mutex
	seen []Call
}

func (c *calls) observe(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, call)
}

func (c *calls) all() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call{}, c.seen...)
}

// wire is a connection to a directory in memory, in time that passes only while everybody waits.
type wire struct {
	http.Handler
	// takes is how long an HTTP request takes; hangs are paths of which one never ends by itself.
	takes time.Duration
	hangs string
	// fail is how the HTTP request of a $batch fails; envelope answers it instead of its items one by one.
	fail     func(*http.Request) (*http.Response, error)
	envelope func(items []wireItem) string

	mu   sync.Mutex
	sent []sending
}

// sending is an HTTP request: a path, or the items of a $batch.
type sending struct {
	path  string
	items []wireItem
	at    time.Time
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := sending{path: r.Method + " " + r.URL.Path, at: time.Now()}
	body := []byte{}
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	if isBatch(r) {
		r.Body = io.NopCloser(bytes.NewReader(body))
		sent.items = itemsOf(r)
	}
	w.mu.Lock()
	w.sent = append(w.sent, sent)
	w.mu.Unlock()
	if isBatch(r) && w.fail != nil {
		return w.fail(r)
	}
	end := time.After(w.takes)
	if w.hangs != "" && strings.Contains(r.URL.Path, w.hangs) {
		end = nil
	}
	select {
	case <-end:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	recorder := httptest.NewRecorder()
	if isBatch(r) && w.envelope != nil {
		answer(200, w.envelope(sent.items))(recorder, r)
	} else {
		r.Body = io.NopCloser(bytes.NewReader(body))
		unpacking(w.Handler).ServeHTTP(recorder, r)
	}
	result := recorder.Result()
	if result.Header.Get("Date") == "" {
		result.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	return result, nil
}

// sizes are how many requests each HTTP request was for; 0 is one that was sent as it is.
func (w *wire) sizes() (sizes []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, sent := range w.sent {
		sizes = append(sizes, len(sent.items))
	}
	return sizes
}

// last is the HTTP request that was sent last.
func (w *wire) last() sending {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[len(w.sent)-1]
}

// overWire runs a test with a client of this directory, which has been answered once: the first request goes alone in any case.
func overWire(t *testing.T, w *wire, test func(g *WithT, c *Client), change ...func(*Config)) {
	t.Helper()
	if w.Handler == nil {
		w.Handler = http.HandlerFunc(anything)
	}
	if w.takes == 0 {
		w.takes = 100 * time.Millisecond
	}
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		config := Config{TenantID: tenantID, Endpoint: "http://127.0.0.1:1", Transport: w}
		for _, c := range change {
			c(&config)
		}
		client, err := New(config)
		g.Expect(err).NotTo(HaveOccurred())
		_, err = client.AllowInvitesFrom(t.Context())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(client.RemoveMember(t.Context(), groupID, userID)).To(Succeed())
		w.sent = nil
		test(g, client)
	})
}

// anything answers every request as asked: with the object of the id in its path, an empty list, or nothing.
func anything(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodDelete || r.Method == http.MethodPatch || strings.HasSuffix(r.URL.Path, "/members/$ref"):
		answer(204, "")(w, r)
	case r.Method == http.MethodPost:
		answer(201, `{"invitedUser":{"id":"`+userID+`"}}`)(w, r)
	default:
		answer(200, `{"id":"`+path.Base(r.URL.Path)+`","value":[]}`)(w, r)
	}
}

// person is the id of one of many users.
func person(n int) string { return fmt.Sprintf("cccccccc-0000-0000-0000-%012d", n) }

// callers runs n callers at the same time, and gives their errors once all are back.
func callers(n int, call func(n int) error) []error {
	errs := make([]error, n)
	wait := starting(n, func(n int) { errs[n] = call(n) })
	wait()
	return errs
}

// starting starts n callers, has them come as far as they can, and gives the way to wait for their end.
func starting(n int, call func(n int)) (wait func()) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { call(i) })
	}
	synctest.Wait()
	return all.Wait
}
