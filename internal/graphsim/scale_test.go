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

// BenchmarkDeltaWithNothingNewAmongAHundredThousandUsers is to cost the same as among
// ten, though all of them were created while the query was under way.
func BenchmarkDeltaWithNothingNewAmongAHundredThousandUsers(b *testing.B) {
	for _, size := range []int{10, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			tenant, call := made(b, 0)
			call("GET", "/v1.0/users/delta?$deltatoken=latest", "")
			if _, err := tenant.Populate(graphsim.Population{Guests: size}); err != nil {
				b.Fatal(err)
			}
			link := linkOf(call("GET", "/v1.0/users/delta?$deltatoken=latest", ""))
			b.ResetTimer()
			for b.Loop() {
				call("GET", link, "")
			}
		})
	}
}

// BenchmarkFullDeltaOfAHundredThousandMembers follows a round to its end.
func BenchmarkFullDeltaOfAHundredThousandMembers(b *testing.B) {
	tenant, call := made(b, 0)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	if _, err := tenant.Populate(graphsim.Population{Guests: 100_000, Groups: []string{group}}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for link := "/v1.0/groups/delta?$select=members"; !strings.Contains(link, "deltatoken"); {
			link = linkOf(call("GET", link, ""))
		}
	}
}

// BenchmarkPopulationOfAHundredThousandGuests in three groups, while a delta query
// follows them.
func BenchmarkPopulationOfAHundredThousandGuests(b *testing.B) {
	for b.Loop() {
		tenant, call := made(b, 0)
		call("GET", "/v1.0/groups/delta?$deltatoken=latest", "")
		call("GET", "/v1.0/users/delta?$deltatoken=latest", "")
		groups := []string{tenant.AddGroup(graphsim.Group{}), tenant.AddGroup(graphsim.Group{}), tenant.AddGroup(graphsim.Group{})}
		if _, err := tenant.Populate(graphsim.Population{Guests: 100_000, Pending: true, Groups: groups}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBatchOfTwentyLookups among a hundred thousand users.
func BenchmarkBatchOfTwentyLookups(b *testing.B) {
	_, call := made(b, 100_000)
	var asked []string
	for i := range 20 {
		asked = append(asked, item(fmt.Sprint(i), "GET", fmt.Sprintf("/users?$filter=mail eq 'user%d@partner.example'", i)))
	}
	b.ResetTimer()
	for b.Loop() {
		call("POST", batchPath, `{"requests":[`+strings.Join(asked, ",")+`]}`)
	}
}

// linkOf is the path and query of an answer's link to what follows.
func linkOf(answer string) string {
	_, link, _ := strings.Cut(answer, `Link":"http://example.com`)
	link, _, _ = strings.Cut(link, `"`)
	return link
}

// served is a tenant of a size, called without a network.
func served(b *testing.B, size int) func(method, path, body string) string {
	_, call := made(b, size)
	return call
}

func made(b *testing.B, size int) (*graphsim.Tenant, func(method, path, body string) string) {
	tenant := graphsim.New(graphsim.Options{AcceptAnyToken: true, Seed: 1})
	for i := range size {
		tenant.AddGuest(fmt.Sprintf("user%d@partner.example", i), "")
	}
	handler := tenant.Handler()
	b.ResetTimer()
	return tenant, func(method, path, body string) string {
		request := httptest.NewRequest(method, path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer any")
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code >= 300 {
			b.Fatalf("%s %s: %d %s", method, path, recorder.Code, recorder.Body)
		}
		return recorder.Body.String()
	}
}

// BenchmarkRedemptionOfTenThousandGuests while a delta query follows them.
func BenchmarkRedemptionOfTenThousandGuests(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		tenant, call := made(b, 0)
		call("GET", "/v1.0/users/delta?$deltatoken=latest", "")
		ids, err := tenant.Populate(graphsim.Population{Guests: 10_000, Pending: true})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if failed := tenant.RedeemAll(ids); len(failed) > 0 {
			b.Fatal(failed)
		}
	}
}
