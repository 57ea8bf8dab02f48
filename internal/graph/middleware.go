package graph

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"
	kiotahttp "github.com/microsoft/kiota-http-go"
)

const userAgent = "entra-guest-operator"

// middlewares is everything between the SDK and the wire, the outermost first. The list replaces the SDK's, whose order is
// random in each process. Of that one, these are left out on purpose:
//   - retry: it repeats POST /invitations on 429, 503 and 504, a 504 after the fact included;
//   - redirect: Graph answers none of our requests with one, and a token must not follow it;
//   - compression: our bodies are smaller than a packet, and it sends a body again when the answer is 415;
//   - headers inspection: the only header that a caller needs is Date, which the exchange keeps.
func middlewares(config Config, where site, tokens tokenSource) []kiotahttp.Middleware {
	return []kiotahttp.Middleware{
		kiotahttp.NewParametersNameDecodingHandler(),
		&translator{now: config.Now},
		&hostPin{scheme: where.graph.Scheme, host: where.graph.Host},
		&preparer{},
		&meter{budget: config.Budget, now: config.Now},
		&batcher{
			root: where.graph.String() + version, timeout: config.timeout(tokens), now: config.Now, log: config.Logger,
			observe: config.Observe, check: config.Budget.Check, refused: func() { tokens.renew(renewRefusedAfter) },
		},
		&authenticator{tokens: tokens},
		&latch{budget: config.Budget},
		&sender{timeout: config.RequestTimeout, now: config.Now, log: config.Logger, observe: config.Observe},
	}
}

// translator turns what comes back into the errors of package directory: see errors.go. It stands outside of everything that
// can fail. Of the answers, only those of success reach the SDK.
type translator struct{ now clock }

// Intercept sends the request on and judges the answer.
func (t *translator) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	x := exchangeOf(request.Context())
	x.method = request.Method
	response, err := pipeline.Next(request, next)
	if err != nil {
		return nil, errorFromTransport(x, err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, errorFromResponse(x, response, t.now())
	}
	x.date, _ = http.ParseTime(response.Header.Get("Date"))
	return response, nil
}

// hostPin refuses a request that goes anywhere but to the tenant's Graph host, next links included.
type hostPin struct{ scheme, host string }

var errForeignHost = errors.New("refused to send a request to another host")

// Intercept sends the request on if it may go there.
func (p *hostPin) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != p.scheme || !strings.EqualFold(request.URL.Host, p.host) || request.URL.User != nil {
		return nil, &notSent{fmt.Errorf("%w: %s://%s is not %s://%s", errForeignHost, request.URL.Scheme, request.URL.Host, p.scheme, p.host)}
	}
	return pipeline.Next(request, next)
}

// preparer gives the request an id of our own, which Microsoft's logs keep also where no answer comes back, and a body of known
// length that can be read again.
type preparer struct{}

// Intercept completes the request and sends it on.
func (*preparer) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("client-request-id", uuid.NewString())
	if request.Body == nil {
		return pipeline.Next(request, next)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, &notSent{err}
	}
	request.ContentLength = int64(len(body))
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	request.Body, _ = request.GetBody()
	return pipeline.Next(request, next)
}
