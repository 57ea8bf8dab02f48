package main

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestTheFloorOfTheGreatJobIsThatOfThePublishedQuotas(t *testing.T) {
	g := NewWithT(t)
	g.Expect(idealWrites(10_000, 30_000)).To(Equal(11_500))
	g.Expect(floorTime(11_500, 10_000)).To(Equal(425 * time.Second))
}

func TestFewInvitationsAreBoundByTheInvitationManagerAndNotByTheWrites(t *testing.T) {
	g := NewWithT(t)
	g.Expect(floorTime(idealWrites(1650, 4950), 1650)).To(Equal(50 * time.Second))
	g.Expect(floorTime(idealWrites(100, 300), 100)).To(BeZero())
}

func TestTheSteadyStateMayCostWhatDoesNotGrowWithTheGuests(t *testing.T) {
	g := NewWithT(t)
	g.Expect(allowedCalls(0, 0)).To(Equal(60 + 10))
	g.Expect(allowedCalls(3, 0)).To(Equal(120 + 10))
	g.Expect(allowedCalls(50, 999)).To(Equal(120 + 10 + 4))
	g.Expect(allowedCalls(51, 1000)).To(Equal(180 + 10 + 8))
}

func TestAWindowIsExtrapolatedToAnHour(t *testing.T) {
	cases := map[string]struct {
		calls     map[string]int
		intervals int
		window    time.Duration
		pending   int
		want      float64
	}{
		"what comes with every interval":             {map[string]int{"a": 4, "b": 8}, 4, time.Minute, 0, 60 + 120},
		"one interval missed at the edge":            {map[string]int{"a": 3}, 4, time.Minute, 0, 45},
		"what falls due now and then, as it came":    {map[string]int{"a": 4, "b": 2}, 4, time.Minute, 0, 60 + 2},
		"a short window adds the listing that falls": {map[string]int{"a": 4}, 4, time.Minute, 1400, 60 + 2*60.0/14},
		"a long window has seen that listing":        {map[string]int{"a": 16, "b": 2}, 16, 16 * time.Minute, 1000, 60 + 7.5},
		"a window of one interval":                   {map[string]int{"a": 1}, 1, time.Minute, 0, 60},
		"nothing":                                    {nil, 4, time.Minute, 0, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(hourly(c.calls, c.intervals, c.window, c.pending)).To(BeNumerically("~", c.want, 1e-9))
		})
	}
}
