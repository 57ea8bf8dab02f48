package kill

import (
	"encoding/json"
	"strings"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// The classes of writes that the life of a guest consists of.
const (
	postInvitation = "POST /invitations"
	addMember      = "POST /groups/{id}/members/$ref"
	removeMember   = "DELETE /groups/{id}/members/{memberId}/$ref"
	deleteUser     = "DELETE /users/{id}"
)

// wholeLife is what the life of one guest comes to.
var wholeLife = outcome{lives: 1, mails: 1, writes: []string{postInvitation, addMember, removeMember, deleteUser}}

// outcome is what the tenant has seen of the operator in the end.
type outcome struct {
	// lives is how many users were created, and each of them deleted.
	lives int
	mails int
	// writes are all there were, in order.
	writes []string
}

// expectOutcome expects that the tenant saw this and nothing else.
func (w *world) expectOutcome(want outcome) {
	w.Helper()
	ledger := w.tenant.Ledger()
	w.g.Expect(classesOf(ledger.Writes)).To(Equal(want.writes), "writes to the tenant")
	w.g.Expect(ledger.MailCount(address)).To(Equal(want.mails), "mails to the guest")
	w.g.Expect(ledger.Mails).To(HaveLen(min(want.mails, 1)), "nobody else is mailed")
	created := w.createdUsers(ledger)
	w.g.Expect(created).To(HaveLen(want.lives), "users created")
	var deleted []string
	for _, deletion := range ledger.UsersDeleted {
		deleted = append(deleted, deletion.UserID)
	}
	w.g.Expect(deleted).To(ConsistOf(created), "users deleted and created")
	w.g.Expect(pairsOf(ledger.MembersRemoved)).To(Equal(pairsOf(ledger.MembersAdded)), "pairs removed and added")
	w.expectNobodyElseTouched(ledger)
}

// expectNobodyElseTouched expects the tenant to be as it was before the run.
func (w *world) expectNobodyElseTouched(ledger graphsim.Ledger) {
	w.Helper()
	w.g.Expect(peopleOf(w.tenant)).To(Equal(w.before), "the people who were there before")
	w.g.Expect(ledger.UnknownPaths).To(BeEmpty(), "paths that nothing serves")
	w.g.Expect(ledger.EarlyCalls).To(BeEmpty(), "calls while the tenant had asked to wait")
}

func (w *world) createdUsers(ledger graphsim.Ledger) (ids []string) {
	for id, states := range ledger.States {
		if _, before := w.before.users[id]; !before && states[0].By == graphsim.ByAPI {
			ids = append(ids, id)
		}
	}
	return ids
}

func classesOf(writes []graphsim.WriteEvent) (classes []string) {
	for _, write := range writes {
		classes = append(classes, write.Class)
	}
	return classes
}

// pairsOf gives the pairs that the operator has changed.
func pairsOf(changes []graphsim.MemberChange) (pairs []string) {
	for _, change := range changes {
		if change.By == graphsim.ByAPI {
			pairs = append(pairs, change.GroupID+"/"+change.MemberID)
		}
	}
	return pairs
}

// explain prints what a failed run leaves behind.
func (w *world) explain() {
	if !w.Failed() {
		return
	}
	var text strings.Builder
	text.WriteString("\nWrites, in order:\n")
	for _, p := range w.recorder.all() {
		text.WriteString("  " + p.String() + "\n")
	}
	text.WriteString("\nObjects:\n")
	for _, list := range []client.ObjectList{
		&b2b.EntraTenantList{}, &b2b.GuestPolicyList{}, &b2b.GuestList{}, &b2b.GuestInvitationList{}, &b2b.GuestGroupMembershipList{},
		&b2b.GuestAppRoleAssignmentList{},
	} {
		if err := w.kube.List(cleanupContext, list); err != nil {
			text.WriteString(err.Error() + "\n")
			continue
		}
		for _, object := range itemsOf(list) {
			object.SetManagedFields(nil)
			written, _ := yaml.Marshal(object) // objects of the API can always be written
			text.WriteString("---\n" + string(written))
		}
	}
	ledger, _ := json.MarshalIndent(w.tenant.Ledger(), "", "  ") // plain data
	text.WriteString("\nLedger:\n" + string(ledger) + "\n")
	text.WriteString("\nThe manager's log, its end:\n" + w.manager.tail(logTail) + "\n")
	w.Log(text.String())
}

// logTail is how many lines of the manager's log are printed.
const logTail = 120
