package lifecycle

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestADateIsKeptToTheMomentAndOtherPausesAreJittered(t *testing.T) {
	const day, hour = 24 * time.Hour, time.Hour
	cases := map[string]struct{ after, due, least, most time.Duration }{
		"neither":                         {0, 0, 0, 0},
		"a pause":                         {hour, 0, hour, hour * 6 / 5},
		"a date":                          {0, hour, hour, hour},
		"a date before the pause ends":    {2 * hour, hour, hour, hour},
		"a date right after the pause":    {hour, hour * 6 / 5, hour, hour * 6 / 5},
		"a date within the jitter":        {hour, hour + 1, hour, hour + 1},
		"a date long after the pause":     {hour, day, hour, hour * 6 / 5},
		"a date too far away for one nap": {0, 365 * day, day, day},
		"a date that has been dealt with": {0, -hour, 0, 0},
		"a pause, and a date dealt with":  {hour, -hour, hour, hour * 6 / 5},
		"a very long pause before a date": {30 * day, 60 * day, day, day},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				NewWithT(t).Expect(pause(c.after, c.due)).To(And(BeNumerically(">=", c.least), BeNumerically("<=", c.most)))
			}
		})
	}
}
