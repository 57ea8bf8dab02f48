package graph

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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
