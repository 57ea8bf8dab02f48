package kill

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// The classes of writes by which a guest is blocked and brought back.
const (
	patchUser      = "PATCH /users/{id}"
	revokeSessions = "POST /users/{id}/revokeSignInSessions"
	restoreUser    = "POST /directory/deletedItems/{id}/restore"
)

// returningLives are those of a guest who is blocked and let in again, deleted and restored, and deleted in the end.
var returningLives = []string{postInvitation, patchUser, revokeSessions, patchUser, deleteUser, restoreUser, deleteUser}

func TestNobodyNoticesWhatHappensWhileAGuestIsTakenAwayAndBroughtBack(t *testing.T) {
	t.Parallel()
	points := recordReturns(t)
	reached := &tally{}
	t.Cleanup(func() { reached.expectMost(t) })
	eachMishap(t, points, func(w *world, at point, happened func() bool) {
		w.liveThroughReturns()
		w.expectReturns(returningLives)
		reached.add(w.T, at, happened())
	})
}

func TestNobodyNoticesKillsAtEveryWriteWhileAGuestIsTakenAwayAndBroughtBack(t *testing.T) {
	t.Parallel()
	killedAtEveryWrite(t, func(w *world) {
		w.liveThroughReturns()
		w.expectReturns(returningLives)
		w.g.Expect(w.manager.starts).To(BeNumerically(">", 2*len(returningLives)))
	})
}

func TestNobodyNoticesKillsWhileASlowDirectoryTakesAGuestAwayAndBringsThemBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8*time.Second)
	slow := graphsim.Replication{Delay: 3 * time.Second}
	w.tenant.SetLag(graphsim.Lag{Reads: slow, Writes: slow, Deletions: slow, Restores: slow})
	w.restartAtEvery(answerLost)
	w.manager.start()
	w.liveThroughReturns()
	w.expectReturns(returningLives)
}

func TestAGuestWhoIsLetInAgainByATokenIsSoOnceWhateverIsKilled(t *testing.T) {
	t.Parallel()
	killedAtEveryWrite(t, func(w *world) {
		w.create(w.platform()...)
		w.ask(b2b.GuestDeletionPolicyDelete)
		_, err := w.tenant.Redeem(address)
		w.g.Expect(err).NotTo(HaveOccurred())
		w.expectBlockedByAdministrator()
		w.step()
		patch := []byte(`{"spec":{"resendToken":"let her in"}}`)
		w.g.Expect(w.kube.Patch(w.Context(), w.invitation(), client.RawPatch(types.MergePatchType, patch))).To(Succeed())
		w.waitUntil("the guest is let in again", func(g Gomega) {
			w.expectReady(g, w.invitation())
			user, _ := w.tenant.UserByAddress(address)
			g.Expect(user.Disabled).To(BeFalse())
		})
		w.expectBlockedByAdministrator() // the token has had its turn
		w.expectQuiet()
		w.expectBlockedByAdministrator()
		w.release()
		w.expectQuiet()
		w.expectReturns([]string{postInvitation, patchUser, deleteUser})
	})
}

// recordReturns gives the writes to the tenant by which a guest is taken away and brought back, in a run in which nothing goes wrong.
func recordReturns(t *testing.T) (points []point) {
	t.Helper()
	t.Run("recording", func(t *testing.T) {
		w := newWorld(t, window)
		w.manager.start()
		w.liveThroughReturns()
		w.expectReturns(returningLives)
		for _, p := range w.recorder.all() {
			if strings.HasPrefix(p.class, directory) && !strings.HasSuffix(p.class, postInvitation) {
				points = append(points, p)
			}
		}
	})
	NewWithT(t).Expect(points).To(HaveLen(len(returningLives)-1), "the undisturbed run")
	return points
}

// liveThroughReturns has the guest invited and blocked, let in again and deleted, restored and deleted, until nothing happens any more.
func (w *world) liveThroughReturns() {
	w.Helper()
	w.create(w.platform()...)
	w.ask(b2b.GuestDeletionPolicyDisable)
	user, _ := w.tenant.UserByAddress(address)
	w.release()
	blocked, _ := w.tenant.User(user.ID)
	w.g.Expect(blocked.Disabled).To(BeTrue())
	for range 2 {
		w.step()
		w.ask(b2b.GuestDeletionPolicyDelete)
		back, found := w.tenant.User(user.ID)
		w.g.Expect(found && !back.Disabled).To(BeTrue(), "the guest is back")
		w.release()
	}
	w.expectQuiet()
}

// ask creates the invitation and waits until the guest is there.
func (w *world) ask(policy b2b.GuestDeletionPolicy) {
	w.Helper()
	invitation := w.invitation()
	invitation.Spec.DeletionPolicy = policy
	w.create(invitation)
	w.waitUntil("the guest is there", func(g Gomega) { w.expectReady(g, w.invitation()) })
}

// expectBlockedByAdministrator has the guest blocked by somebody else, unless they are, and waits until that is noticed.
func (w *world) expectBlockedByAdministrator() {
	w.Helper()
	w.step()
	user, _ := w.tenant.UserByAddress(address)
	if !user.Disabled {
		w.g.Expect(w.tenant.DisableUser(user.ID)).To(Succeed())
	}
	w.waitUntil("the block is noticed", func(g Gomega) {
		guest, err := w.guest()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(guest.Status.Conditions).To(ContainElement(And(HaveField("Type", b2b.ConditionReady), HaveField("Reason", b2b.ReasonGuestDisabled))))
	})
}

// expectReturns expects that the tenant saw these writes, about the one user who was ever created and is deleted in the end, and one mail.
// What changes nothing the second time may have come twice in a row.
func (w *world) expectReturns(writes []string) {
	w.Helper()
	ledger := w.tenant.Ledger()
	classes := classesOf(ledger.Writes)
	seen := slices.CompactFunc(classes, func(a, b string) bool { return a == b && (a == patchUser || a == revokeSessions) })
	w.g.Expect(seen).To(Equal(writes), "writes to the tenant")
	w.g.Expect(ledger.MailCount(address)).To(Equal(1), "mails to the guest")
	w.g.Expect(ledger.Mails).To(HaveLen(1), "nobody else is mailed")
	created := w.createdUsers(ledger)
	w.g.Expect(created).To(HaveLen(1), "users created")
	_, deleted := w.tenant.DeletedUser(created[0])
	w.g.Expect(deleted).To(BeTrue(), "the user is deleted")
	for _, write := range ledger.Writes {
		w.g.Expect(write.Target).To(BeElementOf(created[0], w.groupID+"/"+created[0], address, ""), write.Class)
	}
	w.expectNobodyElseTouched(ledger)
}
