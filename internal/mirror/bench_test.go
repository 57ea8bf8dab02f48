package mirror

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// generated is a tenant of n guests, all of them members of one group, that makes each page up as a decoder does.
type generated struct {
	Source
	n, churn int
	// profile gives each guest one of a hundred companies and a name of their own.
	profile bool
}

func idOf(i int) string { return fmt.Sprintf("%08x-7d3a-4c51-9b0e-2f6a8c1d4e90", i) }

func generatedUser(i int, state directory.ExternalUserState) directory.User {
	name := fmt.Sprintf("firstname.lastname%06d", i)
	return directory.User{
		ID: idOf(i), UserPrincipalName: name + "_partner.example#EXT#@contoso.onmicrosoft.com", DisplayName: "Firstname Lastname",
		Mail: name + "@partner.example", OtherMails: []string{name + "@partner.example"},
		ProxyAddresses: []string{"SMTP:" + name + "@partner.example"}, UserType: directory.UserTypeGuest, CreationType: "Invitation",
		ExternalUserState: state, AccountEnabled: true,
		CreatedDateTime: time.Unix(int64(1_700_000_000+i), 0).UTC(), ExternalUserStateChangeDateTime: time.Unix(int64(1_710_000_000+i), 0).UTC(),
		Identities: []directory.Identity{{SignInType: "federated", Issuer: "ExternalAzureAD"}},
	}
}

func (s generated) LatestUsers(context.Context) (directory.DeltaLink, error) { return "latest", nil }

func (s generated) LatestMembers(context.Context, []string) (directory.DeltaLink, error) {
	return "latest", nil
}

func (s generated) ListGuests(_ context.Context, yield func([]directory.User) error) error {
	for i := range s.n {
		user := generatedUser(i, directory.PendingAcceptance)
		if s.profile {
			user.Profile = directory.Profile{GivenName: "Firstname", Surname: fmt.Sprint("Lastname", i), CompanyName: fmt.Sprint("Company ", i%100)}
		}
		if err := yield([]directory.User{user}); err != nil {
			return err
		}
	}
	return nil
}

func (s generated) ListMembers(_ context.Context, _ string, yield func([]string) error) error {
	for i := range s.n {
		if err := yield([]string{idOf(i)}); err != nil {
			return err
		}
	}
	return nil
}

func (s generated) UserChanges(_ context.Context, _ directory.DeltaLink, yield func([]directory.UserChange) error) (directory.DeltaLink, error) {
	for i := range s.churn {
		if err := yield([]directory.UserChange{{User: generatedUser(i, directory.PendingAcceptance)}}); err != nil {
			return "", err
		}
	}
	return "next", nil
}

func (s generated) MemberChanges(context.Context, directory.DeltaLink, func([]directory.MemberChange) error) (directory.DeltaLink, error) {
	return "next", nil
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func BenchmarkMemory(b *testing.B) {
	b.Run("NoProfile", func(b *testing.B) { benchmarkMemory(b, generated{n: 100_000}) })
	b.Run("Profile", func(b *testing.B) { benchmarkMemory(b, generated{n: 100_000, profile: true}) })
}

func benchmarkMemory(b *testing.B, source generated) {
	n := float64(source.n)
	for range b.N {
		empty := heap()
		m := New(source, Options{Interval: time.Minute})
		if err := m.Sync(context.Background()); err != nil {
			b.Fatal(err)
		}
		withGuests := heap()
		m.Member("readers", idOf(0))
		if err := m.Sync(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(withGuests-empty)/n, "B/guest")
		b.ReportMetric(float64(heap()-withGuests)/n, "B/member")
		runtime.KeepAlive(m)
	}
}

func BenchmarkRound(b *testing.B) {
	for _, churn := range []int{0, 1000} {
		b.Run(fmt.Sprintf("100000Guests/%dReplayed", churn), func(b *testing.B) {
			m := New(generated{n: 100_000, churn: churn}, Options{Interval: time.Minute})
			m.Member("readers", idOf(0))
			for range 2 {
				if err := m.Sync(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := m.Sync(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
