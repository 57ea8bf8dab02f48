package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// scenario measures a row of the table.
type scenario struct {
	name string
	what string
	run  func(ctx context.Context, b *bench) error
	// onlyByName is for what takes too long to be part of every run.
	onlyByName bool
}

// scenarios in the order in which they run: those from quota to restart share the state that the first one builds.
var scenarios = []scenario{
	{name: "quota", what: "invitations and memberships under the quotas of a large tenant", run: quota},
	{name: "memory", what: "resident memory once all are Ready", run: memory},
	{name: "steady", what: "calls an hour and Kubernetes writes while nothing happens", run: steady},
	{name: "redemption", what: "from a redemption to the status of its GuestInvitation", run: redemption},
	{name: "restart", what: "what a restart costs when all are Ready", run: restart},
	{name: "queue", what: "from a new object to its mail while many others are queued", run: queue},
	{name: "hundred", what: "100 invitations without a quota", run: hundred},
	{name: "removal", what: "100 members of one group removed", run: removal},
	{name: "rate", what: "without quota and latency, against a bare loop of the same Kubernetes writes", run: rate},
	{name: "growth", what: "CPU time and memory at three sizes", run: growth},
	{name: "silent", what: "redemption where delta does not report it (15 minutes; only if named)", run: silent, onlyByName: true},
}

// choose finds scenarios by their names, separated by commas, in the order in which they run.
func choose(names string) ([]scenario, error) {
	wanted := strings.FieldsFunc(names, func(c rune) bool { return c == ',' || c == ' ' })
	var chosen []scenario
	for _, s := range scenarios {
		if slices.Contains(wanted, s.name) || len(wanted) == 0 && !s.onlyByName {
			chosen = append(chosen, s)
		}
	}
	for _, name := range wanted {
		if !slices.ContainsFunc(scenarios, func(s scenario) bool { return s.name == name }) {
			return nil, fmt.Errorf("there is no row %q: see --help", name)
		}
	}
	return chosen, nil
}
