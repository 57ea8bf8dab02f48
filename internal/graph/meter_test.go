package graph

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestNothingIsSentBeforeRetryAfterHasPassed(t *testing.T) {
	g := NewWithT(t)
	ctx, clock := context.Background(), newFakeClock()
	var status atomic.Int32
	status.Store(429)
	seen := &counting{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status.Load() == 429 {
			answer(429, "", "Retry-After", "7")(w, r)
			return
		}
		answer(200, `{"id":"`+userID+`"}`)(w, r)
	})}
	client := clientOf(t, seen, func(c *Config) { c.Now = clock.Now })

	_, err := client.GetUser(ctx, userID)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
	g.Expect(directory.RetryAfter(err)).To(Equal(7 * time.Second))
	status.Store(200)

	clock.advance(6 * time.Second)
	for op, err := range everything(ctx, client) {
		g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled), "%s", op)
		g.Expect(directory.RetryAfter(err)).To(Equal(time.Second), "%s", op)
	}
	g.Expect(seen.count()).To(Equal(1), "nothing is sent while the gate is closed")

	clock.advance(time.Second)
	_, err = client.GetUser(ctx, userID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(seen.count()).To(Equal(2))
}

func TestThrottlingIsReadFromTheAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		header string
		closed time.Duration
		class  directory.Class
	}{
		"429 that does not say how long": {429, "", defaultRetryAfter, directory.Throttled},
		"429 that makes no sense":        {429, "soon", defaultRetryAfter, directory.Throttled},
		"429 with a fraction":            {429, "2.128", 2128 * time.Millisecond, directory.Throttled},
		"503 with Retry-After":           {503, "5", 5 * time.Second, directory.OutcomeUnknown},
		"503 without":                    {503, "", 0, directory.OutcomeUnknown},
		"504 with Retry-After":           {504, "5", 0, directory.OutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			clock := newFakeClock()
			client := clientOf(t, answer(tt.status, "", "Retry-After", tt.header), func(c *Config) { c.Now = clock.Now })
			_, err := client.Invite(context.Background(), ada)
			g.Expect(directory.ClassOf(err)).To(Equal(tt.class))
			g.Expect(directory.RetryAfter(err)).To(Equal(tt.closed))
			_, err = client.Invite(context.Background(), ada)
			if tt.closed > 0 {
				g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
				g.Expect(directory.RetryAfter(err)).To(Equal(tt.closed))
			} else {
				g.Expect(directory.ClassOf(err)).To(Equal(tt.class), "the gate is open")
			}
		})
	}
}

// TestAProbeGoesFirst runs many requests at once on a fresh client and again after a wait: the second one is sent only after the
// first was answered.
func TestAProbeGoesFirst(t *testing.T) {
	g := NewWithT(t)
	clock := newFakeClock()
	var inFlight, sent atomic.Int32
	release := make(chan struct{})
	throttle := make(chan struct{}, 1)
	client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		inFlight.Add(1)
		<-release
		inFlight.Add(-1)
		select {
		case <-throttle:
			answer(429, "", "Retry-After", "1")(w, r)
		default:
			answer(200, `{"id":"`+userID+`"}`)(w, r)
		}
	}), func(c *Config) { c.Now = clock.Now })

	rush := func() *sync.WaitGroup {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { _, _ = client.GetUser(context.Background(), userID) })
		}
		return &all
	}

	throttle <- struct{}{}
	all := rush()
	g.Eventually(inFlight.Load).WithTimeout(10 * time.Second).Should(Equal(int32(1)))
	release <- struct{}{}
	all.Wait()
	g.Expect(sent.Load()).To(Equal(int32(1)), "the probe of the fresh client was throttled, so the others fail without being sent")

	clock.advance(time.Second)
	all = rush()
	g.Eventually(sent.Load).WithTimeout(10 * time.Second).Should(Equal(int32(2)))
	g.Consistently(sent.Load).WithTimeout(50 * time.Millisecond).Should(Equal(int32(2)))
	close(release)
	all.Wait()
	g.Expect(sent.Load()).To(Equal(int32(21)), "all pass once the probe was answered")
}

func TestRetryAfterIsReadInEveryForm(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	in := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for name, tt := range map[string]struct {
		header, date string
		want         time.Duration
		said         bool
	}{
		"absent":             {"", "", 0, false},
		"nonsense":           {"later", "", 0, false},
		"not a number":       {"NaN", "", 0, false},
		"seconds":            {"120", "", 2 * time.Minute, true},
		"spaces":             {" 3 ", "", 3 * time.Second, true},
		"fraction":           {"1.5", "", 1500 * time.Millisecond, true},
		"zero":               {"0", "", minRetryAfter, true},
		"negative":           {"-5", "", minRetryAfter, true},
		"minus infinity":     {"-Inf", "", minRetryAfter, true},
		"infinity":           {"Inf", "", maxRetryAfter, true},
		"absurd":             {"1e300", "", maxRetryAfter, true},
		"date":               {in(90 * time.Second), "", 90 * time.Second, true},
		"date in the past":   {in(-time.Hour), "", minRetryAfter, true},
		"date far away":      {in(1000 * time.Hour), "", maxRetryAfter, true},
		"the server's clock": {in(90 * time.Second), in(60 * time.Second), 30 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			header := http.Header{}
			header.Set("Retry-After", tt.header)
			if tt.date != "" {
				header.Set("Date", tt.date)
			}
			wait, said := retryAfter(header, now)
			g.Expect(said).To(Equal(tt.said))
			g.Expect(wait).To(Equal(tt.want))
		})
	}
}
