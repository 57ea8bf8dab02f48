package main

import "time"

// The limits that Microsoft publishes for an application in a tenant of more than 500 users, as the simulated tenant enforces them:
// https://learn.microsoft.com/graph/throttling-limits
const (
	writesPerSecond      = 20 // 3,000 in 150 s
	writeBurst           = 3000
	invitationsPerSecond = 30 // 150 in 5 s
	invitationBurst      = 150
	membersPerWrite      = 20 // of members@odata.bind
)

// idealWrites is the least number of writes for so many invitations and additions to groups. Invitations count as writes.
func idealWrites(invitations, memberships int) int {
	return invitations + ceilDiv(memberships, membersPerWrite)
}

// floorTime is the least time that the quotas leave for so many writes, of which so many are invitations, with full buckets at the
// start.
func floorTime(writes, invitations int) time.Duration {
	return max(
		seconds(float64(writes-writeBurst)/writesPerSecond),
		seconds(float64(invitations-invitationBurst)/invitationsPerSecond),
		0)
}

// pageSize is what the mirror asks for: one less than the largest page of Graph.
const pageSize = 999

// allowedCalls is how many calls an hour the steady state may cost at an interval of 60 s: a delta query of the guests and one for
// each 50 groups, in each interval; the pending guests every 15 minutes; and ten calls for what comes once a day.
func allowedCalls(groups, pending int) int {
	return 60*(1+ceilDiv(groups, 50)) + 10 + 4*ceilDiv(pending, pageSize)
}

// hourly extrapolates the calls of a window of some intervals to an hour at an interval of 60 s. What was called in every interval,
// one excepted at the window's edge, comes 60 times an hour. The rest is what falls due now and then: a window of 15 minutes or more
// has seen its share of it; a shorter one counts it as it came, and the listing of the pending guests is added as it must come: every 14
// minutes, the last round that begins in time to notice within 15.
func hourly(calls map[string]int, intervals int, window time.Duration, pending int) float64 {
	var recurring, occasional float64
	for _, n := range calls {
		if n >= max(intervals-1, 1) {
			recurring += float64(n) / float64(intervals)
		} else {
			occasional += float64(n)
		}
	}
	if window >= 15*time.Minute {
		return 60*recurring + occasional*float64(time.Hour)/float64(window)
	}
	return 60*recurring + occasional + float64(60*ceilDiv(pending, pageSize))/14
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
