package budget

import (
	"math"
	"time"
)

// Cost is what requests take from the tenant's quotas.
type Cost struct {
	// Writes are POST, PATCH, PUT and DELETE requests, the items of a batch each by itself.
	Writes int
	// Units are resource units, which every request costs: reads 1 to 5, a write 1.
	Units int
	// Invitations are POST /invitations requests. One is a write too.
	Invitations int
}

// Limit is a token bucket: it holds Amount and is filled again within Per. The zero value is no limit.
type Limit struct {
	Amount int
	Per    time.Duration
}

// Limits are the quotas of one application in one tenant. The zero value is no limit at all.
type Limits struct{ Writes, Units, Invitations Limit }

// Published gives the quotas that Microsoft documents: for identity and access those of a tenant with more than 500 users, and
// those of the invitation manager. A smaller tenant has fewer resource units; the headers of its answers teach that.
// https://learn.microsoft.com/graph/throttling-limits
func Published() Limits {
	return Limits{
		Writes:      Limit{Amount: 3000, Per: 150 * time.Second},
		Units:       Limit{Amount: 8000, Per: 10 * time.Second},
		Invitations: Limit{Amount: 150, Per: 5 * time.Second},
	}
}

// Unlimited gives no limits, for a directory without quotas. What the directory itself says still counts.
func Unlimited() Limits { return Limits{} }

// margin is the part of each quota, of its size and of its rate, that is left alone: the directory's clock and its count are not
// exactly ours.
const margin = 0.02

// The buckets, as indexes.
const (
	writes = iota
	units
	invitations
	buckets
)

// price is a Cost by bucket.
type price [buckets]int32

func priceOf(c Cost) price {
	clamp := func(n int) int32 { return int32(min(max(n, 0), math.MaxInt32)) }
	return price{writes: clamp(c.Writes), units: clamp(c.Units), invitations: clamp(c.Invitations)}
}

// payable is a price as far as it can be paid at all.
func (b *Budget) payable(p price) price {
	for i, n := range p {
		p[i] = b.buckets[i].most(n)
	}
	return p
}

// scope is a set of buckets, and of asking at all.
type scope uint8

const (
	asking  scope = 1 << buckets
	writing scope = 1<<writes | 1<<invitations
)

// needs is what has to be open for a request or a turn of this price.
func (p price) needs() scope {
	needs := asking
	for i, n := range p {
		if n > 0 {
			needs |= 1 << i
		}
	}
	return needs
}

// scarcest is the bucket that is the first to hold it up.
func (p price) scarcest() int {
	switch {
	case p[invitations] > 0:
		return invitations
	case p[writes] > 0:
		return writes
	}
	return units
}
