package graphsim_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// BenchmarkLookupByMailAmongAHundredThousandUsers is to cost the same as among ten.
func BenchmarkLookupByMailAmongAHundredThousandUsers(b *testing.B) {
	for _, size := range []int{10, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			call := served(b, size)
			for i := range b.N {
				call("GET", fmt.Sprintf("/v1.0/users?$filter=mail%%20eq%%20'user%d@partner.example'", i%size), "")
			}
		})
	}
}

// BenchmarkPageAmongAHundredThousandUsers reads one page from the middle.
func BenchmarkPageAmongAHundredThousandUsers(b *testing.B) {
	call := served(b, 100_000)
	for b.Loop() {
		call("GET", "/v1.0/users?$top=100&$select=id,mail&$skiptoken=YWZ0ZXI6NTAwMDA", "") // after:50000
	}
}

// BenchmarkInvitationAmongAHundredThousandUsers invites somebody new each time.
func BenchmarkInvitationAmongAHundredThousandUsers(b *testing.B) {
	call := served(b, 100_000)
	for i := range b.N {
		call("POST", "/v1.0/invitations", invitationOf(fmt.Sprintf("new%d@partner.example", i)))
	}
}

// served is a tenant of a size, called without a network.
func served(b *testing.B, size int) func(method, path, body string) {
	tenant := graphsim.New(graphsim.Options{AcceptAnyToken: true, Seed: 1})
	for i := range size {
		tenant.AddGuest(fmt.Sprintf("user%d@partner.example", i), "")
	}
	handler := tenant.Handler()
	b.ResetTimer()
	return func(method, path, body string) {
		request := httptest.NewRequest(method, path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer any")
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code >= 300 {
			b.Fatalf("%s %s: %d %s", method, path, recorder.Code, recorder.Body)
		}
	}
}
