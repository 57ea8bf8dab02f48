package kill

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// crowd is how many guests come and go together, so that what is written for them travels together.
const crowd = 8

// addMembers is the class of a request that adds several members.
const addMembers = "PATCH /groups/{id}"

func TestACrowdNoticesNothingOfWhatHappensInTheMiddleOfABatch(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]func(*world) (happened func() bool){
		"nothing happens": func(*world) func() bool { return func() bool { return true } },
		"killed when all have been added, and the answer is lost": func(w *world) func() bool {
			return w.at(class(directory, addMembers), answerLost, w.restart).Load
		},
		"killed after the answer to an addition of several": func(w *world) func() bool {
			return w.at(class(directory, addMembers), afterAnswer, w.restart).Load
		},
		"killed when some have been removed, and the answer is lost": func(w *world) func() bool {
			return w.at(func(p point) bool { return class(directory, removeMember)(p) && p.ordinal >= crowd/2 }, answerLost, w.restart).Load
		},
		"504 in place of the answer to an addition of several":   strikes(addMembers, 1, graphsim.GatewayTimeout()),
		"the connection breaks over an addition of several":      strikes(addMembers, 1, graphsim.ResetConnection()),
		"504 in place of the answer to one removal":              strikes(removeMember, crowd/2, graphsim.GatewayTimeout()),
		"the connection breaks over a batch of removals":         strikes(removeMember, crowd/2, graphsim.ResetConnection()),
		"half of the answer to a batch of removals gets through": strikes(removeMember, crowd/2, graphsim.Truncate()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, window)
			happened := plan(w)
			w.manager.start()
			w.crowdComes()
			w.crowdGoes()
			w.expectQuiet()
			w.expectCrowdOutcome()
			w.g.Expect(happened()).To(BeTrue(), "what was planned has happened")
		})
	}
}

// strikes has the nth request of a class meet an effect after it has been carried out.
func strikes(class string, nth int, effect graphsim.Effect) func(*world) func() bool {
	return func(w *world) func() bool {
		return faulty("", effect).plan(w, point{class: directory + ": " + class, ordinal: nth})
	}
}

func (w *world) crowdInvitations() (objects []client.Object) {
	for i := range crowd {
		objects = append(objects, &b2b.GuestInvitation{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: fmt.Sprint("guest", i)},
			Spec:       b2b.GuestInvitationSpec{EmailAddress: crowdAddress(i)},
		})
	}
	return objects
}

func (w *world) crowdMemberships() (objects []client.Object) {
	for i := range crowd {
		membership := w.membership(fmt.Sprint("guest", i, "-in-partners"))
		membership.Spec.Guest.InvitationRef.Name = fmt.Sprint("guest", i)
		objects = append(objects, membership)
	}
	return objects
}

func crowdAddress(i int) string { return fmt.Sprintf("guest%d@partner.example", i) }

// crowdComes invites everybody, and then has all join the group at once.
func (w *world) crowdComes() {
	w.Helper()
	w.create(w.platform()...)
	w.create(w.crowdInvitations()...)
	w.waitUntil("all are invited", func(g Gomega) { w.expectCrowdReady(g, w.crowdInvitations()) })
	w.create(w.crowdMemberships()...)
	w.waitUntil("all are in the group", func(g Gomega) {
		w.expectCrowdReady(g, w.crowdMemberships())
		g.Expect(w.tenant.Members(w.groupID)).To(HaveLen(len(w.before.members[w.groupID]) + crowd))
	})
}

// crowdGoes has all leave the group at once, and then the tenant.
func (w *world) crowdGoes() {
	w.Helper()
	w.delete(w.crowdMemberships()...)
	w.waitUntil("all have left the group", func(g Gomega) {
		for _, membership := range w.crowdMemberships() {
			w.expectGone(g, membership)
		}
		g.Expect(w.tenant.Members(w.groupID)).To(Equal(w.before.members[w.groupID]))
	})
	w.delete(w.crowdInvitations()...)
	w.waitUntil("all have been released", func(g Gomega) {
		for i := range crowd {
			_, there := w.tenant.UserByAddress(crowdAddress(i))
			g.Expect(there).To(BeFalse(), crowdAddress(i))
		}
	})
}

func (w *world) expectCrowdReady(g Gomega, objects []client.Object) {
	for _, object := range objects {
		g.Expect(w.kube.Get(w.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
		expectReadyCondition(g, object)
	}
}

// expectCrowdOutcome expects one mail, one life, and one stay in the group for each, and that additions and removals did travel together.
func (w *world) expectCrowdOutcome() {
	w.Helper()
	ledger := w.tenant.Ledger()
	for i := range crowd {
		w.g.Expect(ledger.MailCount(crowdAddress(i))).To(Equal(1), crowdAddress(i))
	}
	created := w.createdUsers(ledger)
	w.g.Expect(created).To(HaveLen(crowd), "users created")
	var deleted []string
	for _, deletion := range ledger.UsersDeleted {
		deleted = append(deleted, deletion.UserID)
	}
	w.g.Expect(deleted).To(ConsistOf(created), "users deleted and created")
	added, removed := pairsOf(ledger.MembersAdded), pairsOf(ledger.MembersRemoved)
	w.g.Expect(removed).To(ConsistOf(added), "pairs removed and added")
	w.g.Expect(slices.Compact(slices.Sorted(slices.Values(added)))).To(HaveLen(crowd), "everybody was a member")
	w.g.Expect(added).To(HaveLen(crowd), "and once")
	together := slices.ContainsFunc(classesOf(ledger.Writes), func(class string) bool { return strings.HasPrefix(class, addMembers) })
	w.g.Expect(together).To(BeTrue(), "some were added together")
	w.g.Expect(ledger.BatchItems).To(BeNumerically(">", 0))
	w.expectNobodyElseTouched(ledger)
}
