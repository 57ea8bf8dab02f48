package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"
)

// clock is the one that the simulated tenant and the operator go by: this machine's, put forward now and then.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

const day = 24 * time.Hour

// pass lets days pass: the tenant's clock is put forward, and the operator is stopped and started on the same time. Its own program has no
// flag for that, so that from here on another one runs that is made of the same packages.
func (s *stage) pass(ctx context.Context, days int) error {
	if err := s.manager.Stop(); err != nil {
		return err
	}
	s.clock.ahead.Add(int64(days) * int64(day))
	ahead := time.Duration(s.clock.ahead.Load())
	log := filepath.Join(filepath.Dir(s.manager.Log()), fmt.Sprintf("manager-%d-days-later.log", ahead/day))
	manager, err := startManager(ctx, s.clocked, log, s.kubeconfig, s.url, "--clock-ahead", ahead.String())
	if err != nil {
		return err
	}
	s.manager = manager
	s.screen.say("The clocks of the tenant and of the operator say %s", s.clock.now().UTC().Format(time.RFC3339))
	return nil
}
