package lifecycle_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

func TestAVerdictLooksAgainAtTheEarlierOfTwoTimes(t *testing.T) {
	cases := map[string]struct{ after, within, want time.Duration }{
		"earlier than planned":     {time.Hour, time.Minute, time.Minute},
		"later than planned":       {time.Minute, time.Hour, time.Minute},
		"nothing planned":          {0, time.Minute, time.Minute},
		"within no time":           {time.Minute, 0, time.Minute},
		"within a time that is up": {time.Minute, -time.Second, time.Minute},
		"neither":                  {0, 0, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, v := NewWithT(t), lifecycle.Wait("Reason", "message", c.after)
			limited := v.Within(c.within)
			g.Expect(limited.After).To(Equal(c.want))
			g.Expect(v.After).To(Equal(c.after), "the verdict itself is as it was")
			limited.After = c.after
			g.Expect(limited).To(Equal(v), "all else stays")
		})
	}
}

func TestJitterNeverShortensAPause(t *testing.T) {
	g := NewWithT(t)
	for _, pause := range []time.Duration{1, 4, time.Millisecond, time.Second, lifecycle.Soon, lifecycle.Seldom} {
		for range 200 {
			g.Expect(lifecycle.Jitter(pause)).To(And(BeNumerically(">=", pause), BeNumerically("<=", pause+pause/5)))
		}
	}
}

func TestJitterSpreadsThoseWhoWaitForTheSame(t *testing.T) {
	g, seen := NewWithT(t), map[time.Duration]bool{}
	for range 100 {
		seen[lifecycle.Jitter(time.Hour)] = true
	}
	g.Expect(len(seen)).To(BeNumerically(">", 50))
}

func TestJitterMakesNoPauseOutOfNone(t *testing.T) {
	g := NewWithT(t)
	g.Expect(lifecycle.Jitter(0)).To(BeZero())
	g.Expect(lifecycle.Jitter(-time.Second)).To(BeZero())
}
