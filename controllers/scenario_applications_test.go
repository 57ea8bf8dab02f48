package controllers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// Applications of the demonstration data: the wiki has roles, and the portal has none.
const (
	wiki   = "Project Wiki"
	portal = "Partner Portal"
)

// The classes of the writes about app roles.
const (
	grantRole  = "POST /servicePrincipals/{id}/appRoleAssignedTo"
	revokeRole = "DELETE /servicePrincipals/{id}/appRoleAssignedTo/{assignmentId}"
)

// givenApplications connects the tenant and lets every namespace assign the wiki's Reader, and the portal's default access.
func (o *scenario) givenApplications(changes ...func(*b2b.GuestPolicy)) {
	o.t.Helper()
	o.givenConnectedTenant()
	grants := func(p *b2b.GuestPolicy) {
		p.Spec.Applications = []b2b.ApplicationGrant{grant(wiki, "Reader"), grant(portal)}
	}
	policy := o.createPolicy("applications", append([]func(*b2b.GuestPolicy){grants}, changes...)...)
	o.expectReady(policy, b2b.ReasonValid)
}

func grant(application string, roles ...string) b2b.ApplicationGrant {
	return b2b.ApplicationGrant{ApplicationReference: b2b.ApplicationReference{DisplayName: application}, Roles: roles}
}

// assignment is one of the wiki's Reader to the guest of an invitation, unless changes say otherwise.
func assignment(namespace, name, invitationName string, changes ...func(*b2b.GuestAppRoleAssignment)) *b2b.GuestAppRoleAssignment {
	object := &b2b.GuestAppRoleAssignment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: b2b.GuestAppRoleAssignmentSpec{
			Guest:       b2b.MembershipGuest{InvitationRef: &b2b.InvitationReference{Name: invitationName}},
			Application: b2b.ApplicationReference{DisplayName: wiki},
			Role:        "Reader",
		},
	}
	for _, change := range changes {
		change(object)
	}
	return object
}

func (o *scenario) givenAssignment(namespace, name, invitationName string, changes ...func(*b2b.GuestAppRoleAssignment)) *b2b.GuestAppRoleAssignment {
	o.t.Helper()
	object := assignment(namespace, name, invitationName, changes...)
	o.create(object)
	return object
}

// toApplication makes an assignment one of another role.
func toApplication(application, role string) func(*b2b.GuestAppRoleAssignment) {
	return func(a *b2b.GuestAppRoleAssignment) {
		a.Spec.Application, a.Spec.Role = b2b.ApplicationReference{DisplayName: application}, role
	}
}

// users gives who is assigned to an application, in which role: "address Role".
func (o *scenario) users(application string) (assigned []string) {
	o.t.Helper()
	id := o.tenant.ServicePrincipalByName(application)
	principal, found := o.tenant.ServicePrincipal(id)
	o.Expect(found).To(BeTrue(), application)
	for _, a := range o.tenant.Assignments(id) {
		user, found := o.tenant.User(a.PrincipalID)
		if !found || user.UserType != "Guest" {
			continue
		}
		role := "default access"
		if at := slices.IndexFunc(principal.AppRoles, func(r graphsim.AppRole) bool { return r.ID == a.AppRoleID }); at >= 0 {
			role = principal.AppRoles[at].Value
		}
		assigned = append(assigned, user.Mail+" "+role)
	}
	return assigned
}

// expectAssignments expects so many assignments to have been made and taken back by the operator, all told.
func (o *scenario) expectAssignments(made, takenBack int) {
	o.t.Helper()
	ours := func(changes []graphsim.AssignmentChange) (n int) {
		for _, change := range changes {
			if change.By == graphsim.ByAPI {
				n++
			}
		}
		return n
	}
	ledger := o.tenant.Ledger()
	o.Expect(ours(ledger.AssignmentsAdded)).To(Equal(made), "assignments made")
	o.Expect(ours(ledger.AssignmentsRemoved)).To(Equal(takenBack), "assignments taken back")
}

func TestAGuestIsAssignedAnAppRoleOnceAndLosesItWithTheObject(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.settle()
	before := o.stored.now()
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectReady(role, b2b.ReasonGranted)
	o.Expect(o.users(wiki)).To(ConsistOf("ada@partner.example Reader"))
	o.Expect(role.Status.UserID).To(Equal(ada.Status.UserID))
	o.Expect(role.Status.ServicePrincipalID).To(Equal(o.tenant.ServicePrincipalByName(wiki)))
	o.Expect(role.Status.AssignmentID).To(Equal(o.tenant.Assignments(ada.Status.UserID)[0].ID))
	o.settle()
	o.Expect(o.storedSince(before)).To(And(
		HaveKeyWithValue("PUT guestapproleassignments", 1), HaveKeyWithValue("PUT guestapproleassignments/status", 1),
		HaveKeyWithValue("PUT guests", 2), // the announcement, and the id of what came of it
	))
	reads := o.calls("GET /users/{id}/appRoleAssignments")
	o.awaitRounds(2)
	o.expectIdle(1)
	o.Expect(o.calls("GET /users/{id}/appRoleAssignments")).To(Equal(reads), "what is in order is not read again")

	o.delete(role)
	o.expectNoObject(role)
	o.expectEvent(role, "Revoked", "")
	o.Expect(o.users(wiki)).To(BeEmpty())
	o.expectAssignments(1, 1)
	o.expectUser("ada@partner.example")
}

func TestDefaultAccessIsAssignedWhereTheApplicationHasNoRoles(t *testing.T) {
	o := startScenario(t)
	o.givenApplications(func(p *b2b.GuestPolicy) { p.Spec.Applications = append(p.Spec.Applications, grant(wiki)) })
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-portal", "ada", toApplication(portal, ""))
	o.expectReady(role, b2b.ReasonGranted)
	o.Expect(message(role)).To(ContainSubstring("default access"))
	o.Expect(o.users(portal)).To(ConsistOf("ada@partner.example default access"))
	o.Expect(o.tenant.Assignments(role.Status.UserID)[0].AppRoleID).To(Equal(directory.DefaultAccess))

	none := o.givenAssignment(o.team, "ada-wiki", "ada", toApplication(wiki, ""))
	o.expectStalled(none, b2b.ReasonWaitingForApplication)
	o.Expect(message(none)).To(ContainSubstring("Reader, Editor"))
	o.Expect(o.calls(grantRole)).To(Equal(1))
}

func TestARoleIsAssignedWhenItsApplicationAllowsIt(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	change := func(change func(*graphsim.AppRole)) {
		o.Expect(o.tenant.UpdateServicePrincipal(o.tenant.ServicePrincipalByName(wiki), func(p *graphsim.ServicePrincipal) {
			change(&p.AppRoles[0])
		})).To(Succeed())
	}
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	change(func(r *graphsim.AppRole) { r.Value = "Reader2" })
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectWaiting(role, b2b.ReasonWaitingForApplication)
	o.Expect(message(role)).To(ContainSubstring(`no app role with the value "Reader"`))
	change(func(r *graphsim.AppRole) { r.Value, r.Disabled = "Reader", true })
	edit(o, role, suspendAssignment(true))
	edit(o, role, suspendAssignment(false))
	o.expectStalled(role, b2b.ReasonWaitingForApplication)
	o.Expect(message(role)).To(ContainSubstring("disabled"))
	change(func(r *graphsim.AppRole) { r.Disabled = false })
	edit(o, role, suspendAssignment(true))
	edit(o, role, suspendAssignment(false))
	o.expectReady(role, b2b.ReasonGranted)
	o.expectAssignments(1, 0)
}

func suspendAssignment(on bool) func(*b2b.GuestAppRoleAssignment) {
	return func(a *b2b.GuestAppRoleAssignment) { a.Spec.Suspend = on }
}

func TestAnAppRoleNeedsAGrantOfApplicationAndRole(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada", toApplication(wiki, "Editor"))
	o.expectStalled(role, b2b.ReasonPolicyDenied)
	o.Expect(message(role)).To(ContainSubstring(`the application "Project Wiki"`))
	policy := o.createPolicy("applications", func(p *b2b.GuestPolicy) {
		p.Spec.Applications = []b2b.ApplicationGrant{grant(wiki, "Reader"), grant("Missing", "Reader")}
	})
	o.expectReady(policy, b2b.ReasonValid)
	o.Expect(message(policy)).To(ContainSubstring(`except for requests for these applications: "Missing" does not exist`))
	o.Eventually(func() (string, error) { return o.reread(role) }).Should(ContainSubstring(`role "Editor" of application "Project Wiki"`))
	o.expectStalled(role, b2b.ReasonPolicyDenied)
	missing := o.givenAssignment(o.team, "ada-missing", "ada", toApplication("Missing", "Reader"))
	o.expectWaiting(missing, b2b.ReasonWaitingForApplication)

	o.tenant.AddServicePrincipal(graphsim.ServicePrincipal{DisplayName: "Missing", AppRoles: []graphsim.AppRole{{Value: "Reader"}}})
	edit(o, policy, func(p *b2b.GuestPolicy) { p.Spec.Applications[0].Roles = []string{"Reader", "Editor"} })
	o.expectReady(role, b2b.ReasonGranted)
	o.expectReady(missing, b2b.ReasonGranted)
	edit(o, policy, func(p *b2b.GuestPolicy) { p.Spec.Applications = nil })
	o.expectStalled(role, b2b.ReasonPolicyDenied)
	o.Expect(o.users(wiki)).To(ConsistOf("ada@partner.example Editor"), "a lost grant ends nobody's access by itself")
	o.delete(role)
	o.expectNoObject(role)
	o.Expect(o.users(wiki)).To(BeEmpty(), "taking back needs no grant")
}

// reread reads an object, and gives what its Ready condition says.
func (o *scenario) reread(object apiObject) (string, error) {
	err := o.client.Get(o.ctx, keyOf(object), object)
	return message(object), err
}

func TestAFreshGuestIsAssignedWhenEveryReplicaKnowsThem(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.tenant.SetLag(graphsim.Lag{
		Reads: graphsim.Replication{Delay: time.Second}, Writes: graphsim.Replication{Delay: 2 * time.Second},
		Assignments: graphsim.Replication{Delay: time.Second},
	})
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectWaiting(role, b2b.ReasonWaitingForGuest)
	o.expectReady(role, b2b.ReasonGranted)
	o.expectAssignments(1, 0)
}

func TestWhateverBecomesOfTheAnswerThereIsOneAssignment(t *testing.T) {
	effects := map[string]graphsim.Effect{
		"a 504 after the commit":                 graphsim.AfterCommit(graphsim.GatewayTimeout()),
		"a reset connection after the commit":    graphsim.AfterCommit(graphsim.ResetConnection()),
		"an answer that is cut off":              graphsim.Truncate(),
		"an answer that cannot be read":          graphsim.Garbage(),
		"a 500 before the commit":                graphsim.InternalError(),
		"a reset connection before the commit":   graphsim.ResetConnection(),
		"a 409":                                  graphsim.ConcurrencyViolation(409),
		"a request to wait":                      graphsim.Throttle("1"),
		"a replica that does not know the guest": graphsim.Refuse(400, "Request_BadRequest", "Not a valid reference update."),
		"an answer that says that it exists": graphsim.AfterCommit(graphsim.Refuse(400, "Request_BadRequest",
			"Permission being assigned already exists on the object")),
		"an answer that says so in other words": graphsim.AfterCommit(graphsim.Refuse(400, "Request_MultipleObjectsWithSameKeyValue",
			"EntitlementGrant entry already exists.")),
	}
	o := startScenario(t)
	o.givenApplications()
	roles := map[string]*b2b.GuestAppRoleAssignment{}
	for name, effect := range effects {
		guest := fmt.Sprintf("guest%d", len(roles))
		ada := o.givenInvitation(o.team, guest, guest+"@partner.example")
		o.expectReady(ada, b2b.ReasonInvited)
		o.tenant.Inject(graphsim.Fault{Times: 1, Effect: effect, Match: func(call graphsim.Call) bool {
			return call.Class == grantRole && strings.Contains(string(call.Body), ada.Status.UserID)
		}})
		roles[name] = o.givenAssignment(o.team, guest, guest)
	}
	for name, role := range roles {
		t.Run(name, func(t *testing.T) {
			o.in(t).expectReady(role, b2b.ReasonGranted)
		})
	}
	o.Expect(o.users(wiki)).To(HaveLen(len(effects)))
	o.expectAssignments(len(effects), 0)
	for _, role := range roles {
		o.delete(role)
		o.expectNoObject(role)
	}
	o.Expect(o.users(wiki)).To(BeEmpty()) // all were ours
	o.expectAssignments(len(effects), len(effects))
}

func TestAnAssignmentThatIsHiddenForLongerThanTheWindowIsASuccessWhenItShows(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	o.tenant.SetLag(graphsim.Lag{Assignments: graphsim.Replication{Delay: 2 * testReplicationWindow}})
	o.tenant.Inject(graphsim.Fault{Method: "POST", Path: "/servicePrincipals/{id}/appRoleAssignedTo", Times: 1,
		Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectWaiting(role, b2b.ReasonOutcomeUnknown)
	o.expectReady(role, b2b.ReasonGranted)
	o.expectAssignments(1, 0)
	o.delete(role)
	o.expectNoObject(role)
	o.expectAssignments(1, 1)
}

func TestARevocationThatTheDirectoryIsSlowToAnswerIsDoneOnce(t *testing.T) {
	o := startScenario(t)
	o.givenApplications()
	o.givenInvitation(o.team, "ada", "ada@partner.example")
	role := o.givenAssignment(o.team, "ada-wiki", "ada")
	o.expectReady(role, b2b.ReasonGranted)
	o.tenant.Inject(graphsim.Fault{Method: "DELETE", Path: "/servicePrincipals/{id}/appRoleAssignedTo/{assignmentId}", Times: 1,
		Effect: graphsim.AfterCommit(graphsim.GatewayTimeout())})
	o.delete(role)
	o.expectNoObject(role)
	o.expectAssignments(1, 1)
	o.Expect(o.calls(revokeRole)).To(Equal(1))
}
