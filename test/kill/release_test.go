package kill

import (
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestAGuestWhoIsAskedForAgainWhileTheManagerIsKilledDuringTheReleaseBeginsANewLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, window)
	w.manager.start()
	w.create(w.platform()...)
	w.create(w.invitation())
	w.waitUntil("the guest is invited", func(g Gomega) { w.expectReady(g, w.invitation()) })
	first, _ := w.tenant.UserByAddress(address)

	back := w.at(class(directory, deleteUser), answerLost, func() {
		w.manager.restart(func() {
			if err := w.kube.Create(cleanupContext, w.invitation()); err != nil {
				t.Errorf("asking for the guest again: %v", err)
			}
		})
	})
	w.delete(w.invitation())
	w.waitUntil("the guest is restored", func(g Gomega) {
		g.Expect(back.Load()).To(BeTrue())
		_, found := w.tenant.User(first.ID)
		g.Expect(found).To(BeTrue())
		invitation := w.invitation()
		w.expectReady(g, invitation)
		g.Expect(invitation.Status.UserID).To(Equal(first.ID))
	})
	w.plan(nil)
	w.release()
	w.expectQuiet()
	w.expectReturns([]string{postInvitation, deleteUser, restoreUser, deleteUser})
}

func TestAGuestWhoIsWantedInTheGroupAgainWhileTheManagerIsKilledAfterTheRemovalIsAMemberAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, window)
	w.manager.start()
	w.begin()
	back := w.at(class(directory, removeMember), answerLost, func() {
		w.manager.restart(func() {
			if err := w.kube.Create(cleanupContext, w.membership("ada-again")); err != nil {
				t.Errorf("asking for the membership again: %v", err)
			}
		})
	})
	w.delete(w.membership(partners))
	w.waitUntil("the guest is a member again", func(g Gomega) {
		g.Expect(back.Load()).To(BeTrue())
		w.expectGone(g, w.membership(partners))
		w.expectReady(g, w.invitation(), w.membership("ada-again"))
		w.expectMember(g)
	})
	w.plan(nil)
	w.leave("ada-again")
	w.release()
	w.expectQuiet()
	w.expectOutcome(outcome{lives: 1, mails: 1, writes: []string{
		postInvitation, addMember, removeMember, addMember, removeMember, deleteUser,
	}})
}

func TestWhatIsDeletedWhileTheManagerIsDeadIsReleasedWhenItStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, window)
	w.manager.start()
	w.begin()
	w.manager.restart(func() { w.delete(w.invitation(), w.membership(partners)) })
	w.waitUntilReleased()
	w.waitUntil("the membership is gone", func(g Gomega) { w.expectGone(g, w.membership(partners)) }) // its pair went before
	w.expectQuiet()
	w.expectOutcome(wholeLife)
}

func TestAnInvitationThatIsDeletedBeforeItsLostAnswerIsLookedIntoLeavesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, window)
	gone := w.at(class(directory, postInvitation), answerLost, func() {
		w.manager.restart(func() {
			if err := w.kube.Delete(cleanupContext, w.invitation()); err != nil {
				t.Errorf("deleting the invitation: %v", err)
			}
		})
	})
	w.manager.start()
	w.create(w.platform()...)
	w.create(w.invitation())
	w.waitUntil("the invitation is deleted", func(g Gomega) { g.Expect(gone.Load()).To(BeTrue()) })
	w.waitUntilReleased()
	w.expectQuiet()
	w.expectOutcome(outcome{lives: 1, mails: 1, writes: []string{postInvitation, deleteUser}})
}

// waitUntilReleased waits until the Guest says that its life is over.
func (w *world) waitUntilReleased() {
	w.Helper()
	w.waitUntil("the guest is released", func(g Gomega) {
		guest, err := w.guest()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(guest.Status.State).To(Equal(b2b.GuestStateReleased))
		g.Expect(guest.Finalizers).To(BeEmpty())
		expectReadyCondition(g, guest)
	})
}
