package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/event"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestAChangeOfAGuestsRecordWakesOnlyThoseWhomItConcerns(t *testing.T) {
	began := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	wants := func(name string) claimant { return claimant{Namespace: "team", Name: name, UID: "1"} }
	before := record{
		Author:   &author{UID: "1"},
		Attempts: []attempt{{Number: 1, AbsentSince: began}},
		Pairs:    []pair{{target: inGroup("g"), UserID: "u", AnnouncedAt: began, Claimants: []claimant{wants("a"), wants("b")}}},
	}
	for name, test := range map[string]struct {
		change                     func(*record)
		guest, invitation, members bool
	}{
		"another pair concerns whoever announced it": {
			change: func(r *record) { r.Pairs = append(r.Pairs, pair{target: inGroup("h"), UserID: "u"}) },
		},
		"another membership of a pair concerns nobody else": {
			change: func(r *record) { r.Pairs[0].Claimants = append(r.Pairs[0].Claimants, wants("c")) },
		},
		"a pair that goes concerns its memberships and the guest": {
			change: func(r *record) { r.Pairs = nil }, guest: true, members: true,
		},
		"a membership that leaves a pair concerns the others": {
			change: func(r *record) { r.dropClaimant(inGroup("g"), "team", "b") }, guest: true, members: true,
		},
		"an attempt concerns the guest": {
			change: func(r *record) { r.Attempts[0].Outcome = outcomeSent }, guest: true,
		},
		"another author concerns everybody": {
			change: func(r *record) { r.Author = &author{UID: "2"} }, guest: true, invitation: true, members: true,
		},
		"the end of a life concerns everybody": {
			change: func(r *record) { r.Release = &release{StartedAt: began} }, guest: true, invitation: true, members: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			guest, changed := &b2b.Guest{}, &b2b.Guest{}
			g.Expect(writeRecord(guest, &before)).To(Succeed())
			after, err := readRecord(guest)
			g.Expect(err).NotTo(HaveOccurred())
			test.change(after)
			g.Expect(writeRecord(changed, after)).To(Succeed())

			update := event.UpdateEvent{ObjectOld: guest, ObjectNew: changed}
			g.Expect(recordChanged().Update(update)).To(Equal(test.guest), "the guest")
			g.Expect(guestReported().Update(update)).To(Equal(test.invitation), "its invitations")
			g.Expect(guestReported().Update(update) || pairsTaken().Update(update)).To(Equal(test.members), "its memberships")
		})
	}
}

func TestARecordThatCannotBeReadWakesEverybody(t *testing.T) {
	g := NewWithT(t)
	guest := &b2b.Guest{}
	g.Expect(writeRecord(guest, &record{})).To(Succeed())
	broken := guest.DeepCopy()
	broken.Annotations[b2b.RecordAnnotation] = "{"

	update := event.UpdateEvent{ObjectOld: guest, ObjectNew: broken}
	g.Expect(recordChanged().Update(update)).To(BeTrue())
	g.Expect(guestReported().Update(update)).To(BeTrue())
	g.Expect(pairsTaken().Update(update)).To(BeTrue())
}
