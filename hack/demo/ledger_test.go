package main

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func writes(classes ...string) (events []graphsim.WriteEvent) {
	for _, class := range classes {
		events = append(events, graphsim.WriteEvent{Class: class})
	}
	return events
}

func TestAWriteTooManyOrTooFewIsNoticed(t *testing.T) {
	g := NewWithT(t)
	g.Expect(asAnnounced(writes(announcedWrites...))).To(BeTrue())
	g.Expect(asAnnounced(writes(announcedWrites[1:]...))).To(BeFalse())
	g.Expect(asAnnounced(writes(append([]string{"POST /invitations"}, announcedWrites...)...))).To(BeFalse())
}

func TestAnybodyWhoWasThereBeforeAndIsNotAsTheyWereIsNoticed(t *testing.T) {
	tenant := graphsim.New(graphsim.Options{})
	graphsim.Seed(tenant)
	p := &story{stage: &stage{tenant: tenant}, before: tenant.Users()}
	g := NewWithT(t)
	g.Expect(p.untouched()).To(BeTrue())
	g.Expect(tenant.UpdateUser(p.before[0].ID, func(u *graphsim.User) { u.CompanyName = "Somebody else's" })).To(Succeed())
	g.Expect(p.untouched()).To(BeFalse())
}

func TestTheLedgerTellsMailsCallsAndWrites(t *testing.T) {
	g := NewWithT(t)
	lines := ledgerLines(graphsim.Ledger{
		Mails:    map[string][]graphsim.MailRecord{"ada@partner.example": {{}, {}}},
		Requests: 3, Calls: map[string]int{"GET /users": 3},
		Writes: []graphsim.WriteEvent{{Seq: 1, Class: "POST /invitations"}},
	})
	g.Expect(lines).To(Equal([]string{
		"Mails sent", "     2  ada@partner.example", "Calls made: 3", "     3  GET /users",
		"Of these, writes: 1", "     1  POST /invitations",
	}))
}
