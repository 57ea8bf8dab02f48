package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestRequestsAreNamedAsTheAPIServerCountsThem(t *testing.T) {
	const group = "/apis/b2b.entraguests.dev/v1alpha1"
	cases := map[string]struct {
		method, path, contentType string
		want                      write
		counted                   bool
	}{
		"a create":               {http.MethodPost, group + "/namespaces/load/guestinvitations", "", write{"POST", "guestinvitations", ""}, true},
		"a status":               {http.MethodPut, group + "/guests/a/status", "", write{"PUT", "guests", "status"}, true},
		"a deletion":             {http.MethodDelete, group + "/namespaces/load/guestinvitations/a", "", write{"DELETE", "guestinvitations", ""}, true},
		"a deletion of many":     {http.MethodDelete, group + "/namespaces/load/guestinvitations", "", write{"DELETECOLLECTION", "guestinvitations", ""}, true},
		"server-side apply":      {http.MethodPatch, group + "/guests/a", "application/apply-patch+yaml", write{"APPLY", "guests", ""}, true},
		"an Event":               {http.MethodPost, "/apis/events.k8s.io/v1/namespaces/load/events", "", write{"POST", "events", ""}, true},
		"a Secret":               {http.MethodPost, "/api/v1/namespaces/load/secrets", "", write{"POST", "secrets", ""}, true},
		"the Event of a Lease":   {http.MethodPost, "/api/v1/namespaces/load/events", "", write{"POST", "events", ""}, false},
		"a Lease":                {http.MethodPut, "/apis/coordination.k8s.io/v1/namespaces/a/leases/b", "", write{"PUT", "leases", ""}, false},
		"a read":                 {http.MethodGet, group + "/guests", "", write{}, false},
		"no resource":            {http.MethodPost, "/version", "", write{}, false},
		"a namespace, by itself": {http.MethodPost, "/api/v1/namespaces", "", write{}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			request, err := http.NewRequestWithContext(t.Context(), c.method, "http://server"+c.path, http.NoBody)
			g.Expect(err).NotTo(HaveOccurred())
			request.Header.Set("Content-Type", c.contentType)
			kind, counted := writeOf(request)
			g.Expect(counted).To(Equal(c.counted))
			if counted {
				g.Expect(kind).To(Equal(c.want))
			}
		})
	}
}

func TestWhatHasNotChangedIsLeftOutOfADifference(t *testing.T) {
	g := NewWithT(t)
	status := write{"PUT", guests, "status"}
	d := writes{status: 5, write{"POST", guests, ""}: 2}.minus(writes{status: 3, write{"POST", guests, ""}: 2})
	g.Expect(d).To(Equal(writes{status: 2}))
	g.Expect(d.String()).To(Equal("PUT guests/status: 2"))
	g.Expect(writes{}.String()).To(Equal("none"))
}

func TestMetricsAreRead(t *testing.T) {
	g := NewWithT(t)
	var samples []sample
	err := scanMetrics(strings.NewReader("# HELP a text\na{b=\"c, d} \\\"e\\\"\",f=\"\"} 1.5e+06\n\ng 2\nh{} NaN\n"), func(s sample) {
		samples = append(samples, s)
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(samples).To(HaveLen(3))
	g.Expect(samples[0]).To(Equal(sample{"a", map[string]string{"b": `c, d} "e"`, "f": ""}, 1.5e6}))
	g.Expect(samples[1]).To(Equal(sample{name: "g", value: 2}))
	for _, text := range []string{"a", "a b", "a{b=c} 1", "a{b=\"c} 1"} {
		g.Expect(scanMetrics(strings.NewReader(text), func(sample) {})).NotTo(Succeed(), text)
	}
}

func TestTheBareLoopSpreadsWritesEvenlyAndMakesThemAll(t *testing.T) {
	g := NewWithT(t)
	for _, total := range []int{0, 1, 99, 100, 101, 516} {
		sum := 0
		for i := range 100 {
			n := step{total: total}.times(i, 100)
			g.Expect(n).To(Or(Equal(total/100), Equal(ceilDiv(total, 100))))
			sum += n
		}
		g.Expect(sum).To(Equal(total))
	}
}

func TestTheBareLoopRefusesWhatItCannotRepeat(t *testing.T) {
	loop := &bareLoop{kinds: []*loopKind{{resource: guests}}}
	g := NewWithT(t)
	g.Expect(loop.repeatable(writes{{"PUT", guests, "status"}: 1, {"PUT", tenants, "status"}: 3})).To(Succeed())
	g.Expect(loop.repeatable(writes{{"DELETE", guests, ""}: 1})).To(MatchError(ContainSubstring("DELETE guests")))
	g.Expect(loop.repeatable(writes{{"POST", secrets, ""}: 1})).To(MatchError(ContainSubstring("POST secrets")))
}

func TestTheTimesOfAProcessAreFoundBehindAnyName(t *testing.T) {
	g := NewWithT(t)
	g.Expect(cpuOf("42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 1 2 3")).To(Equal(2 * time.Second))
	g.Expect(cpuOf("42 (a) S 1")).To(BeZero())
	g.Expect(kibibytes("65536 kB")).To(Equal(64.0 * mebibyte))
	g.Expect(kibibytes(unknown)).To(BeZero())
}
