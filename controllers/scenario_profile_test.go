package controllers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const patchUser = "PATCH /users/{id}"

// granting changes what a policy says about invitations.
func granting(change func(*b2b.InvitationGrant)) func(*b2b.GuestPolicy) {
	return func(p *b2b.GuestPolicy) { change(p.Spec.Invitations) }
}

func everyField(g *b2b.InvitationGrant) {
	g.AllowedProfileFields = []b2b.ProfileField{"givenName", "surname", "companyName", "department", "jobTitle", "employeeType", "usageLocation"}
}

func adoptedWrites(g *b2b.InvitationGrant) { g.AllowAdoptedWrites = true }

// givenTenantWith creates a connected tenant and a policy with these grants.
func (o *scenario) givenTenantWith(grants ...func(*b2b.InvitationGrant)) *b2b.GuestPolicy {
	o.t.Helper()
	tenant := o.createTenant()
	var changes []func(*b2b.GuestPolicy)
	for _, grant := range grants {
		changes = append(changes, granting(grant))
	}
	policy := o.givenPolicy(changes...)
	o.expectReady(tenant, b2b.ReasonConnected)
	return policy
}

func withProfile(profile b2b.Profile) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) { i.Spec.Profile = profile }
}

// user reads the user with an address from the tenant.
func (o *scenario) user(address string) graphsim.User {
	o.t.Helper()
	user, found := o.tenant.UserByAddress(address)
	o.Expect(found).To(BeTrue(), "%s is not in the tenant", address)
	return user
}

// expectUserSoon waits until the user with an address is as expected.
func (o *scenario) expectUserSoon(address string, expect func(g Gomega, user graphsim.User)) {
	o.t.Helper()
	o.Eventually(func(g Gomega) {
		user, found := o.tenant.UserByAddress(address)
		g.Expect(found).To(BeTrue())
		expect(g, user)
	}).Should(Succeed())
}

func hasCompany(name string) func(Gomega, graphsim.User) {
	return func(g Gomega, user graphsim.User) { g.Expect(user.CompanyName).To(Equal(name)) }
}

// patches gives which properties each PATCH of a user has named.
func (o *scenario) patches() (patches [][]string) {
	for _, write := range o.tenant.Ledger().WritesOf(patchUser) {
		patches = append(patches, write.Properties)
	}
	return patches
}

// change has an administrator change a user by the properties' Graph names.
func (o *scenario) change(userID string, properties map[string]json.RawMessage) {
	o.t.Helper()
	o.Expect(o.tenant.PatchUser(userID, properties)).To(Succeed())
}

func TestOnlyThoseProfileFieldsAreKeptThatTheSpecSets(t *testing.T) {
	o := startScenario(t)
	o.givenTenantWith(everyField)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example",
		withProfile(b2b.Profile{CompanyName: "Partner GmbH", UsageLocation: "de", Department: ""}))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectUserSoon("ada@partner.example", hasCompany("Partner GmbH"))
	o.Expect(o.user("ada@partner.example").UsageLocation).To(Equal("DE"))
	o.Expect(o.patches()).To(Equal([][]string{{"companyName", "usageLocation"}}))
	o.expectEvent(ada, "ProfileSet", "companyName, usageLocation")

	id := o.userID("ada@partner.example")
	o.change(id, map[string]json.RawMessage{"companyName": []byte(`"Other Ltd"`), "jobTitle": []byte(`"Analyst"`), "department": []byte(`"R&D"`)})
	o.expectUserSoon("ada@partner.example", hasCompany("Partner GmbH"))
	o.Expect(o.patches()).To(Equal([][]string{{"companyName", "usageLocation"}, {"companyName"}}))

	edit(o, ada, withProfile(b2b.Profile{Department: "Sales"})) // what is taken out stays as it is
	o.expectUserSoon("ada@partner.example", func(g Gomega, user graphsim.User) { g.Expect(user.Department).To(Equal("Sales")) })
	o.change(id, map[string]json.RawMessage{"companyName": []byte(`"Other Ltd"`)})
	o.awaitRounds(2)
	user := o.user("ada@partner.example")
	o.Expect([]string{user.CompanyName, user.JobTitle, user.UsageLocation}).To(Equal([]string{"Other Ltd", "Analyst", "DE"}))
	o.Expect(o.patches()).To(HaveLen(3))
	o.expectMails("ada@partner.example", 1)

	before := o.stored.now()
	o.restart()
	o.awaitRounds(2)
	o.Expect(o.patches()).To(HaveLen(3))
	o.Expect(o.storedSince(before)).To(BeEmpty())
}

func TestNamesThatRedemptionOverwritesAreSetBackOnce(t *testing.T) {
	o := startScenario(t)
	o.givenTenantWith(everyField)
	o.tenant.SetHome("ada@partner.example", graphsim.Home{DisplayName: "A. King", GivenName: "Augusta", Surname: "King"})
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example",
		withProfile(b2b.Profile{GivenName: "Ada", Surname: "Lovelace"}), func(i *b2b.GuestInvitation) { i.Spec.DisplayName = "Ada Lovelace" })
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectUserSoon("ada@partner.example", func(g Gomega, user graphsim.User) { g.Expect(user.GivenName).To(Equal("Ada")) })
	_, err := o.tenant.Redeem("ada@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	o.expectReady(ada, b2b.ReasonAccepted)
	o.expectUserSoon("ada@partner.example", func(g Gomega, user graphsim.User) {
		g.Expect([]string{user.GivenName, user.Surname, user.DisplayName}).To(Equal([]string{"Ada", "Lovelace", "A. King"}))
	})
	o.awaitRounds(2)
	o.Expect(o.patches()).To(Equal([][]string{{"givenName", "surname"}, {"givenName", "surname"}}))
}

func TestAReadThatLagsBehindTheProfileCausesNoOtherPatch(t *testing.T) {
	o := startScenario(t)
	o.tenant.SetLag(graphsim.Lag{Reads: graphsim.Replication{Delay: 2 * time.Second}, Writes: graphsim.Replication{Delay: 4 * time.Second}})
	o.givenTenantWith(everyField)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "Partner GmbH"}))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectUserSoon("ada@partner.example", hasCompany("Partner GmbH"))
	o.awaitRounds(2)
	o.Expect(o.patches()).To(HaveLen(1))
	o.expectReady(ada, b2b.ReasonInvited)
}

func TestAProfileFieldThatNoPolicyGrantsIsDenied(t *testing.T) {
	o := startScenario(t)
	policy := o.givenTenantWith(func(g *b2b.InvitationGrant) { g.AllowedProfileFields = []b2b.ProfileField{"companyName"} })
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "Partner GmbH", JobTitle: "Analyst"}))
	o.expectStalled(ada, b2b.ReasonPolicyDenied)
	o.Expect(message(ada)).To(ContainSubstring("does not allow setting profile.jobTitle (allowedProfileFields)"))
	o.Expect(o.calls("POST /invitations")).To(BeZero())
	edit(o, policy, granting(everyField))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectUserSoon("ada@partner.example", func(g Gomega, user graphsim.User) { g.Expect(user.JobTitle).To(Equal("Analyst")) })

	edit(o, policy, granting(func(g *b2b.InvitationGrant) { g.AllowedProfileFields = nil })) // what it set stays, and is not kept any more
	o.expectStalled(ada, b2b.ReasonPolicyDenied)
	o.change(o.userID("ada@partner.example"), map[string]json.RawMessage{"jobTitle": []byte(`"Boss"`)})
	o.awaitRounds(2)
	o.Expect(o.user("ada@partner.example").JobTitle).To(Equal("Boss"))
}

func TestTheProfileOfAGuestWhoWasThereBeforeIsWrittenOnlyWhereAPolicyLetsIt(t *testing.T) {
	o := startScenario(t)
	o.givenPending("ada@partner.example", func(u *graphsim.User) { u.CompanyName = "Theirs" })
	policy := o.givenTenantWith(everyField)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "Ours", JobTitle: "Analyst"}))
	o.expectReady(ada, b2b.ReasonAdopted)
	o.Expect(message(ada)).To(And(ContainSubstring("companyName, jobTitle is not applied"), ContainSubstring("(allowAdoptedWrites)")))
	o.awaitRounds(1)
	o.Expect(o.writes()).To(BeEmpty())
	edit(o, policy, granting(adoptedWrites))
	o.expectUserSoon("ada@partner.example", hasCompany("Ours"))
	expectSoon(o.operatorUnderTest, ada, func(g Gomega, ada *b2b.GuestInvitation) {
		g.Expect(message(ada)).NotTo(ContainSubstring("not applied"))
	})
	o.delete(ada)
	o.expectNoObject(ada)
	o.expectReleased("ada@partner.example")
	o.Expect(o.user("ada@partner.example").CompanyName).To(Equal("Ours"))
}

func TestASynchronisedGuestIsNeverWrittenTo(t *testing.T) {
	o := startScenario(t)
	o.givenPending("ada@partner.example", func(u *graphsim.User) { u.OnPremisesSyncEnabled = true })
	o.givenTenantWith(everyField, adoptedWrites)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "Ours"}),
		sponsoredBy(b2b.Sponsor{UserPrincipalName: o.employee("Megan")}))
	o.expectReady(ada, b2b.ReasonAdopted)
	o.expectCondition(ada, b2b.ConditionSponsorsSet, metav1.ConditionFalse, b2b.ReasonUserNotWritable)
	o.Expect(message(ada)).To(ContainSubstring("synchronised"))
	o.awaitRounds(1)
	o.Expect(o.calls(patchUser)).To(BeZero())
	o.Expect(o.writes()).To(BeEmpty())
}

func TestTheNextAuthorTakesTheProfileOverWithoutAMail(t *testing.T) {
	o := startScenario(t)
	o.givenTenantWith(everyField)
	first := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "First", JobTitle: "Analyst"}))
	o.expectUserSoonAfter(first, "ada@partner.example", hasCompany("First"))
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "Second"}))
	o.expectReady(second, b2b.ReasonInvited)
	o.expectCondition(second, b2b.ConditionAuthor, metav1.ConditionFalse, b2b.ReasonEarlierClaim)
	o.Expect(whatSays(second.Status.Conditions, b2b.ConditionAuthor).message).To(ContainSubstring("its sponsors, its profile"))
	o.awaitRounds(1)
	o.Expect(o.user("ada@partner.example").CompanyName).To(Equal("First"))

	o.delete(first)
	o.expectUserSoon("ada@partner.example", hasCompany("Second"))
	o.Expect(o.user("ada@partner.example").JobTitle).To(Equal("Analyst"))
	o.awaitRounds(1)
	o.Expect(o.patches()).To(HaveLen(2))
	o.expectMails("ada@partner.example", 1)
}

// expectUserSoonAfter waits for an invitation to be Ready, and then for the user.
func (o *scenario) expectUserSoonAfter(invitation *b2b.GuestInvitation, address string, expect func(Gomega, graphsim.User)) {
	o.t.Helper()
	o.expectReady(invitation, b2b.ReasonInvited)
	o.expectUserSoon(address, expect)
}

func TestAPatchWhoseAnswerIsLostIsRepeatedOnlyWhereItDidNothing(t *testing.T) {
	for name, c := range map[string]struct {
		effect  graphsim.Effect
		patches int
	}{
		"carried out":     {graphsim.AfterCommit(graphsim.GatewayTimeout()), 1},
		"not carried out": {graphsim.GatewayTimeout(), 1},
		"no connection":   {graphsim.AfterCommit(graphsim.ResetConnection()), 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := startScenario(t)
			o.tenant.Inject(graphsim.Fault{Method: http.MethodPatch, Path: "/users/{id}", Times: 1, Effect: c.effect})
			o.givenTenantWith(everyField)
			ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "Partner GmbH"}))
			o.expectUserSoonAfter(ada, "ada@partner.example", hasCompany("Partner GmbH"))
			o.awaitRounds(1)
			o.Expect(o.patches()).To(HaveLen(c.patches))
			o.expectMails("ada@partner.example", 1)
		})
	}
}

func TestWithoutThePermissionToWriteUsersOnlyTheAuthorWaits(t *testing.T) {
	o := startScenario(t)
	lift := o.tenant.Inject(graphsim.Fault{Method: http.MethodPatch, Path: "/users/{id}",
		Effect: graphsim.Refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")})
	o.givenTenantWith(everyField)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "Partner GmbH"}))
	o.expectWaiting(ada, b2b.ReasonPermissionMissing)
	o.Expect(message(ada)).To(ContainSubstring("Grant the application permission User.ReadWrite.All"))
	o.expectCondition(ada, b2b.ConditionInvited, metav1.ConditionTrue, b2b.ReasonInvited)
	membership := o.givenMembership(o.team, "ada", "ada")
	o.expectReady(membership, b2b.ReasonGranted)
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example")
	o.expectReady(second, b2b.ReasonInvited)

	lift()
	edit(o, ada, withProfile(b2b.Profile{CompanyName: "Partner AG"}))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectUserSoon("ada@partner.example", hasCompany("Partner AG"))
	o.expectMails("ada@partner.example", 1)
}

func TestAProfileThatTheDirectoryRefusesIsToldAndNotSentAgain(t *testing.T) {
	o := startScenario(t)
	o.tenant.Inject(graphsim.Fault{Method: http.MethodPatch, Path: "/users/{id}", Match: func(c graphsim.Call) bool { return strings.Contains(string(c.Body), "XX") },
		Effect: graphsim.Refuse(http.StatusBadRequest, "Request_BadRequest", "Invalid value specified for property 'usageLocation' of resource 'User'.")})
	o.givenTenantWith(everyField)
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{UsageLocation: "XX"}))
	o.expectReady(ada, b2b.ReasonInvited)
	expectSoon(o.operatorUnderTest, ada, func(g Gomega, ada *b2b.GuestInvitation) {
		g.Expect(message(ada)).To(ContainSubstring("usageLocation is not applied: Microsoft Entra refuses it: Request_BadRequest"))
	})
	o.expectEvent(ada, "ProfileRefused", "usageLocation")
	o.awaitRounds(2)
	o.Expect(o.calls(patchUser)).To(Equal(1))
	edit(o, ada, withProfile(b2b.Profile{UsageLocation: "GB"}))
	o.expectUserSoon("ada@partner.example", func(g Gomega, user graphsim.User) { g.Expect(user.UsageLocation).To(Equal("GB")) })
	expectSoon(o.operatorUnderTest, ada, func(g Gomega, ada *b2b.GuestInvitation) { g.Expect(message(ada)).NotTo(ContainSubstring("refuses")) })
}

func TestWhileTheTenantIsSuspendedNoProfileAndNoSponsorIsSetBack(t *testing.T) {
	o := startScenario(t)
	o.givenTenantWith(everyField)
	tenant := &b2b.EntraTenant{ObjectMeta: metav1.ObjectMeta{Name: b2b.DefaultTenantName}}
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", withProfile(b2b.Profile{CompanyName: "Partner GmbH"}),
		sponsoredBy(b2b.Sponsor{UserPrincipalName: o.employee("Megan")}))
	o.expectUserSoonAfter(ada, "ada@partner.example", hasCompany("Partner GmbH"))
	o.expectCondition(ada, b2b.ConditionSponsorsSet, metav1.ConditionTrue, b2b.ReasonSponsorsSet)
	edit(o, tenant, suspendTenant(true))
	o.expectCondition(ada, b2b.ConditionSuspended, metav1.ConditionTrue, b2b.ReasonTenantSuspended)
	written := len(o.writes())
	o.change(o.userID("ada@partner.example"), map[string]json.RawMessage{"companyName": []byte(`"Other Ltd"`)})
	edit(o, ada, sponsoredBy(b2b.Sponsor{UserPrincipalName: o.employee("Lee")}))
	o.awaitRounds(2)
	o.Expect(o.writes()).To(HaveLen(written))
	edit(o, tenant, suspendTenant(false))
	o.expectUserSoon("ada@partner.example", hasCompany("Partner GmbH"))
	o.expectSponsors("ada@partner.example", o.idOf("Lee"))
}
