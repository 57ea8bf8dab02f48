package kill

import (
	"maps"
	"slices"
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
	// The reminder is one of the mails, unless nothing but its announcement was stored.
	mails := map[point]int{
		{class: kubernetes + ": update guests", ordinal: 2}:    1,
		{class: directory + ": " + postInvitation, ordinal: 2}: 2,
		{class: kubernetes + ": update guests", ordinal: 3}:    2,
	}
	eachMishap(t, slices.Collect(maps.Keys(mails)), func(w *world, at point, happened func() bool) {
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
		w.g.Expect(w.tenant.Ledger().MailCount(address)).To(Equal(mails[at]))
		w.release()
		w.expectQuiet()
		writes := []string{postInvitation, postInvitation, deleteUser}
		w.expectOutcome(outcome{lives: 1, mails: mails[at], writes: writes[2-mails[at]:]})
	}, overdue)
}
