package graphsim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// exchange is one call: its request, what came of it, and its answer.
type exchange struct {
	t           *Tenant
	w           http.ResponseWriter
	r           *http.Request
	time        time.Time
	id          string
	clientID    string
	route       *route
	known       bool
	lastSegment string
	params      map[string]string
	body        []byte
	permissions []string // nil grants everything
	writes      []WriteEvent
	extra       http.Header // of the answer, whatever it is

	table       *router
	app         string    // that calls
	throttledIn string    // scope of the limit that was met
	batch       *batch    // that the call is an item of
	items       *batch    // of a call that is a batch itself
	malformed   *apiError // of an item
}

// answer is what is sent: JSON, or text, or nothing.
type answer struct {
	status int
	header http.Header
	body   any
	text   string
}

func ok(body any) *answer   { return &answer{status: http.StatusOK, body: body} }
func noContent() *answer    { return &answer{status: http.StatusNoContent} }
func created(b any) *answer { return &answer{status: http.StatusCreated, body: b} }

const maxBody = 4 << 20

func (t *Tenant) newExchange(table *router, segments []string, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{
		t: t, w: w, r: r, time: t.now(), id: t.ids.guid(), clientID: r.Header.Get("client-request-id"),
		table: table, extra: http.Header{},
	}
	if x.clientID == "" {
		x.clientID = x.id
	}
	x.route, x.params, x.known = table.match(r.Method, segments)
	if len(segments) > 0 {
		x.lastSegment = segments[len(segments)-1]
	}
	return x
}

func (x *exchange) class() string {
	if x.route == nil {
		return x.r.Method + " " + x.r.URL.Path
	}
	return x.route.class()
}

// base is the address of Graph as the client called it.
func (x *exchange) base() string { return x.origin() + "/v1.0" }

func (x *exchange) origin() string {
	scheme := "http"
	if x.r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + x.r.Host
}

func (x *exchange) context(of string) string { return x.base() + "/$metadata#" + of }

// readBody reads and decompresses the body.
func (x *exchange) readBody() *apiError {
	raw, err := io.ReadAll(io.LimitReader(x.r.Body, maxBody))
	if err != nil {
		return unreadableBody()
	}
	x.body = raw
	if !strings.EqualFold(x.r.Header.Get("Content-Encoding"), "gzip") {
		return nil
	}
	x.t.mu.Lock()
	refused := x.t.behaviour.RefuseGzip
	x.t.mu.Unlock()
	if refused {
		return refuse(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The content encoding of the request is not supported.")
	}
	unzip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return unreadableBody()
	}
	if x.body, err = io.ReadAll(io.LimitReader(unzip, maxBody)); err != nil {
		return unreadableBody()
	}
	return nil
}

// payload decodes the body as a JSON object.
func (x *exchange) payload() (map[string]json.RawMessage, *apiError) {
	var body map[string]json.RawMessage
	if !strings.Contains(x.r.Header.Get("Content-Type"), "json") || json.Unmarshal(x.body, &body) != nil || body == nil {
		return nil, unreadableBody()
	}
	return body, nil
}

func (x *exchange) eventual() bool {
	return strings.EqualFold(x.r.Header.Get("ConsistencyLevel"), "eventual")
}

// commit records a write of the API. It is called once the write has been made.
func (x *exchange) commit(target, userID, groupID string) {
	x.record(WriteEvent{Target: target, UserID: userID, GroupID: groupID})
}

// record is commit for a write that has more to tell.
func (x *exchange) record(event WriteEvent) {
	x.t.writeSeq++
	event.Seq, event.Class, event.Time, event.ClientRequestID = x.t.writeSeq, x.class(), x.t.now(), x.clientID
	x.writes = append(x.writes, event)
	x.t.ledger.Writes = append(x.t.ledger.Writes, event)
}

func (x *exchange) refusal(e *apiError) *answer {
	header := http.Header{}
	if e.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`)
	}
	return &answer{status: e.status, header: header, body: e.envelope(x)}
}

func (x *exchange) fail(e *apiError) { x.send(x.refusal(e)) }

// encode is the answer's body in bytes.
func (a *answer) encode() []byte {
	if a.body == nil {
		return []byte(a.text)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(a.body); err != nil {
		panic("graphsim: encoding an answer: " + err.Error()) // a bug: answers are maps of plain values
	}
	return b.Bytes()
}

// send writes the answer, compressed where the client accepts it and it pays.
func (x *exchange) send(a *answer) {
	body := a.encode()
	header := x.header(a)
	if len(body) > 1024 && strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip") {
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		_, _ = zip.Write(body)
		_ = zip.Close() // writing to a buffer does not fail
		body = zipped.Bytes()
		header.Set("Content-Encoding", "gzip")
	}
	if a.status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(body) // a client that went away is none of the tenant's business
	x.depart(a.status, a.header.Get("Retry-After"))
	_ = http.NewResponseController(x.w).Flush() // sent means sent: hooks follow
}

// header puts the answer's headers in place; the date is the directory's.
func (x *exchange) header(a *answer) http.Header {
	header := x.w.Header()
	header.Set("Date", x.t.now().Format(http.TimeFormat))
	header.Set("Cache-Control", "no-cache")
	header.Set("request-id", x.id)
	header.Set("client-request-id", x.clientID)
	header.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Simulated","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"GRAPHSIM"}}`)
	switch {
	case a.body != nil:
		header.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
		header.Set("OData-Version", "4.0")
	case a.text != "":
		header.Set("Content-Type", "text/plain")
	}
	maps.Copy(header, x.extra)
	maps.Copy(header, a.header)
	return header
}

// reset breaks the connection without an answer.
func (x *exchange) reset() {
	x.depart(0, "")
	connection, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: resets the stream
	}
	if tcp, isTCP := connection.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}
