package main

import "time"

// profile says how large the rows of a run are.
type profile struct {
	// invitations of the rows quota, memory, steady, redemption and restart; each has a membership in every group.
	invitations int
	// rate is the number of invitations of the row rate.
	rate int
	// queued is the number of invitations that wait while the row queue asks for others.
	queued int
	// tries of the rows redemption and queue.
	redemptions, probes int
	// growth are the numbers of invitations at which the row growth looks.
	growth [3]int
	// seeded are the sizes of further tenants for the row steady, in guests.
	seeded []int
	// interval of observation, and how many of them the row steady watches and redemptions are spread over.
	interval             time.Duration
	steady, redemptionIn int
}

// groups that guests are put into.
const groups = 3

// profiles by name. The small one runs in a few minutes; the tiny one tries the program out, and its figures mean little.
var profiles = map[string]profile{
	"tiny": {
		invitations: 100, rate: 100, queued: 200, redemptions: 10, probes: 5, growth: [3]int{50, 100, 150},
		seeded: []int{200}, interval: 5 * time.Second, steady: 3, redemptionIn: 2,
	},
	"small": {
		invitations: 2000, rate: 1000, queued: 1500, redemptions: 50, probes: 20, growth: [3]int{250, 500, 1000},
		seeded: []int{10_000}, interval: 10 * time.Second, steady: 4, redemptionIn: 3,
	},
	"full": {
		invitations: 10_000, rate: 10_000, queued: 10_000, redemptions: 200, probes: 100, growth: [3]int{2500, 5000, 10_000},
		seeded: []int{1000, 100_000}, interval: time.Minute, steady: 28, redemptionIn: 5,
	},
}
