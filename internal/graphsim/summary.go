package graphsim

import (
	"maps"
	"time"
)

// Summary is the ledger in totals: small and quick to make however much happened.
type Summary struct {
	Time time.Time `json:"time"`
	// Requests over HTTP, where a $batch is one, and the items inside of batches.
	Requests   int `json:"requests"`
	BatchItems int `json:"batchItems"`
	// Calls by class, items of batches included.
	Calls map[string]int `json:"calls"`
	// Reads and WriteCalls are the calls to Graph that change nothing, and those that
	// would, whatever came of them; a $batch is neither, its items are. Writes are
	// those that were carried out.
	Reads      int `json:"reads"`
	WriteCalls int `json:"writeCalls"`
	Writes     int `json:"writes"`
	// Mails sent, and the most that any one address was sent.
	Mails     int `json:"mails"`
	MostMails int `json:"mostMails"`
	// Throttled counts the answers with status 429. EarlyCalls came inside of a
	// Retry-After; LateEarlyCalls of these came so long after it was sent that they
	// cannot have been on their way already.
	Throttled      int `json:"throttled"`
	EarlyCalls     int `json:"earlyCalls"`
	LateEarlyCalls int `json:"lateEarlyCalls"`
	// TokenRequests, the tokens that came of them, and the handshakes of TLS.
	TokenRequests int `json:"tokenRequests"`
	TokensIssued  int `json:"tokensIssued"`
	TLSHandshakes int `json:"tlsHandshakes"`
	// UnknownPaths counts calls that nothing serves.
	UnknownPaths int `json:"unknownPaths"`
	// MembersAdded and MembersRemoved by anybody, UsersDeleted likewise.
	MembersAdded   int `json:"membersAdded"`
	MembersRemoved int `json:"membersRemoved"`
	UsersDeleted   int `json:"usersDeleted"`
	// SponsorsAdded and SponsorsRemoved by anybody, and app role assignments likewise.
	SponsorsAdded      int `json:"sponsorsAdded"`
	SponsorsRemoved    int `json:"sponsorsRemoved"`
	AssignmentsAdded   int `json:"assignmentsAdded"`
	AssignmentsRemoved int `json:"assignmentsRemoved"`
}

// inFlight is how long a call can have been on its way when a Retry-After was sent.
const inFlight = 200 * time.Millisecond

// Summary returns the totals of the ledger.
func (t *Tenant) Summary() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.ledger
	s := Summary{
		Time: t.now(), Requests: l.Requests, BatchItems: l.BatchItems, Calls: maps.Clone(l.Calls),
		Reads: l.counts.reads, WriteCalls: l.counts.writeCalls, Writes: len(l.Writes),
		Mails: l.counts.mails, MostMails: l.counts.mostMails,
		Throttled: l.Throttled, EarlyCalls: len(l.EarlyCalls),
		TokenRequests: l.counts.tokenRequests, TokensIssued: l.TokensIssued, TLSHandshakes: l.TLSHandshakes,
		MembersAdded: len(l.MembersAdded), MembersRemoved: len(l.MembersRemoved), UsersDeleted: len(l.UsersDeleted),
		SponsorsAdded: len(l.SponsorsAdded), SponsorsRemoved: len(l.SponsorsRemoved),
		AssignmentsAdded: len(l.AssignmentsAdded), AssignmentsRemoved: len(l.AssignmentsRemoved),
	}
	for _, call := range l.EarlyCalls {
		if call.Time.Sub(call.Since) >= inFlight {
			s.LateEarlyCalls++
		}
	}
	for _, n := range l.UnknownPaths {
		s.UnknownPaths += n
	}
	return s
}
