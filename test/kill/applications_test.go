package kill

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const (
	grantRole  = "POST /servicePrincipals/{id}/appRoleAssignedTo"
	revokeRole = "DELETE /servicePrincipals/{id}/appRoleAssignedTo/{assignmentId}"

	// wiki is an application of the demonstration data, and reader the name of the assignment.
	wiki   = "Project Wiki"
	reader = "ada-reads-wiki"
)

// roleLife is what the life of a guest with an app role comes to.
var roleLife = outcome{lives: 1, mails: 1, writes: []string{postInvitation, grantRole, revokeRole, deleteUser}}

func TestNobodyNoticesWhatHappensWhenAnAppRoleIsAssignedOrTakenBack(t *testing.T) {
	t.Parallel()
	eachMishap(t, directoryPoints(grantRole, revokeRole), func(w *world, _ point, happened func() bool) {
		w.liveWithRole()
		w.expectRoleOutcome()
		w.g.Expect(happened()).To(BeTrue(), "what was planned has happened")
	})
}

func TestNobodyNoticesKillsAtEveryWriteAboutAnAppRole(t *testing.T) {
	t.Parallel()
	killedAtEveryWrite(t, func(w *world) {
		w.liveWithRole()
		w.expectRoleOutcome()
	})
}

// An assignment that the tenant hides for as long as the window is there, and is found.
func TestAnAssignmentWhoseAnswerWasLostWithTheManagerAndThatDoesNotShowAtOnceIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, window)
	w.tenant.SetLag(graphsim.Lag{Assignments: graphsim.Replication{Delay: window}})
	killed := w.at(class(directory, grantRole), answerLost, w.restart)
	w.manager.start()
	w.liveWithRole()
	w.expectRoleOutcome()
	w.g.Expect(killed.Load()).To(BeTrue())
	w.g.Expect(w.tenant.Ledger().Calls[grantRole]).To(Equal(1), "assignments asked for")
}

func (w *world) role() *b2b.GuestAppRoleAssignment {
	return &b2b.GuestAppRoleAssignment{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: reader},
		Spec: b2b.GuestAppRoleAssignmentSpec{
			Guest:       b2b.MembershipGuest{InvitationRef: &b2b.InvitationReference{Name: "ada"}},
			Application: b2b.ApplicationReference{DisplayName: wiki},
			Role:        "Reader",
		},
	}
}

// liveWithRole is the whole life of an invitation and an app role assignment, with whatever is planned to happen meanwhile.
func (w *world) liveWithRole() {
	w.Helper()
	w.create(w.platform()...)
	w.create(&b2b.GuestPolicy{ObjectMeta: metav1.ObjectMeta{Name: "applications"}, Spec: b2b.GuestPolicySpec{
		TenantRef:         b2b.TenantReference{Name: b2b.DefaultTenantName},
		NamespaceSelector: &metav1.LabelSelector{},
		Applications:      []b2b.ApplicationGrant{{ApplicationReference: b2b.ApplicationReference{DisplayName: wiki}, Roles: []string{"Reader"}}},
	}})
	w.create(w.invitation(), w.role())
	w.waitUntil("the guest has the role", func(g Gomega) {
		w.expectReady(g, w.invitation(), w.role())
		user, found := w.tenant.UserByAddress(address)
		g.Expect(found).To(BeTrue(), "the user is in the tenant")
		g.Expect(w.tenant.Assignments(user.ID)).To(HaveLen(1))
	})
	w.step()
	w.delete(w.role())
	w.waitUntil("the role is taken back", func(g Gomega) {
		w.expectGone(g, w.role())
		user, found := w.tenant.UserByAddress(address)
		g.Expect(found).To(BeTrue(), "the user is in the tenant")
		g.Expect(w.tenant.Assignments(user.ID)).To(BeEmpty())
	})
	w.release()
	w.expectQuiet()
}

// expectRoleOutcome expects one assignment, taken back, and everybody else's left alone.
func (w *world) expectRoleOutcome() {
	w.Helper()
	w.expectOutcome(roleLife)
	ledger := w.tenant.Ledger()
	ours := func(changes []graphsim.AssignmentChange) (ids []string) {
		for _, change := range changes {
			if change.By == graphsim.ByAPI {
				ids = append(ids, change.AssignmentID)
			}
		}
		return ids
	}
	w.g.Expect(ours(ledger.AssignmentsAdded)).To(HaveLen(1), "assignments made")
	w.g.Expect(ours(ledger.AssignmentsRemoved)).To(Equal(ours(ledger.AssignmentsAdded)), "assignments taken back")
}
