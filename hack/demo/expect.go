package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// patience is how long something that is expected may take. It is generous: only a failure takes that long.
const patience = 2 * time.Minute

// logTail is how much of the manager's log a failure shows, in lines.
const logTail = 40

// expect waits until something holds, looking again at every change of the cluster's objects and every write to the tenant.
func (s *stage) expect(ctx context.Context, what string, holds func() bool) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		change := s.view.next()
		if holds() {
			s.screen.good(what)
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.manager.Done():
			return s.unmet(fmt.Sprintf("%s (the operator has ended: %v)", what, s.manager.Err()))
		case <-deadline.C:
			return s.unmet(fmt.Sprintf("%s, within %s", what, patience))
		}
	}
}

// unmet is the error that something expected has not happened, with what there is to understand why.
func (s *stage) unmet(what string) error {
	var text strings.Builder
	fmt.Fprintf(&text, "This did not happen: %s\n", what)
	for _, line := range s.view.conditions() {
		fmt.Fprintf(&text, "%s\n", line)
	}
	fmt.Fprintf(&text, "The end of the operator's log, %s:\n", s.relative(s.manager.Log()))
	for _, line := range s.manager.Tail(logTail) {
		fmt.Fprintf(&text, "    %s\n", line)
	}
	s.screen.freeze()
	return fmt.Errorf("%s", strings.TrimSpace(text.String()))
}
