package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/entraguests/entra-guest-operator/hack/internal/process"
)

const day = 24 * time.Hour

// clock is the time of the simulated tenant and of the operator, which can be ahead of the machine's.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time { return time.Now().Add(c.Ahead()) }

func (c *clock) Ahead() time.Duration { return time.Duration(c.ahead.Load()) }

func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// later has days pass while the operator is stopped, as over a long weekend. It comes back with its clock at the time of the tenant: all
// that has fallen due meanwhile it finds by itself.
func (s *stage) later(ctx context.Context, days int) error {
	if err := s.manager.Stop(); err != nil {
		return err
	}
	s.clock.forward(time.Duration(days) * day)
	passed := int(s.clock.Ahead() / day)
	s.screen.say("The operator is stopped, the clock goes %d days on to %s, and the operator starts again",
		days, s.clock.Now().UTC().Format(time.DateOnly))
	return s.startManager(ctx, s.laterBinary, filepath.Join(s.folder, fmt.Sprintf("manager-day-%d.log", passed)),
		"--clock-ahead", s.clock.Ahead().String())
}

// buildLater builds the operator whose clock can be set. Nearly all of it has been compiled for the other one.
func (s *stage) buildLater(ctx context.Context) error {
	s.laterBinary = filepath.Join(s.folder, "operator")
	output := &buildOutput{screen: s.screen, began: time.Now(), told: time.Now()}
	err := process.Build(ctx, s.root, s.laterBinary, "./hack/demo/operator", output)
	s.screen.show(nil)
	return err
}
