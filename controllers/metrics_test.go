package controllers

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/entraguests/entra-guest-operator/internal/graph"
)

func TestMetricsAreCountedOnAfterASecondSetup(t *testing.T) {
	g := NewWithT(t)
	registry := prometheus.NewRegistry()
	first, err := NewMetrics(registry)
	g.Expect(err).NotTo(HaveOccurred())
	first.GraphCalled(graph.Call{Operation: "Invite", Status: 201, Duration: time.Second})
	second, err := NewMetrics(registry)
	g.Expect(err).NotTo(HaveOccurred())
	second.GraphCalled(graph.Call{Operation: "Invite", Status: 200})
	second.GraphCalled(graph.Call{Operation: "Invite"})
	g.Expect(testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP entra_guest_operator_graph_requests_total HTTP requests to Microsoft Graph, by operation and by class of the status: 2xx to 5xx, or none where there was no answer.
# TYPE entra_guest_operator_graph_requests_total counter
entra_guest_operator_graph_requests_total{operation="Invite",status_class="2xx"} 2
entra_guest_operator_graph_requests_total{operation="Invite",status_class="none"} 1
`), "entra_guest_operator_graph_requests_total")).To(Succeed())
}
