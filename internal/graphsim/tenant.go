package graphsim

import (
	"sync"
	"time"
)

// Options configure a Tenant. The zero value is a tenant named Contoso that
// accepts issued tokens only.
type Options struct {
	// TenantID defaults to DefaultTenantID.
	TenantID string
	// DisplayName of the organisation, Contoso by default.
	DisplayName string
	// InitialDomain names guests (#EXT#@initial domain); contoso.onmicrosoft.com by default.
	InitialDomain string
	// VerifiedDomains beside the initial one; contoso.example by default.
	VerifiedDomains []string
	// GraphHost is the cloud's host that @odata.id references may name beside the
	// host of the request; graph.microsoft.com by default.
	GraphHost string

	// AcceptAnyToken accepts every bearer token, with the tenant's permissions.
	AcceptAnyToken bool
	// ClientSecrets by client id that the token endpoint accepts. Nil accepts all.
	ClientSecrets map[string]string
	// Permissions granted to applications; nil is every permission.
	Permissions []string
	// TokenLifetime is one hour by default.
	TokenLifetime time.Duration

	// Now is the tenant's clock, time.Now by default. It stamps objects and the
	// Date header, and decides lag and expiry.
	Now func() time.Time
	// Seed makes ids and tickets repeatable; 0 picks one at random.
	Seed uint64
	// Latency of every Graph and token request.
	Latency time.Duration
	// Lag of the directory's replicas.
	Lag Lag
	// Quota that calls are held to; none by default.
	Quota Quota
}

// DefaultTenantID is the tenant id when Options names none.
const DefaultTenantID = "11111111-2222-3333-4444-555555555555"

func (o *Options) setDefaults() {
	o.TenantID = orElse(o.TenantID, DefaultTenantID)
	o.DisplayName = orElse(o.DisplayName, "Contoso")
	o.InitialDomain = orElse(o.InitialDomain, "contoso.onmicrosoft.com")
	o.GraphHost = orElse(o.GraphHost, "graph.microsoft.com")
	if o.VerifiedDomains == nil {
		o.VerifiedDomains = []string{"contoso.example"}
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// Tenant is a simulated Entra tenant. All its methods are safe for concurrent use.
type Tenant struct {
	options Options
	clock   func() time.Time
	ids     *idSource

	mu        sync.Mutex // guards everything below
	seq       uint64
	lag       Lag
	behaviour Behaviour
	latency   time.Duration
	outage    bool
	domains   []string
	policy    map[string]any

	permissions []string // nil grants everything
	secrets     map[string]string
	lifetime    time.Duration
	tokens      map[string]accessToken

	users      *userSet // live users, and deleted ones still in sight
	deleted    *userSet
	graves     []grave
	leavers    []*user
	removals   []removal
	groups     ordered[*group]
	groupByID  map[string]*group
	deadGroups ordered[*group]
	memberOf   map[string]map[string]*group
	extensions map[string]bool
	apps       applications
	cursors    cursors
	userFeed   feed
	groupFeed  feed
	// deltaGeneration is that of the tokens that are good, "" while there are none.
	deltaGeneration string

	tickets map[string]*ticket
	homes   map[string]Home
	aliases map[string]string // user ids by address that only the home tenant knows
	mails   []*Mail

	writeSeq int
	ledger   Ledger
	faults   faultSet
	hooks    hooks
	throttle map[string]window // of the last Retry-After, by scope
	meters   meters
}

// New makes an empty tenant.
func New(options Options) *Tenant {
	options.setDefaults()
	t := &Tenant{
		options:     options,
		clock:       options.Now,
		ids:         newIDSource(options.Seed),
		lag:         options.Lag,
		latency:     options.Latency,
		permissions: options.Permissions,
		secrets:     options.ClientSecrets,
		lifetime:    options.TokenLifetime,
		tokens:      map[string]accessToken{},
		users:       newUserSet(),
		deleted:     newUserSet(),
		groupByID:   map[string]*group{},
		memberOf:    map[string]map[string]*group{},
		extensions:  map[string]bool{},
		apps:        newApplications(),
		tickets:     map[string]*ticket{},
		homes:       map[string]Home{},
		aliases:     map[string]string{},
		ledger:      newLedger(),
		throttle:    map[string]window{},
		policy:      defaultAuthorizationPolicy(),
	}
	t.meters = newMeters(options.Quota, t.now())
	t.domains = append([]string{options.InitialDomain}, options.VerifiedDomains...)
	return t
}

// TenantID is the id of the tenant.
func (t *Tenant) TenantID() string { return t.options.TenantID }

// now is the tenant's clock in the directory's resolution and zone.
func (t *Tenant) now() time.Time { return t.clock().UTC() }

// stamp is now in the resolution of the directory's properties: whole seconds.
func (t *Tenant) stamp() time.Time { return t.now().Truncate(time.Second) }

func (t *Tenant) nextSeq() uint64 {
	t.seq++
	return t.seq
}

// SetPermissions replaces the application permissions that are granted: for new
// tokens, and at once for tokens that the tenant did not issue. Nil grants all.
func (t *Tenant) SetPermissions(permissions []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.permissions = permissions
}

// SetClientSecrets replaces the accepted secrets by client id. Nil accepts all.
func (t *Tenant) SetClientSecrets(secrets map[string]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.secrets = secrets
}

// SetTokenLifetime changes the lifetime of tokens issued from now on.
func (t *Tenant) SetTokenLifetime(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lifetime = d
}

// SetLatency delays every Graph and token request from now on.
func (t *Tenant) SetLatency(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latency = d
}

// Outage resets the connection of every Graph and token request while on.
func (t *Tenant) Outage(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outage = on
}

// defaultDomain is the first verified domain, or the initial one if the tenant was
// made without.
func (t *Tenant) defaultDomain() string {
	if len(t.options.VerifiedDomains) > 0 {
		return t.options.VerifiedDomains[0]
	}
	return t.options.InitialDomain
}

// AddVerifiedDomain makes a domain the tenant's own: its addresses cannot be invited.
func (t *Tenant) AddVerifiedDomain(domain string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.domains = append(t.domains, domain)
}

// SetAllowInvitesFrom sets the authorization policy's allowInvitesFrom, for
// example "none" or "everyone".
func (t *Tenant) SetAllowInvitesFrom(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.policy["allowInvitesFrom"] = value
}
