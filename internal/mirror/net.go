package mirror

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// The safety net behind the changes, which are not documented to tell of externalUserState alone, and can get lost as everything
// can.
const (
	// pendingEvery is the longest until a redemption is noticed of which no change tells: the pending guests are listed in the last round
	// that begins so long after the list before that noticing leaves toNotice of it. It costs a call for 999 of them.
	pendingEvery = 15 * time.Minute
	toNotice     = 5 * time.Second
	// fullEvery is how often everything is listed, at least; up to a tenth of it is added by chance, so that tenants and groups
	// that were listed together are not for ever.
	fullEvery = 24 * time.Hour
)

// net is when the safety net is due.
type net struct{ pending, full time.Time }

// listed notes a full list that began then, which shows the pending guests too.
func (n *net) listed(begin time.Time) { n.pending, n.full = begin.Add(pendingEvery), untilFull(begin) }

func untilFull(now time.Time) time.Time {
	return now.Add(fullEvery + rand.N(fullEvery/10)) //nolint:gosec // jitter, not a secret
}

// checkUsers lists what is due, after the changes have been taken in: so fewer guests look as if they had gone unnoticed.
func (m *Mirror) checkUsers(ctx context.Context) error {
	now := m.options.Now()
	m.mu.RLock()
	nextRound := now.Add(m.interval)
	m.mu.RUnlock()
	switch {
	case !now.Before(m.net.full):
		return m.listUsers(ctx)
	case nextRound.Add(toNotice).After(m.net.pending): // which would be too late
		return m.listPending(ctx)
	}
	return nil
}

// listPending takes the pending guests in. Whoever is known as pending and is missing has redeemed, or is gone, or the list was
// late: they are not to be seen any more, so that whoever is concerned with them looks live. An own write that has not settled is
// believed over the list.
func (m *Mirror) listPending(ctx context.Context) error {
	begin, pending := m.options.Now(), map[string]guest{}
	err := m.source.ListPending(ctx, func(page []directory.User) error {
		for _, user := range page {
			pending[user.ID] = guestOf(user)
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.takeUsers(func(in *intake[guest]) {
		for id, user := range pending {
			in.report(id, state[guest]{user, true})
		}
		for id, known := range in.items {
			if _, there := pending[id]; !there && known.waiting() && !in.unsettled(id) {
				in.doubt(id, known.doubted())
			}
		}
	})
	m.net.pending = begin.Add(pendingEvery)
	return nil
}
