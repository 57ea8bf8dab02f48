package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// announcedWrites are the only writes that the whole life of one invitation and one membership may take.
var announcedWrites = []string{
	"POST /invitations", // the first one
	"POST /groups/{id}/members/$ref",
	"POST /invitations", // the reminder
	"DELETE /groups/{id}/members/{memberId}/$ref",
	"DELETE /users/{id}",
}

// settles asks the tenant's own ledger what really happened.
func (p *story) settles(context.Context) error {
	ledger := p.tenant.Ledger()
	p.screen.freeze()
	p.screen.title("What the tenant's own ledger says")
	for _, line := range ledgerLines(ledger) {
		p.screen.say("%s", line)
	}
	for _, check := range p.checks(ledger) {
		if !check.holds {
			return p.unmet(check.what)
		}
		p.screen.good(check.what)
	}
	return nil
}

type check struct {
	what  string
	holds bool
}

func (p *story) checks(ledger graphsim.Ledger) []check {
	address := p.invitation.Spec.EmailAddress
	return []check{
		{"an invitation and a reminder were sent, to the guest and to nobody else", ledger.MailCount(address) == 2 && len(ledger.Mails) == 1},
		{"each write was made once, and there was no other", asAnnounced(ledger.Writes)},
		{"everybody who was there before still is, unchanged", p.untouched()},
		{"no call came before its time, and none went astray", len(ledger.EarlyCalls) == 0 && len(ledger.UnknownPaths) == 0},
	}
}

// asAnnounced tells whether the writes are those announced, each once and in this order.
func asAnnounced(writes []graphsim.WriteEvent) bool {
	return slices.EqualFunc(writes, announcedWrites, func(w graphsim.WriteEvent, class string) bool { return w.Class == class })
}

// untouched tells whether everybody who was in the tenant before is as they were.
func (p *story) untouched() bool {
	for _, before := range p.before {
		now, there := p.tenant.User(before.ID)
		if !there || fmt.Sprintf("%+v", now) != fmt.Sprintf("%+v", before) {
			return false
		}
	}
	return true
}

// ledgerLines tell mails by address, calls by class, and writes in order.
func ledgerLines(ledger graphsim.Ledger) []string {
	mails := make(map[string]int, len(ledger.Mails))
	for address, sent := range ledger.Mails {
		mails[address] = len(sent)
	}
	lines := append([]string{"Mails sent"}, counts(mails)...)
	lines = append(lines, fmt.Sprintf("Calls made: %d", ledger.Requests))
	lines = append(lines, counts(ledger.Calls)...)
	lines = append(lines, fmt.Sprintf("Of these, writes: %d", len(ledger.Writes)))
	for _, write := range ledger.Writes {
		lines = append(lines, counted(write.Seq, write.Class))
	}
	return lines
}

func counts(of map[string]int) []string {
	lines := make([]string, 0, len(of))
	for _, what := range slices.Sorted(maps.Keys(of)) {
		lines = append(lines, counted(of[what], what))
	}
	return lines
}

func counted(n int, what string) string { return fmt.Sprintf("%6d  %s", n, what) }
