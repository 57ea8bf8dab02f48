package kill

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// overdue has the tenant's clock, by which the time of the first mail is written down, go so far behind that the first reminder is due at
// once by the manager's; the second one is not.
func overdue(w *world) {
	w.tenantNow = func() time.Time { return time.Now().Add(-8 * 24 * time.Hour) }
	w.wanted = func(spec *b2b.GuestInvitationSpec) { spec.Reminders = &b2b.Reminders{AfterDays: 7, MaxCount: 2} }
}

func TestAReminderIsMailedOnceAndItsNumberNeverAgainWhateverIsKilled(t *testing.T) {
	t.Parallel()
	announcement := point{class: kubernetes + ": update guests", ordinal: 2}
	cases := []struct {
		at    point
		mails int // the reminder is one of them, unless nothing but its announcement was stored
	}{
		{announcement, 1},
		{point{class: directory + ": " + postInvitation, ordinal: 2}, 2},
		{point{class: kubernetes + ": update guests", ordinal: 3}, 2},
	}
	for _, c := range cases {
		for _, what := range mishaps(c.at) {
			t.Run(fmt.Sprintf("%s, %s", c.at, what.name), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, window, overdue)
				happened := what.plan(w, c.at)
				w.manager.start()
				w.create(w.platform()...)
				w.create(w.invitation())
				w.waitUntil("the reminder is announced", func(g Gomega) {
					g.Expect(happened()).To(BeTrue())
					guest, err := w.guest()
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(guest.Annotations[b2b.RecordAnnotation]).To(ContainSubstring(`"cause":"Reminder"`))
					w.expectReady(g, w.invitation())
				})
				w.expectQuiet()
				w.g.Expect(w.tenant.Ledger().MailCount(address)).To(Equal(c.mails))
				w.release()
				w.expectQuiet()
				writes := []string{postInvitation, postInvitation, deleteUser}
				w.expectOutcome(outcome{lives: 1, mails: c.mails, writes: writes[2-c.mails:]})
			})
		}
	}
}
