package main

import (
	"context"
	"net/http"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// ledger is what the tenant says has happened since its counters were reset, in totals.
func (t *tenant) ledger(ctx context.Context) (l graphsim.Summary, err error) {
	return l, t.call(ctx, http.MethodGet, "/sim/ledger/summary", nil, &l)
}

func (t *tenant) resetLedger(ctx context.Context) error {
	return t.call(ctx, http.MethodPost, "/sim/ledger/reset", nil, nil)
}

// reads are the HTTP requests to Graph that were not to change anything. A $batch of reads is one.
func reads(l graphsim.Summary) int { return l.Requests - l.TokenRequests - l.WriteCalls }

// lastRemoval is when the last member was removed from a group, and how many were.
func (t *tenant) lastRemoval(ctx context.Context) (time.Time, int, error) {
	var l graphsim.Ledger
	if err := t.call(ctx, http.MethodGet, "/sim/ledger", nil, &l); err != nil || len(l.MembersRemoved) == 0 {
		return time.Time{}, 0, err
	}
	return l.MembersRemoved[len(l.MembersRemoved)-1].Time, len(l.MembersRemoved), nil
}
