package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// The envelope of a $batch. Microsoft's own (package msgraphgocore) is sent through a request adapter, from the top of the
// pipeline, and gives errors that have lost the answer's headers; here each item has to become an *http.Response again.
// https://learn.microsoft.com/graph/json-batching

const batchPath = "/$batch"

type batchRequest struct {
	Requests []batchItem `json:"requests"`
}

type batchItem struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
}

// batchResponse has its items undecoded: one that is odd must not spoil the others.
type batchResponse struct {
	Responses []json.RawMessage `json:"responses"`
}

type batchAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// itemHeaders are the headers that mean something to the service behind the gateway that unpacks a $batch.
func itemHeaders() []string {
	return []string{"Accept", "ConsistencyLevel", "x-ms-throttle-priority", "client-request-id"}
}

// relative gives a request's URL below the version's root, encoded as it is.
func (b *batcher) relative(request *http.Request) (string, bool) {
	path, found := strings.CutPrefix(request.URL.String(), b.root)
	return path, found && strings.HasPrefix(path, "/")
}

// carry sends one $batch and tells everybody aboard how theirs went. What ends without an answer ends alike for all.
func (b *batcher) carry(rest route, aboard []*item) {
	defer b.returned(rest)
	defer func() {
		if panicked := recover(); panicked != nil {
			tellAll(aboard, func(*item) outcome { return outcome{err: unreadableBatch(fmt.Errorf("%v", panicked))} })
		}
	}()
	start := b.now()
	if aboard = b.checked(aboard); len(aboard) == 0 {
		return
	}
	ctx, cancel := b.contextOf(aboard)
	defer cancel()
	outcomes := b.exchange(ctx, rest, aboard)
	for i, o := range outcomes {
		aboard[i].tell(o)
	}
	for i, o := range outcomes {
		b.heed(o.response)
		b.report(aboard[i].request, o, b.now().Sub(start))
	}
}

// checked gives those who may still be sent, and has the others fail.
func (b *batcher) checked(aboard []*item) []*item {
	return slices.DeleteFunc(aboard, func(i *item) bool {
		err := b.check(i.request.Context())
		if err != nil {
			i.tell(outcome{err: &notSent{err}})
		}
		return err != nil
	})
}

// contextOf is the context of a $batch: nobody's own, and over when all callers have left, and at the first deadline of a write.
func (b *batcher) contextOf(aboard []*item) (context.Context, context.CancelFunc) {
	end := time.Now().Add(b.timeout)
	for _, i := range aboard {
		if deadline, limited := i.request.Context().Deadline(); limited && writes(i.request.Method) && deadline.Before(end) {
			end = deadline
		}
	}
	ctx, cancel := context.WithDeadline(withExchange(context.Background(), &exchange{operation: batch}), end)
	var left atomic.Int32
	stops := make([]func() bool, len(aboard))
	for n, i := range aboard {
		stops[n] = context.AfterFunc(i.request.Context(), func() {
			if int(left.Add(1)) == len(aboard) {
				cancel()
			}
		})
	}
	return ctx, func() {
		cancel()
		for _, stop := range stops {
			stop()
		}
	}
}

// exchange sends the $batch and gives the outcome of each item, in their order.
func (b *batcher) exchange(ctx context.Context, rest route, aboard []*item) []outcome {
	request, err := b.envelope(ctx, aboard)
	if err != nil {
		return alike(aboard, func(*item) outcome { return outcome{err: &notSent{err}} })
	}
	response, err := rest.send(request)
	if err != nil {
		return alike(aboard, func(*item) outcome { return outcome{err: err} })
	}
	body, err := io.ReadAll(response.Body) // in memory already: see sender
	if err != nil {
		return alike(aboard, func(*item) outcome { return outcome{err: err} })
	}
	switch status := response.StatusCode; {
	case status >= 200 && status <= 299:
		return b.unpack(response.Header, body, aboard)
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusTooManyRequests, status >= 500:
		return alike(aboard, func(i *item) outcome {
			return outcome{response: answerTo(i.request, status, response.Header.Clone(), body)} //nolint:bodyclose // in memory
		})
	default:
		// A 404 here does not say that anybody's user is not there, nor a 400 that anybody's request is wrong.
		return alike(aboard, func(*item) outcome { return outcome{err: unreadableBatch(fmt.Errorf("HTTP %d", status))} })
	}
}

func (b *batcher) envelope(ctx context.Context, aboard []*item) (*http.Request, error) {
	var packed batchRequest
	for n, i := range aboard {
		path, _ := b.relative(i.request)
		headers := map[string]string{}
		for _, name := range itemHeaders() {
			if value := i.request.Header.Get(name); value != "" {
				headers[name] = value
			}
		}
		packed.Requests = append(packed.Requests, batchItem{ID: strconv.Itoa(n + 1), Method: i.request.Method, URL: path, Headers: headers})
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(packed); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.root+batchPath, &body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("client-request-id", uuid.NewString())
	return request, nil
}

// unpack finds the answer to each item. One without an answer, or with two, fails; nothing is known of it.
func (b *batcher) unpack(header http.Header, body []byte, aboard []*item) []outcome {
	var packed batchResponse
	if err := json.Unmarshal(body, &packed); err != nil {
		return alike(aboard, func(*item) outcome { return outcome{err: unreadableBatch(err)} })
	}
	found := map[string][]batchAnswer{}
	for _, raw := range packed.Responses {
		var answer batchAnswer
		if json.Unmarshal(raw, &answer) == nil {
			found[answer.ID] = append(found[answer.ID], answer)
		}
	}
	outcomes := make([]outcome, len(aboard))
	for n, i := range aboard {
		answers := found[strconv.Itoa(n+1)]
		if len(answers) != 1 || answers[0].Status < 200 || answers[0].Status > 599 {
			outcomes[n].err = unreadableBatch(fmt.Errorf("%d answers to a request in it", len(answers)))
			continue
		}
		outcomes[n].response = answers[0].response(i.request, header) //nolint:bodyclose // in memory
	}
	return outcomes
}

// response is the item's answer as if it had come alone. What the item does not say of time, the envelope does.
func (a batchAnswer) response(request *http.Request, envelope http.Header) *http.Response {
	header := http.Header{}
	for name, value := range a.Headers {
		header.Set(name, value)
	}
	if header.Get("Date") == "" {
		header.Set("Date", envelope.Get("Date"))
	}
	body := []byte(a.Body)
	if bytes.Equal(body, []byte("null")) {
		body = nil
	}
	if len(body) > 0 && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	return answerTo(request, a.Status, header, body)
}

func answerTo(request *http.Request, status int, header http.Header, body []byte) *http.Response {
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: request,
	}
}

// report tells of one item what sender tells of an HTTP request.
func (b *batcher) report(request *http.Request, o outcome, took time.Duration) {
	call := Call{Operation: string(exchangeOf(request.Context()).operation), Method: request.Method, Duration: took, Batched: true}
	requestID := request.Header.Get("client-request-id")
	if o.response != nil {
		call.Status = o.response.StatusCode
		requestID = firstOf(o.response.Header.Get("request-id"), requestID)
	}
	if call.Status == http.StatusUnauthorized || call.Status == http.StatusForbidden {
		b.refused()
	}
	record(b.log, b.observe, call, requestID)
}

func alike(aboard []*item, of func(*item) outcome) []outcome {
	outcomes := make([]outcome, len(aboard))
	for n, i := range aboard {
		outcomes[n] = of(i)
	}
	return outcomes
}

func tellAll(aboard []*item, of func(*item) outcome) {
	for _, i := range aboard {
		i.tell(of(i))
	}
}

var errNoBatch = errors.New("the answer to a $batch cannot be read")

func unreadableBatch(cause error) error { return fmt.Errorf("%w: %w", errNoBatch, cause) }
