package kill

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// adoptedLife is what the life of a guest comes to who was there before: only the group is written.
var adoptedLife = outcome{writes: []string{addMember, removeMember}}

func TestAGuestWhoWasThereBeforeIsNeitherMailedNorWrittenWhateverIsKilled(t *testing.T) {
	t.Parallel()
	for _, when := range []moment{answerLost, afterAnswer} {
		t.Run(string(when), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, window)
			w.existing()
			w.restartAtEvery(when)
			w.manager.start()
			w.liveThroughAdopted()
			w.expectOutcome(adoptedLife)
		})
	}
}

// A guest whom somebody invited by hand a moment ago does not show yet. The operator invites them, and mails them, but finds out
// that it did not make the user.
func TestAGuestWhoWasThereBeforeAndDidNotShowIsNotDeletedWhateverIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, longWindow)
	id := w.existing()
	w.tenant.SetUserLag(id, hidden, hidden)
	killed := w.at(class(directory, postInvitation), answerLost, w.restart)
	w.manager.start()
	w.apply()
	w.waitUntilInDoubt()
	w.g.Expect(killed.Load()).To(BeTrue())
	w.reveal()
	w.restartAtEvery(answerLost)
	w.liveOnAdopted()
	w.expectOutcome(outcome{mails: 1, writes: []string{postInvitation, addMember, removeMember}})
}

// existing puts the guest into the tenant, long ago, and counts them among the people who must not be touched.
func (w *world) existing() (id string) {
	w.Helper()
	id = w.tenant.AddGuest(address, "Ada Lovelace")
	w.g.Expect(w.tenant.UpdateUser(id, func(user *graphsim.User) {
		user.CreatedDateTime = w.tenant.Now().Add(-24 * time.Hour).Truncate(time.Second)
	})).To(Succeed())
	w.before = peopleOf(w.tenant)
	return id
}

func (w *world) liveThroughAdopted() {
	w.Helper()
	w.apply()
	w.liveOnAdopted()
}

// liveOnAdopted is the life of a guest who was there before.
func (w *world) liveOnAdopted() {
	w.Helper()
	w.waitUntilGranted()
	guest, err := w.guest()
	w.g.Expect(err).NotTo(HaveOccurred())
	w.g.Expect(guest.Status.Origin).To(Equal(b2b.GuestOriginAdopted))
	w.leave(partners)
	w.release()
	w.expectQuiet()
}
