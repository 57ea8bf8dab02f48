package mirror

import (
	"context"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// answers is a tenant whose listings of guests fail as told, one after the other, and then succeed.
type answers struct {
	fails []error
	rest  func()
}

func (a *answers) ListGuests(context.Context, func([]directory.User) error) error {
	if len(a.fails) == 0 {
		a.rest()
		return nil
	}
	err := a.fails[0]
	a.fails = a.fails[1:]
	return err
}

func (a *answers) ListMembers(context.Context, string, func([]string) error) error { return nil }

func TestThePauseBetweenRoundsKeepsWhatTheDirectoryAskedFor(t *testing.T) {
	unreachable := &directory.Error{Class: directory.Unavailable}
	cases := map[string]struct {
		interval time.Duration
		listed   bool
		err      error
		from, to time.Duration
	}{
		"after a success":                          {time.Minute, true, nil, time.Minute, time.Minute},
		"after a failure":                          {time.Minute, true, unreachable, time.Minute, time.Minute},
		"after a first failure":                    {time.Minute, false, unreachable, 5 * time.Second, 6 * time.Second},
		"after a first failure, interval is short": {2 * time.Second, false, unreachable, 2 * time.Second, 2 * time.Second},
		"longer than the interval": {time.Minute, true, &directory.Error{Class: directory.Throttled, RetryAfter: time.Hour},
			time.Hour, time.Hour},
		"shorter than the interval": {time.Minute, true, &directory.Error{Class: directory.Throttled, RetryAfter: time.Second},
			time.Minute, time.Minute},
		"before the first listing": {time.Minute, false, &directory.Error{Class: directory.Throttled, RetryAfter: 30 * time.Second},
			30 * time.Second, 30 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, m := NewWithT(t), New(&answers{}, Options{Interval: c.interval})
			m.users.listed = c.listed
			g.Expect(m.pause(c.err)).To(And(BeNumerically(">=", c.from), BeNumerically("<=", c.to)))
		})
	}
}

func TestRunListsUntilItIsToldToStop(t *testing.T) {
	g := NewWithT(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	rounds := 0
	tenant := &answers{fails: []error{&directory.Error{Class: directory.Denied, Message: "ada@partner.example", RequestID: "request-1"}}}
	tenant.rest = func() {
		if rounds++; rounds == 3 {
			stop()
		}
	}
	logged := ""
	log := funcr.New(func(_, args string) { logged += args }, funcr.Options{})
	m := New(tenant, Options{Interval: time.Millisecond, Log: log})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		m.Run(ctx)
	}()
	g.Eventually(finished, time.Minute).Should(BeClosed())
	g.Expect(rounds).To(Equal(3))
	g.Expect(logged).To(And(ContainSubstring("Denied"), ContainSubstring("request-1")))
	g.Expect(logged).NotTo(ContainSubstring("partner.example"), "the directory's words can name an address")
}
