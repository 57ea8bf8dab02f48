package controllers

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/entraguests/entra-guest-operator/internal/graph"
)

// Metrics are the operator's own. Their labels come from fixed sets: no address, no id and no name of an object.
type Metrics struct {
	graphRequests    *prometheus.CounterVec
	graphBatchItems  *prometheus.CounterVec
	graphDuration    *prometheus.HistogramVec
	invitationsSent  *prometheus.CounterVec
	guestsReleased   *prometheus.CounterVec
	connectedTenants prometheus.Gauge
}

const metricsNamespace = "entra_guest_operator"

// NewMetrics makes the metrics and registers them; those that are registered already are used on.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		graphRequests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "graph_requests_total",
			Help: "HTTP requests to Microsoft Graph, by operation and by class of the status: 2xx to 5xx, or none where there was no answer.",
		}, []string{"operation", "status_class"}),
		graphBatchItems: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "graph_batch_items_total",
			Help: "Requests that travelled in the HTTP requests of operation Batch, by operation and by class of the status.",
		}, []string{"operation", "status_class"}),
		graphDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Name: "graph_request_duration_seconds",
			Help:    "Duration of HTTP requests to Microsoft Graph, by operation.",
			Buckets: prometheus.ExponentialBuckets(0.02, 2, 12), // 20 ms to 41 s: the request timeout is 30 s
		}, []string{"operation"}),
		invitationsSent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "invitations_sent_total",
			Help: "Invitations that Microsoft Graph has carried out for this process, by cause.",
		}, []string{"cause"}),
		guestsReleased: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "guests_released_total",
			Help: "Guests released by this process, by what was done with the user.",
		}, []string{"done"}),
		connectedTenants: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: metricsNamespace, Name: "connected_tenants",
			Help: "EntraTenants that this process is connected to.",
		}),
	}
	return m, errors.Join(
		register(registerer, &m.graphRequests), register(registerer, &m.graphBatchItems),
		register(registerer, &m.graphDuration),
		register(registerer, &m.invitationsSent), register(registerer, &m.guestsReleased),
		register(registerer, &m.connectedTenants))
}

func register[C prometheus.Collector](registerer prometheus.Registerer, collector *C) error {
	err := registerer.Register(*collector)
	if registered, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := registered.ExistingCollector.(C); ok {
			*collector = existing
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	return nil
}

// GraphCalled counts a request to Graph, or an item of one.
func (m *Metrics) GraphCalled(call graph.Call) {
	class := "none"
	if call.Status > 0 {
		class = fmt.Sprintf("%dxx", call.Status/100)
	}
	if call.Batched {
		m.graphBatchItems.WithLabelValues(call.Operation, class).Inc()
		return
	}
	m.graphRequests.WithLabelValues(call.Operation, class).Inc()
	m.graphDuration.WithLabelValues(call.Operation).Observe(call.Duration.Seconds())
}

// InvitationSent counts an invitation that was carried out.
func (m *Metrics) InvitationSent(cause string) { m.invitationsSent.WithLabelValues(cause).Inc() }

// GuestReleased counts a guest that was released.
func (m *Metrics) GuestReleased(done string) { m.guestsReleased.WithLabelValues(done).Inc() }

// TenantsConnected says how many tenants are connected.
func (m *Metrics) TenantsConnected(n int) { m.connectedTenants.Set(float64(n)) }
