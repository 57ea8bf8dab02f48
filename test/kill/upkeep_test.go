package kill

import (
	"encoding/json"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// The classes of writes that sponsors and profile take.
const (
	setProfile    = "PATCH /users/{id}"
	addSponsor    = "POST /users/{id}/sponsors/$ref"
	removeSponsor = "DELETE /users/{id}/sponsors/{sponsorId}/$ref"
)

// upkeep is what the life of a guest comes to who has a sponsor from the beginning, gets another one in their place, and a company that
// somebody changes once.
var upkeep = outcome{lives: 1, mails: 1, writes: []string{postInvitation, setProfile, removeSponsor, addSponsor, setProfile, deleteUser}}

const company = "Partner GmbH"

func TestSponsorsAndProfileAreWrittenOnceWhateverHappensAtAnyWrite(t *testing.T) {
	t.Parallel()
	again := point{class: directory + ": " + setProfile, ordinal: 2}
	points := append(directoryPoints(setProfile, removeSponsor, addSponsor), again)
	eachMishap(t, points, func(w *world, _ point, happened func() bool) {
		w.liveThroughUpkeep()
		w.expectOutcome(upkeep)
		w.g.Expect(happened()).To(BeTrue())
	})
}

func TestSponsorsAndProfileAreWrittenOnceWhateverIsKilled(t *testing.T) {
	t.Parallel()
	killedAtEveryWrite(t, func(w *world) {
		w.liveThroughUpkeep()
		w.expectOutcome(upkeep)
		w.g.Expect(w.manager.starts).To(BeNumerically(">", 2*len(upkeep.writes)))
	})
}

// liveThroughUpkeep is the life of a guest with sponsors and a profile.
func (w *world) liveThroughUpkeep() {
	w.Helper()
	first, second := w.employee("megan.bowen"), w.employee("adele.vance")
	w.create(w.platform()...)
	invitation := w.invitation()
	invitation.Spec.Profile = b2b.Profile{CompanyName: company}
	invitation.Spec.Sponsors = []b2b.Sponsor{{ID: first}}
	w.create(invitation)
	w.waitUntilKept(first)

	w.step()
	w.waitUntil("another sponsor is named", func(g Gomega) {
		invitation := w.invitation()
		g.Expect(w.kube.Get(w.Context(), client.ObjectKeyFromObject(invitation), invitation)).To(Succeed())
		invitation.Spec.Sponsors = []b2b.Sponsor{{ID: second}}
		g.Expect(w.kube.Update(w.Context(), invitation)).To(Succeed())
	})
	w.waitUntilKept(second)

	w.step()
	user, found := w.tenant.UserByAddress(address)
	w.g.Expect(found).To(BeTrue())
	w.g.Expect(w.tenant.PatchUser(user.ID, map[string]json.RawMessage{"companyName": []byte(`"Other Ltd"`)})).To(Succeed())
	w.waitUntilKept(second)
	w.release()
	w.expectQuiet()
}

// employee gives the id of somebody who works for the tenant's own company.
func (w *world) employee(name string) string {
	w.Helper()
	for _, user := range w.tenant.Users() {
		if strings.HasPrefix(user.Mail, name+"@") {
			return user.ID
		}
	}
	w.Fatalf("nobody is called %s", name)
	return ""
}

// waitUntilKept waits until the guest has the company and the sponsor, and the operator says so.
func (w *world) waitUntilKept(sponsor string) {
	w.Helper()
	w.waitUntil("sponsor and profile are as the spec says", func(g Gomega) {
		invitation := w.invitation()
		w.expectReady(g, invitation)
		says := meta.FindStatusCondition(invitation.Status.Conditions, b2b.ConditionSponsorsSet)
		g.Expect(says).NotTo(BeNil())
		g.Expect(says.Reason).To(Equal(b2b.ReasonSponsorsSet), says.Message)
		g.Expect(says.ObservedGeneration).To(Equal(invitation.Generation))
		user, found := w.tenant.UserByAddress(address)
		g.Expect(found).To(BeTrue())
		g.Expect(user.CompanyName).To(Equal(company))
		g.Expect(user.Sponsors).To(ConsistOf(sponsor))
	})
}
