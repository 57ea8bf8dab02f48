package main

import "context"

const mebibyte, kibibyte = 1 << 20, 1 << 10

// memory reads the operator's memory at rest, and its peak since it began.
func memory(ctx context.Context, b *bench) error {
	s, err := b.sharedState(ctx)
	if err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	use := s.operator.memory()
	if use.resident == 0 {
		return errNoProc
	}
	b.record("memory.rss", use.resident/mebibyte, "at %d objects", s.objects())
	b.record("memory.peak", use.peak/mebibyte, "")
	b.record("memory.empty", s.empty/mebibyte, "")
	b.record("memory.slope", (use.resident-s.empty)/float64(s.objects())/kibibyte, "")
	return nil
}
