package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
)

// servedWatch is a server with one invitation that is Ready from the start and one whose events come by a watch.
func servedWatch(t *testing.T) *requests {
	t.Helper()
	const ready = `"conditions": [{"type": "Reconciling", "status": "False"}, {"type": "Ready", "status": "True"}]`
	invitation := func(name, status string) string {
		return fmt.Sprintf(`{"metadata": {"name": %q, "namespace": "load"}, "status": {%s}}`, name, status)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasSuffix(r.URL.Path, "/"+invitations):
			http.NotFound(w, r)
		case r.URL.Query().Get("watch") == "":
			fmt.Fprintf(w, `{"metadata": {"resourceVersion": "7"}, "items": [%s]}`, invitation("a", ready))
		case r.URL.Query().Get("resourceVersion") == "7":
			for _, event := range []string{
				`{"type": "ADDED", "object": ` + invitation("b", "") + `}`,
				`{"type": "MODIFIED", "object": ` + invitation("b", ready) + `}`,
				`{"type": "MODIFIED", "object": ` + invitation("b", ready+`, "externalUserState": "Accepted"`) + `}`,
				`{"type": "DELETED", "object": ` + invitation("b", ready+`, "externalUserState": "Accepted"`) + `}`,
			} {
				fmt.Fprintln(w, event)
			}
		}
	}))
	t.Cleanup(server.Close)
	r, err := newRequests(&rest.Config{Host: server.URL})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return r
}

func TestTheTrackerCountsEachObjectOnceForEachThingThatHappens(t *testing.T) {
	g := NewWithT(t)
	tracked := newTracker(servedWatch(t))
	began := time.Now()
	g.Expect(tracked.followOnce(t.Context(), invitations)).To(Succeed(), "a watch that ends is no failure")
	now := tracked.counts()
	g.Expect([]int{now.invitations, now.readyInvitations, now.accepted, now.goneInvitations}).To(Equal([]int{2, 2, 1, 1}))
	g.Expect(now.last).To(BeTemporally(">=", began))
	g.Expect(now.allReady(2, 0)).To(BeTrue())
	g.Expect(now.allReady(2, 1)).To(BeFalse())
	g.Expect(tracked.invitation("b").gone).To(BeTemporally(">=", tracked.invitation("b").accepted))
	g.Expect(tracked.invitation("a").accepted).To(BeZero())
	g.Expect(tracked.invitation("nobody")).To(BeZero())
	g.Expect(tracked.followOnce(t.Context(), memberships)).To(MatchError(ContainSubstring("404")))
}

func TestWritesOfThisProgramAreNotTheOperators(t *testing.T) {
	g := NewWithT(t)
	posts := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			posts++
			return
		}
		const line = "apiserver_request_total{code=\"201\",group=%q,resource=%q,subresource=%q,verb=%q} %d\n"
		fmt.Fprintf(w, line, "b2b.entraguests.dev", invitations, "", http.MethodPost, posts)
		fmt.Fprintf(w, line, "b2b.entraguests.dev", invitations, "status", http.MethodPut, 3)
		fmt.Fprintf(w, line, "b2b.entraguests.dev", invitations, "", "LIST", 50)
		fmt.Fprintf(w, line, "coordination.k8s.io", "leases", "", http.MethodPut, 99)
	}))
	t.Cleanup(server.Close)
	r, err := newRequests(&rest.Config{Host: server.URL})
	g.Expect(err).NotTo(HaveOccurred())
	body, err := json.Marshal(invitation(loadNamespace, 1))
	g.Expect(err).NotTo(HaveOccurred())
	path := server.URL + "/apis/b2b.entraguests.dev/v1alpha1/namespaces/load/" + invitations
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(string(body)))
	g.Expect(err).NotTo(HaveOccurred())
	response, err := r.client.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	g.Expect(posts).To(Equal(1))
	byOperator, err := r.byOperator(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(byOperator).To(Equal(writes{{http.MethodPut, invitations, "status"}: 3}))
}
