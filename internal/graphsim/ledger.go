package graphsim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Ledger is what really happened in the tenant. It is the referee of tests: it
// counts what was carried out, not what a client was told.
type Ledger struct {
	Time time.Time `json:"time"`
	// Mails by lower-case address of the recipient, in order.
	Mails map[string][]MailRecord `json:"mails"`
	// Copies of invitation mails by lower-case address of the one in copy, in order.
	// They are not among Mails.
	Copies map[string][]MailRecord `json:"copies"`
	// Invitations is the number of invitations carried out by address, with or without mail.
	Invitations map[string]int `json:"invitations"`
	// Requests to Graph and to the token endpoint that arrived, refused ones included.
	// A $batch is one, whatever it holds.
	Requests int `json:"requests"`
	// BatchItems are the calls inside of batches.
	BatchItems int `json:"batchItems"`
	// Calls by class: method and path template, as in "GET /users/{id}". An item of a
	// batch counts as the call it is, beside the batch.
	Calls map[string]int `json:"calls"`
	// Answers by status that a client was sent; 0 counts connections reset instead.
	Answers map[int]int `json:"answers"`
	// ItemAnswers are those of the items of batches, whether or not the batch's answer
	// reached the client; 0 counts items that a fault kept from being carried out.
	ItemAnswers map[int]int `json:"itemAnswers"`
	// Throttled counts the answers with status 429, of requests and of items.
	Throttled int `json:"throttled"`
	// Writes of the API that were committed, in order.
	Writes []WriteEvent `json:"writes"`
	// States of users by id, whoever changed them.
	States map[string][]StateChange `json:"states"`
	// UsersDeleted by anybody, in order; MembersAdded and MembersRemoved likewise.
	UsersDeleted   []StateChange  `json:"usersDeleted"`
	MembersAdded   []MemberChange `json:"membersAdded"`
	MembersRemoved []MemberChange `json:"membersRemoved"`
	// SponsorsAdded by anybody, in order, those of an invitation included;
	// SponsorsRemoved likewise.
	SponsorsAdded   []SponsorChange `json:"sponsorsAdded"`
	SponsorsRemoved []SponsorChange `json:"sponsorsRemoved"`
	// AssignmentsAdded to applications by anybody, in order; AssignmentsRemoved
	// likewise. Those that end with a purged object are not among them.
	AssignmentsAdded   []AssignmentChange `json:"assignmentsAdded"`
	AssignmentsRemoved []AssignmentChange `json:"assignmentsRemoved"`
	// UnknownPaths by method and path that nothing serves.
	UnknownPaths map[string]int `json:"unknownPaths"`
	TokensIssued int            `json:"tokensIssued"`
	// EarlyCalls arrived inside the window of a Retry-After that was sent before.
	EarlyCalls []EarlyCall `json:"earlyCalls"`
	// TLSHandshakes of the servers that StartTLS has started.
	TLSHandshakes int `json:"tlsHandshakes"`

	counts counts
}

// counts are the totals that Summary adds.
type counts struct {
	reads, writeCalls, tokenRequests, mails, mostMails int
}

// Actors of the ledger.
const (
	ByAPI   = "api"   // a Graph call
	ByAdmin = "admin" // an administrator: the Go methods and /sim/admin
	ByGuest = "guest" // the guest, redeeming
)

// WriteEvent is one committed write of the API.
type WriteEvent struct {
	// Seq counts writes from 1.
	Seq int `json:"seq"`
	// Class is the method and path template, as in "POST /groups/{id}/members/$ref".
	Class string `json:"class"`
	// Target is the invited address, the object's id, "group/member", "user/sponsor" or
	// "service principal/principal".
	Target  string `json:"target"`
	UserID  string `json:"userId,omitempty"`
	GroupID string `json:"groupId,omitempty"`
	// ResourceID is the service principal of an app role assignment.
	ResourceID string `json:"resourceId,omitempty"`
	// Properties that a PATCH of a user named, in order, whether or not it changed them.
	Properties      []string  `json:"properties,omitempty"`
	Time            time.Time `json:"time"`
	ClientRequestID string    `json:"clientRequestId,omitempty"`
}

// MailRecord is one mail sent, without its link.
type MailRecord struct {
	InvitationID string    `json:"invitationId"`
	UserID       string    `json:"userId"`
	Language     string    `json:"language"`
	Time         time.Time `json:"time"`
}

// StateChange is one step in a user's life: created, invited, redeemed, updated,
// disabled, enabled, sessionsRevoked, deleted, restored, purged.
type StateChange struct {
	UserID string    `json:"userId"`
	State  string    `json:"state"`
	By     string    `json:"by"`
	Time   time.Time `json:"time"`
}

// MemberChange is one pair added or removed.
type MemberChange struct {
	GroupID  string    `json:"groupId"`
	MemberID string    `json:"memberId"`
	By       string    `json:"by"`
	Time     time.Time `json:"time"`
}

// SponsorChange is one sponsor of a user added or removed. The sponsor is a user or
// a group.
type SponsorChange struct {
	UserID    string    `json:"userId"`
	SponsorID string    `json:"sponsorId"`
	By        string    `json:"by"`
	Time      time.Time `json:"time"`
}

// AssignmentChange is one app role assignment made or taken away.
type AssignmentChange struct {
	AssignmentID string    `json:"assignmentId"`
	PrincipalID  string    `json:"principalId"`
	ResourceID   string    `json:"resourceId"`
	AppRoleID    string    `json:"appRoleId"`
	By           string    `json:"by"`
	Time         time.Time `json:"time"`
}

// EarlyCall is a call that arrived at Time although a Retry-After sent at Since
// asked to wait until Until. One that arrives within moments of Since may have
// been on its way already.
type EarlyCall struct {
	Class string    `json:"class"`
	Time  time.Time `json:"time"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

func newLedger() Ledger {
	return Ledger{
		Mails:        map[string][]MailRecord{},
		Copies:       map[string][]MailRecord{},
		Invitations:  map[string]int{},
		Calls:        map[string]int{},
		Answers:      map[int]int{},
		ItemAnswers:  map[int]int{},
		States:       map[string][]StateChange{},
		UnknownPaths: map[string]int{},
	}
}

// Ledger returns a copy of the ledger.
func (t *Tenant) Ledger() Ledger {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.ledger
	l.Time = t.now()
	l.Mails = cloneLists(l.Mails)
	l.Copies = cloneLists(l.Copies)
	l.States = cloneLists(l.States)
	l.Invitations = maps.Clone(l.Invitations)
	l.Calls = maps.Clone(l.Calls)
	l.Answers = maps.Clone(l.Answers)
	l.ItemAnswers = maps.Clone(l.ItemAnswers)
	l.UnknownPaths = maps.Clone(l.UnknownPaths)
	l.Writes = slices.Clone(l.Writes)
	l.UsersDeleted = slices.Clone(l.UsersDeleted)
	l.MembersAdded = slices.Clone(l.MembersAdded)
	l.MembersRemoved = slices.Clone(l.MembersRemoved)
	l.SponsorsAdded = slices.Clone(l.SponsorsAdded)
	l.SponsorsRemoved = slices.Clone(l.SponsorsRemoved)
	l.AssignmentsAdded = slices.Clone(l.AssignmentsAdded)
	l.AssignmentsRemoved = slices.Clone(l.AssignmentsRemoved)
	l.EarlyCalls = slices.Clone(l.EarlyCalls)
	return l
}

func cloneLists[T any](lists map[string][]T) map[string][]T {
	clone := make(map[string][]T, len(lists))
	for key, list := range lists {
		clone[key] = slices.Clone(list)
	}
	return clone
}

// ResetCounters empties the ledger. Mailboxes and the directory stay as they are.
func (t *Tenant) ResetCounters() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ledger = newLedger()
}

// MailCount is the number of mails that an address was sent.
func (l Ledger) MailCount(address string) int { return len(l.Mails[strings.ToLower(address)]) }

// WritesOf returns the writes of a class, in order.
func (l Ledger) WritesOf(class string) []WriteEvent {
	return slices.DeleteFunc(slices.Clone(l.Writes), func(w WriteEvent) bool { return w.Class != class })
}

func (t *Tenant) recordState(userID, state, by string) {
	change := StateChange{UserID: userID, State: state, By: by, Time: t.now()}
	t.ledger.States[userID] = append(t.ledger.States[userID], change)
	if state == "deleted" {
		t.ledger.UsersDeleted = append(t.ledger.UsersDeleted, change)
	}
}
