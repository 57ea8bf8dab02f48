package kill

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// longWindow is a --replication-window that a test can do something in, on a busy machine too.
const longWindow = 30 * time.Second

// hidden is a lag that lasts until the test ends it.
var hidden = graphsim.Replication{Delay: time.Hour}

func TestAnInvitedUserWhoIsHiddenForLongerThanTheRestartTakesIsNotInvitedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, longWindow)
	w.tenant.SetLag(graphsim.Lag{Reads: hidden, Writes: hidden})
	killed := w.at(class(directory, postInvitation), answerLost, w.restart)
	w.manager.start()
	w.apply()
	w.waitUntilInDoubt()
	w.g.Expect(killed.Load()).To(BeTrue())
	w.reveal()
	w.liveOn()
	w.expectOutcome(wholeLife)
}

func TestAUserWhoseIDIsKnownAndWhoIsHiddenAfterTheRestartIsNotGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, longWindow)
	w.tenant.SetLag(graphsim.Lag{Reads: hidden, Writes: hidden})
	killed := w.at(func(p point) bool {
		_, invited := w.tenant.UserByAddress(address)
		return invited && class(kubernetes, "update guests/status")(p)
	}, afterAnswer, w.restart)
	w.manager.start()
	w.apply()
	w.waitUntil("the manager has missed the user", func(g Gomega) {
		g.Expect(killed.Load()).To(BeTrue())
		g.Expect(w.tenant.Ledger().Calls).To(HaveKey("GET /users/{id}"))
		guest, err := w.guest()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(guest.Status.UserID).NotTo(BeEmpty())
	})
	w.reveal()
	w.liveOn()
	w.expectOutcome(wholeLife)
}

// The request of a process that has been killed may still be under way, and be carried out after the next process has looked.
func TestAnInvitationThatIsCarriedOutOnlyAfterTheRestartIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, longWindow)
	arrived, release := w.holdInvitations()
	w.manager.start()
	w.apply()
	w.waitUntil("the invitation is under way", func(g Gomega) { g.Expect(arrived).To(BeClosed()) })
	w.restart()
	w.waitUntilInDoubt()
	close(release)
	w.liveOn()
	w.expectOutcome(wholeLife)
}

func TestNobodyNoticesKillsAtEveryWriteToASlowDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8*time.Second)
	slow := graphsim.Replication{Delay: 3 * time.Second}
	w.tenant.SetLag(graphsim.Lag{Reads: slow, Writes: slow, Deletions: slow, Members: slow, Removals: slow})
	w.restartAtEvery(answerLost)
	w.manager.start()
	w.liveThrough()
	w.expectOutcome(wholeLife)
}

// waitUntilInDoubt waits until the manager says that it does not know what has come of the invitation.
func (w *world) waitUntilInDoubt() {
	w.Helper()
	w.waitUntil("the manager looks for the user in vain", func(g Gomega) {
		guest, err := w.guest()
		g.Expect(err).NotTo(HaveOccurred())
		ready := meta.FindStatusCondition(guest.Status.Conditions, b2b.ConditionReady)
		g.Expect(ready).To(HaveValue(HaveField("Reason", b2b.ReasonOutcomeUnknown)))
	})
}

// reveal ends the lag of the invited user.
func (w *world) reveal() {
	w.Helper()
	user, found := w.tenant.UserByAddress(address)
	w.g.Expect(found).To(BeTrue())
	w.tenant.SetLag(graphsim.Lag{})
	w.tenant.SetUserLag(user.ID, graphsim.Replication{}, graphsim.Replication{})
}

// holdInvitations has the tenant take invitations in and carry them out, whatever has become of their sender, once release
// is closed. Arrived is closed by the first.
func (w *world) holdInvitations() (arrived, release chan struct{}) {
	arrived, release = make(chan struct{}), make(chan struct{})
	next := w.tenant.Handler()
	first := make(chan struct{}, 1)
	first <- struct{}{}
	w.intercept(func(_ http.ResponseWriter, r *http.Request) (done bool) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/invitations") {
			return false
		}
		select {
		case <-first:
		default:
			return false
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return false
		}
		close(arrived)
		select {
		case <-release:
		case <-w.Context().Done():
			return true
		}
		late := r.Clone(w.Context())
		late.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(httptest.NewRecorder(), late)
		return true
	})
	return arrived, release
}
