package graphsim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// newItem makes the exchange of one item: the call as it would have been alone, with
// the batch's token and correlation where it names none of its own.
func (t *Tenant) newItem(outer *exchange, item *batchItem) *exchange {
	r := outer.r.Clone(outer.r.Context())
	r.Method, r.Header = item.Method, http.Header{}
	for name, value := range item.Headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Authorization", outer.r.Header.Get("Authorization"))
	r.Header.Del("Accept-Encoding")
	if r.Header.Get("client-request-id") == "" {
		r.Header.Set("client-request-id", outer.clientID)
	}
	target, err := url.Parse("/v1.0/" + strings.TrimPrefix(item.URL, "/"))
	refused := err != nil || strings.Contains(item.URL, "://")
	if refused {
		target = &url.URL{Path: "/v1.0/"}
	}
	r.URL = target
	x := t.newExchange(outer.table, pathSegments(r)[1:], item.result, r)
	x.batch = outer.items
	body, readable := item.payload()
	x.body = body
	switch {
	case refused:
		x.malformed = badRequest("The url of request %s must be relative to the version of the service.", item.ID)
	case !readable:
		x.malformed = unreadableBody()
	case x.route != nil && x.route.batch:
		x.malformed = badRequest("A batch cannot hold another batch.")
	}
	return x
}

// payload is the item's body: JSON stands as it is, anything else is in base64.
func (i *batchItem) payload() ([]byte, bool) {
	if len(i.Body) == 0 || strings.Contains(i.contentType(), "json") {
		return i.Body, len(i.Body) == 0 || i.Body[0] == '{'
	}
	var encoded string
	if json.Unmarshal(i.Body, &encoded) != nil {
		return nil, false
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	return raw, err == nil
}

// itemWriter keeps the answer of one item.
type itemWriter struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func newItemWriter() *itemWriter { return &itemWriter{header: http.Header{}} }

// Header implements http.ResponseWriter.
func (w *itemWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *itemWriter) WriteHeader(status int) { w.status = status }

// Write implements http.ResponseWriter.
func (w *itemWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

// failed also holds for an item whose connection a fault broke before it was
// carried out.
func (w *itemWriter) failed() bool { return w.status == 0 || w.status >= http.StatusBadRequest }

// envelope is the item's part of the batch's answer: JSON stands as it is, anything
// else in base64.
func (w *itemWriter) envelope(id string) map[string]any {
	headers := map[string]string{}
	for name, values := range w.header {
		if len(values) > 0 && name != "Content-Length" && name != "Date" {
			headers[asTheServiceWrites(name)] = values[0]
		}
	}
	var body any
	switch raw := w.body.Bytes(); {
	case len(raw) == 0:
	case strings.Contains(w.header.Get("Content-Type"), "json") && json.Valid(raw):
		body = json.RawMessage(raw)
	default:
		body = base64.StdEncoding.EncodeToString(raw)
	}
	return map[string]any{"id": id, "status": w.status, "headers": headers, "body": body}
}

// asTheServiceWrites spells the names that the service adds in its own way: inside a
// batch no HTTP library brings them to one form.
func asTheServiceWrites(name string) string {
	if name == "Odata-Version" {
		return "OData-Version"
	}
	if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-ms-") || strings.HasSuffix(lower, "request-id") {
		return lower
	}
	return name
}
