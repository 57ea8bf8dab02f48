package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	kiotahttp "github.com/microsoft/kiota-http-go"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// DefaultRequestTimeout is how long one HTTP request may take where Config does not say.
const DefaultRequestTimeout = 30 * time.Second

// Config is what a Client is made of.
type Config struct {
	// TenantID is the directory's id, a GUID.
	TenantID string
	// Cloud decides the hosts and the scope of the token; empty is Global.
	Cloud Cloud
	// Credential is how the operator proves itself. It is not read where Endpoint is plain http and AuthorityHost is empty:
	// a static token is sent then.
	Credential Credential
	// Endpoint sends everything to a simulator instead: a loopback URL without the version.
	Endpoint string
	// AuthorityHost is the simulator's login service: a loopback https URL.
	AuthorityHost string
	// Transport carries the requests to Graph and to the login service; nil for the default one. It gets no request to any
	// other host.
	Transport http.RoundTripper
	// RequestTimeout bounds one HTTP request, its answer included; 0 for DefaultRequestTimeout.
	RequestTimeout time.Duration
	// Logger gets a line per request at V(1): operation, status, duration and request id. The zero value is silent.
	Logger logr.Logger
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Budget is what the tenant allows, shared by all of its clients; nil for one of the client's own, with the published limits.
	Budget *budget.Budget
	// Observe is called once for every HTTP request to Graph and for every item of a $batch, for metrics; it may be nil and must
	// not block.
	Observe func(Call)
}

// Call is one HTTP request to Graph as it went, or an item of a $batch. It carries no id and no address.
type Call struct {
	// Operation is one of a fixed set of names, e.g. "Invite".
	Operation string
	// Method is the HTTP method.
	Method string
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// Duration is from sending to the last byte of the answer.
	Duration time.Duration
	// Batched is set for an item of a $batch: no HTTP request of its own. The $batch has a Call too, its Operation is "Batch".
	Batched bool
}

// Client is one tenant behind Microsoft Graph. It is safe for concurrent use.
type Client struct {
	adapter *kiotahttp.NetHttpRequestAdapter
	tokens  tokenSource
	base    string
	timeout time.Duration
}

var _ directory.Directory = (*Client)(nil)

// New makes the client of one tenant. It sends nothing. An error that is Unauthenticated concerns the credential, any other
// one the configuration.
func New(config Config) (*Client, error) {
	config = config.withDefaults()
	if !isObjectID(config.TenantID) {
		return nil, fmt.Errorf("tenant id %q is not a GUID", config.TenantID)
	}
	where, err := config.site()
	if err != nil {
		return nil, err
	}
	tokens, err := newTokenSource(config, where)
	if err != nil {
		return nil, err
	}
	base := where.graph.String() + version
	// The body and the parse node factories are given directly, so that nothing has to be registered globally.
	adapter, err := kiotahttp.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, // the token is a middleware's: see auth.go
		kiotajson.NewJsonParseNodeFactory(),
		kiotajson.NewJsonSerializationWriterFactory(),
		&http.Client{
			Transport:     kiotahttp.NewCustomTransportWithParentTransport(config.Transport, middlewares(config, where, tokens)...),
			CheckRedirect: refuseRedirect,
		})
	if err != nil {
		return nil, fmt.Errorf("making request adapter: %w", err)
	}
	adapter.SetBaseUrl(base)
	return &Client{adapter: adapter, tokens: tokens, base: base, timeout: config.timeout(tokens)}, nil
}

// timeout bounds one request with all that it may have to wait for.
func (c Config) timeout(tokens tokenSource) time.Duration {
	if _, static := tokens.(staticToken); static {
		return c.RequestTimeout
	}
	return c.RequestTimeout + tokenTimeout
}

func (c Config) withDefaults() Config {
	if c.RequestTimeout <= 0 {
		c.RequestTimeout = DefaultRequestTimeout
	}
	if c.Logger.GetSink() == nil {
		c.Logger = logr.Discard()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Budget == nil {
		c.Budget = budget.New(budget.Options{Limits: budget.Published(), Now: c.Now})
	}
	if c.Observe == nil {
		c.Observe = func(Call) {}
	}
	if c.Transport == nil {
		c.Transport = defaultTransport()
	}
	return c
}

// defaultTransport notices a connection that has died without a word, which would leave a write in doubt, and keeps enough of
// them for all workers where there is no HTTP/2.
func defaultTransport() http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second}
	return transport
}

// Timeout is the longest that one request takes from the call of a method to its end, a new token and the wait for another
// request's answer and for the tenant's quotas included. A method that writes sends one request, so what it asked for is not sent
// later than this.
func (c *Client) Timeout() time.Duration { return c.timeout }

// call runs one request of the SDK, and send also judges and converts the answer. Whatever goes wrong, a panic over an odd
// answer included, comes back as a *directory.Error.
func call[T any](ctx context.Context, c *Client, op operation, send func(context.Context) (T, error)) (result T, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	x := &exchange{operation: op}
	defer func() {
		if panicked := recover(); panicked != nil {
			err = x.unreadable(fmt.Errorf("%v", panicked))
		}
	}()
	result, err = send(withExchange(ctx, x))
	var known *directory.Error
	switch {
	case err == nil:
		return result, nil
	case errors.As(err, &known):
		return result, known
	}
	return result, x.unreadable(err)
}

// pathParameters are what every request builder starts from. The SDK writes into the map, so each gets its own.
func (c *Client) pathParameters() map[string]string { return map[string]string{"baseurl": c.base} }

// value of an optional property; the zero value where it is absent or null.
func value[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
