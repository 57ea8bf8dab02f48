package mirror

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// firstRetry is the pause after a first listing that failed: reconcilers wait for it.
const firstRetry = 5 * time.Second

// company is how long a group that was asked for waits for others, so that one link is renewed for all of them.
const company = 100 * time.Millisecond

// Run makes a round each interval until ctx ends, and lists the groups that are asked for in between. What fails leaves the view as
// it was.
func (m *Mirror) Run(ctx context.Context) {
	for {
		err := m.Sync(ctx)
		if ctx.Err() != nil {
			return
		}
		m.log(err)
		if !m.rest(ctx, err) {
			return
		}
	}
}

func (m *Mirror) log(err error) {
	if err != nil {
		m.options.Log.Info("Looking what has changed in the directory failed", "class", directory.ClassOf(err).String(),
			"requestID", directory.RequestID(err))
	}
}

// Sync makes one round: the guests, then the groups in use. An error is the first of those that occurred, or that the directory
// asked to wait, after which nothing else was asked for.
func (m *Mirror) Sync(ctx context.Context) error {
	m.rounds.Lock()
	defer m.rounds.Unlock()
	err := m.syncUsers(ctx)
	if !directory.Is(err, directory.Throttled) {
		err = first(err, m.syncGroups(ctx))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
	if err == nil {
		m.round = m.options.Now()
	}
	return err
}

// rest waits for the next round, and meanwhile takes in the groups that are asked for; false when ctx has ended.
func (m *Mirror) rest(ctx context.Context, err error) bool {
	began := time.Now()
	quiet := directory.RetryAfter(err)
	round, groups := time.NewTimer(m.pause(err)), time.NewTimer(max(m.untilRetry(), quiet))
	defer round.Stop()
	defer groups.Stop()
	gathering := false
	for {
		select {
		case <-ctx.Done():
			return false
		case <-round.C:
			return true
		case <-m.nudge:
			round.Reset(m.pause(err) - time.Since(began))
			if !gathering {
				gathering = true
				groups.Reset(max(company, quiet-time.Since(began)))
			}
		case <-groups.C:
			gathering = false
			failed := m.takeInNow(ctx)
			m.log(failed)
			if wait := directory.RetryAfter(failed); wait > 0 {
				err, began, quiet = failed, time.Now(), wait
				round.Reset(m.pause(err))
			}
			groups.Reset(max(m.untilRetry(), quiet-time.Since(began)))
		}
	}
}

func (m *Mirror) takeInNow(ctx context.Context) error {
	m.rounds.Lock()
	defer m.rounds.Unlock()
	return m.takeIn(ctx)
}

// pause is the time until the next round: the interval, or as long as the directory asked for.
func (m *Mirror) pause(err error) time.Duration {
	m.mu.RLock()
	pause, listed := m.interval, m.users.listed
	m.mu.RUnlock()
	if err != nil && !listed {
		pause = min(pause, firstRetry+rand.N(firstRetry/5)) //nolint:gosec // jitter, not a secret
	}
	return max(pause, directory.RetryAfter(err))
}

// untilRetry is the time until a group that nobody can read yet is tried again.
func (m *Mirror) untilRetry() time.Duration {
	wait, now := groupRetryMax, m.options.Now()
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, g := range m.groups {
		if g.asked && !g.members.listed {
			wait = min(wait, g.listAt.Sub(now))
		}
	}
	return max(wait, company)
}
