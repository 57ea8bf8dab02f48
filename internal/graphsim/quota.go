package graphsim

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Quota is what the tenant lets pass before it throttles, as Microsoft publishes it
// for identity and access and for the invitation manager. Every limit is a token
// bucket that is full at the start and filled again steadily, by the tenant's clock.
// A limit of 0 is none; the zero value throttles nothing and sends no header.
type Quota struct {
	// ResourceUnits per 10 s of one application.
	ResourceUnits int `json:"resourceUnits,omitempty"`
	// Writes per 150 s of one application.
	Writes int `json:"writes,omitempty"`
	// TenantWrites per 5 min of all applications.
	TenantWrites int `json:"tenantWrites,omitempty"`
	// Invitations per 5 s of all applications.
	Invitations int `json:"invitations,omitempty"`
	// InvitationsOutside leaves invitations out of the other three. Whether they
	// are counted there is not documented.
	InvitationsOutside bool `json:"invitationsOutside,omitempty"`
}

const (
	unitPeriod        = 10 * time.Second
	writePeriod       = 150 * time.Second
	tenantWritePeriod = 5 * time.Minute
	invitationPeriod  = 5 * time.Second
)

// QuotaOf is the published quota of a tenant by size: S has fewer than 50 users, M
// up to 500, L more. "none", or nothing, throttles nothing.
func QuotaOf(size string) (Quota, error) {
	units, known := map[string]int{"": 0, "none": 0, "S": 3_500, "M": 5_000, "L": 8_000}[size]
	switch {
	case !known:
		return Quota{}, fmt.Errorf("no such tenant size: %q is none of none, S, M, L", size)
	case units == 0:
		return Quota{}, nil
	}
	return Quota{ResourceUnits: units, Writes: 3_000, TenantWrites: 18_000, Invitations: 150}, nil
}

// SetQuota changes the quota from now on, with all buckets full.
func (t *Tenant) SetQuota(q Quota) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.meters = newMeters(q, t.now())
}

// meters are the buckets of a quota.
type meters struct {
	quota        Quota
	apps         map[string]*appMeter
	tenantWrites *bucket
	invitations  *bucket
}

// appMeter is what one application has left.
type appMeter struct{ units, writes *bucket }

func newMeters(q Quota, now time.Time) meters {
	return meters{
		quota: q, apps: map[string]*appMeter{},
		tenantWrites: newBucket(q.TenantWrites, tenantWritePeriod, now),
		invitations:  newBucket(q.Invitations, invitationPeriod, now),
	}
}

func (m *meters) on() bool { return m.quota != Quota{InvitationsOutside: m.quota.InvitationsOutside} }

func (m *meters) app(id string, now time.Time) *appMeter {
	if m.apps[id] == nil {
		m.apps[id] = &appMeter{newBucket(m.quota.ResourceUnits, unitPeriod, now), newBucket(m.quota.Writes, writePeriod, now)}
	}
	return m.apps[id]
}

// limit is one bucket as a call meets it.
type limit struct {
	bucket *bucket
	need   int
	// scope is what a Retry-After of this limit holds for.
	scope string
	// named and reason go into x-ms-throttle-scope and x-ms-throttle-information;
	// the invitation manager sends neither.
	named, reason string
}

// meter charges the call and returns its 429 if there is no room for it. A
// throttled call still costs its resource units, and no write. The tenant's lock is
// held.
func (x *exchange) meter() *answer {
	m, now := &x.t.meters, x.t.now()
	if !m.on() || x.route.open || x.route.batch {
		return nil
	}
	app, cost := m.app(x.app, now), x.cost()
	var worst *limit
	var longest time.Duration
	limits := x.limits(app, cost)
	for i := range limits {
		if wait := limits[i].bucket.wait(limits[i].need, now); wait > longest {
			worst, longest = &limits[i], wait
		}
	}
	app.units.take(cost.units)
	if worst == nil {
		app.writes.take(cost.writes)
		m.tenantWrites.take(cost.writes)
		m.invitations.take(cost.invitations)
	}
	x.showUse(app, cost)
	if worst == nil {
		return nil
	}
	x.throttledIn = worst.scope
	if worst.named != "" {
		x.extra.Set("x-ms-throttle-scope", worst.named+"/"+x.app+"/"+x.t.options.TenantID)
		x.extra.Set("x-ms-throttle-information", worst.reason)
	}
	return x.throttled(strconv.Itoa(int(math.Ceil(longest.Seconds()))))
}

func (x *exchange) limits(app *appMeter, cost cost) []limit {
	m := &x.t.meters
	return []limit{
		{app.units, cost.units, directoryScope(x.app), "Tenant_Application/ReadWrite", "ResourceUnitLimitExceeded"},
		{app.writes, cost.writes, writeScope(x.app), "Tenant_Application/Write", "WriteLimitExceeded"},
		{m.tenantWrites, cost.writes, tenantWriteScope, "Tenant/Write", "WriteLimitExceeded"},
		{m.invitations, cost.invitations, invitationScope, "", ""},
	}
}

// showUse puts the call's cost into its answer, and the share of the application's
// quota that is used up once that is worth a warning.
func (x *exchange) showUse(app *appMeter, cost cost) {
	if cost.units == 0 {
		return // not the directory's
	}
	x.extra.Set("x-ms-resource-unit", strconv.Itoa(cost.units))
	used := app.units.used()
	if cost.writes > 0 {
		used = max(used, app.writes.used())
	}
	if used >= 0.8 {
		x.extra.Set("x-ms-throttle-limit-percentage", strconv.FormatFloat(used, 'f', 2, 64))
	}
}

// throttled is the service's 429. An empty retryAfter sends no such header.
func (x *exchange) throttled(retryAfter string) *answer {
	body := (&apiError{http.StatusTooManyRequests, "TooManyRequests", "Please retry again later."}).envelope(x)
	inner := body["error"].(map[string]any)["innerError"].(map[string]any)
	inner["code"], inner["status"], inner["message"] = "429", "429", "Please retry after"
	return &answer{status: http.StatusTooManyRequests, header: retryAfterHeader(retryAfter), body: body}
}
