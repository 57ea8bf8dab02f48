package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// ledger is what the tenant says has happened since its counters were reset.
type ledger struct {
	requests, items, writes int
	calls                   map[string]int
	mails, mailedTwice      int
	throttled, early        int
	added, removed          int
}

func (t *tenant) ledger(ctx context.Context) (ledger, error) {
	var l graphsim.Ledger
	if err := t.call(ctx, http.MethodGet, "/sim/ledger", nil, &l); err != nil {
		return ledger{}, err
	}
	short := ledger{
		requests: l.Requests, writes: len(l.Writes), calls: l.Calls, throttled: l.Answers[http.StatusTooManyRequests],
		early: len(l.EarlyCalls), added: len(l.MembersAdded), removed: len(l.MembersRemoved),
	}
	for _, mails := range l.Mails {
		short.mails += len(mails)
		if len(mails) > 1 {
			short.mailedTwice++
		}
	}
	return short, nil
}

// batchClass is the class of a $batch.
const batchClass = "POST /$batch"

// reads are the requests that change nothing.
func (l ledger) reads() int {
	reads := 0
	for class, n := range l.calls {
		if strings.HasPrefix(class, http.MethodGet+" ") || class == batchClass {
			reads += n
		}
	}
	return reads
}

// lastRemoval is when the last member was removed from a group, and how many were.
func (t *tenant) lastRemoval(ctx context.Context) (time.Time, int, error) {
	var l graphsim.Ledger
	if err := t.call(ctx, http.MethodGet, "/sim/ledger", nil, &l); err != nil || len(l.MembersRemoved) == 0 {
		return time.Time{}, 0, err
	}
	return l.MembersRemoved[len(l.MembersRemoved)-1].Time, len(l.MembersRemoved), nil
}
