package controllers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const (
	postSponsor   = "POST /users/{id}/sponsors/$ref"
	deleteSponsor = "DELETE /users/{id}/sponsors/{sponsorId}/$ref"
	getSponsors   = "GET /users/{id}/sponsors"
)

func sponsoredBy(sponsors ...b2b.Sponsor) func(*b2b.GuestInvitation) {
	return func(i *b2b.GuestInvitation) { i.Spec.Sponsors = sponsors }
}

// employee brings an employee in, once, and gives their sign-in name.
func (o *scenario) employee(name string) string {
	o.t.Helper()
	address := strings.ToLower(name) + ".sponsor@contoso.example"
	if _, there := o.tenant.UserByAddress(address); !there {
		o.tenant.AddUser(graphsim.User{DisplayName: name, Mail: address, UserPrincipalName: address})
	}
	return address
}

func (o *scenario) idOf(employee string) string {
	o.t.Helper()
	return o.userID(o.employee(employee))
}

// sponsorNamed names an employee by their sign-in name.
func (o *scenario) sponsorNamed(name string) b2b.Sponsor {
	return b2b.Sponsor{UserPrincipalName: o.employee(name)}
}

// expectSponsors waits until exactly these are the sponsors of the guest with the address.
func (o *scenario) expectSponsors(address string, ids ...string) {
	o.t.Helper()
	o.expectUserSoon(address, func(g Gomega, user graphsim.User) { g.Expect(user.Sponsors).To(ConsistOf(ids)) })
}

// expectSponsorsSet waits for condition SponsorsSet=True about the spec as it is.
func (o *scenario) expectSponsorsSet(invitation *b2b.GuestInvitation) {
	o.t.Helper()
	o.expectCondition(invitation, b2b.ConditionSponsorsSet, metav1.ConditionTrue, b2b.ReasonSponsorsSet)
}

func sponsorMessage(invitation *b2b.GuestInvitation) string {
	return whatSays(invitation.Status.Conditions, b2b.ConditionSponsorsSet).message
}

func TestSponsorsGoWithTheInvitationAndFollowTheSpecAfterwards(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	group := o.tenant.GroupByName("Project 42")
	before := o.stored.now()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example",
		sponsoredBy(o.sponsorNamed("Megan"), b2b.Sponsor{ID: o.idOf("Lee")}, b2b.Sponsor{GroupID: group}))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectSponsorsSet(ada)
	o.expectSponsors("ada@partner.example", o.idOf("Megan"), o.idOf("Lee"), group)
	o.Expect(o.writes()).To(HaveLen(1), "they went with the invitation")
	o.settle()
	o.Expect(o.storedSince(before)["PUT guests"]).To(Equal(1), "they are announced with the invitation")

	id := o.userID("ada@partner.example")
	o.Expect(o.tenant.AddSponsor(id, o.idOf("Grace"))).To(Succeed()) // somebody else's
	edit(o, ada, sponsoredBy(o.sponsorNamed("Megan"), o.sponsorNamed("Alex")))
	o.expectSponsors("ada@partner.example", o.idOf("Megan"), o.idOf("Alex"), o.idOf("Grace"))
	o.Expect([]int{o.calls(postSponsor), o.calls(deleteSponsor)}).To(Equal([]int{1, 2}))
	o.expectEvent(ada, "SponsorsChanged", "1 added, 2 removed")

	edit(o, ada, sponsoredBy(o.sponsorNamed("Alex"), o.sponsorNamed("Grace"))) // found, and so not ours
	o.expectSponsors("ada@partner.example", o.idOf("Alex"), o.idOf("Grace"))
	edit(o, ada, sponsoredBy())
	o.expectSponsors("ada@partner.example", o.idOf("Grace"))
	o.expectCondition(ada, b2b.ConditionSponsorsSet, "", "")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectMails("ada@partner.example", 1)
}

func TestSponsorsThatNobodyNamesAreNotLookedAt(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	id := o.userID("ada@partner.example")
	o.Expect(o.tenant.AddSponsor(id, o.idOf("Megan"))).To(Succeed())
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.DisplayName = "Ada" })
	o.awaitRounds(2)
	o.expectCondition(ada, b2b.ConditionSponsorsSet, "", "")
	o.Expect(o.calls(getSponsors)).To(BeZero())
	o.expectSponsors("ada@partner.example", o.idOf("Megan"))
}

func TestASponsorWhoIsNotThereIsNamedAndTheGuestIsInvitedAllTheSame(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	o.Expect(o.tenant.DisableUser(o.idOf("Lee"))).To(Succeed())
	o.Expect(o.tenant.DeleteUser(o.idOf("Grace"))).To(Succeed())
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", sponsoredBy(
		b2b.Sponsor{UserPrincipalName: "nobody@contoso.example"}, b2b.Sponsor{UserPrincipalName: "lee.sponsor@contoso.example"},
		b2b.Sponsor{UserPrincipalName: "grace.sponsor@contoso.example"}, o.sponsorNamed("Megan")))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectCondition(ada, b2b.ConditionSponsorsSet, metav1.ConditionFalse, b2b.ReasonSponsorNotFound)
	o.Expect(sponsorMessage(ada)).To(And(
		ContainSubstring("nobody@contoso.example does not exist"), ContainSubstring("lee.sponsor@contoso.example is blocked from signing in"),
		ContainSubstring("grace.sponsor@contoso.example does not exist in the tenant, or has been deleted")))
	o.expectSponsors("ada@partner.example", o.idOf("Megan"))
	o.expectMails("ada@partner.example", 1)
	o.expectEvent(ada, "SponsorsNotSet", "see condition SponsorsSet")
	for _, event := range append(o.events(ada), o.events(o.guest("ada@partner.example"))...) {
		o.Expect(event).NotTo(ContainSubstring("@"))
	}

	edit(o, ada, sponsoredBy(o.sponsorNamed("Megan")))
	o.expectSponsorsSet(ada)
}

func TestWhereASponsorIsRequiredNobodyIsInvitedBeforeOneIsThere(t *testing.T) {
	o := startScenario(t)
	o.givenTenantWith(func(g *b2b.InvitationGrant) { g.RequireSponsor = true })
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectStalled(ada, b2b.ReasonPolicyDenied)
	o.Expect(message(ada)).To(ContainSubstring("does not allow an invitation without a sponsor (requireSponsor)"))

	edit(o, ada, sponsoredBy(b2b.Sponsor{UserPrincipalName: "late.sponsor@contoso.example"}))
	o.expectWaiting(ada, b2b.ReasonWaitingForGuest)
	o.Expect(message(ada)).To(And(ContainSubstring("requireSponsor"), ContainSubstring("late.sponsor@contoso.example does not exist")))
	o.expectCondition(ada, b2b.ConditionSponsorsSet, metav1.ConditionFalse, b2b.ReasonSponsorNotFound)
	o.Expect(o.calls("POST /invitations")).To(BeZero())

	o.employee("Late")
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectSponsorsSet(ada)
	o.expectSponsors("ada@partner.example", o.idOf("Late"))
	o.Expect(o.calls(postSponsor)).To(BeZero(), "the sponsor went with the invitation")
	o.expectMails("ada@partner.example", 1)

	o.Expect(o.tenant.DisableUser(o.idOf("Late"))).To(Succeed()) // whoever has been invited stays
	edit(o, ada, sponsoredBy(o.sponsorNamed("Late"), b2b.Sponsor{UserPrincipalName: "nobody@contoso.example"}))
	o.expectCondition(ada, b2b.ConditionSponsorsSet, metav1.ConditionFalse, b2b.ReasonSponsorDisabled)
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectSponsors("ada@partner.example", o.idOf("Late"))
}

func TestSponsorsOfAGuestWhoWasThereBeforeAreWrittenOnlyWhereAPolicyLetsIt(t *testing.T) {
	o := startScenario(t)
	id := o.givenPending("ada@partner.example")
	o.Expect(o.tenant.AddSponsor(id, o.idOf("Grace"))).To(Succeed())
	policy := o.givenTenantWith()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", sponsoredBy(o.sponsorNamed("Megan"), o.sponsorNamed("Grace")))
	o.expectReady(ada, b2b.ReasonAdopted)
	o.expectCondition(ada, b2b.ConditionSponsorsSet, metav1.ConditionFalse, b2b.ReasonPolicyDenied)
	o.Expect(sponsorMessage(ada)).To(ContainSubstring("writing to a guest who was in the tenant before (allowAdoptedWrites)"))
	o.awaitRounds(1)
	o.Expect(o.writes()).To(BeEmpty())

	edit(o, policy, granting(adoptedWrites))
	o.expectSponsorsSet(ada)
	o.expectSponsors("ada@partner.example", o.idOf("Megan"), o.idOf("Grace"))
	edit(o, ada, sponsoredBy())
	o.expectSponsors("ada@partner.example", o.idOf("Grace"))
	o.expectReady(ada, b2b.ReasonAdopted)
}

func TestSponsorsThatOthersChangeAreSeenOnceADayAndNotAfterARestart(t *testing.T) {
	clock := &steppingClock{}
	o := startScenario(t, withClock(clock.now))
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", sponsoredBy(o.sponsorNamed("Megan"), o.sponsorNamed("Lee")))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectSponsorsSet(ada)
	o.awaitRounds(1)
	id := o.userID("ada@partner.example")
	o.Expect(o.tenant.RemoveSponsor(id, o.idOf("Lee"))).To(Succeed())
	looks, before := o.calls(getSponsors), o.stored.now()
	o.restart()
	o.awaitRounds(1)
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.DisplayName = "Ada" })
	o.expectReady(ada, b2b.ReasonInvited)
	if o.calls(getSponsors) == looks { // unless its time of the day has just come
		o.expectSponsors("ada@partner.example", o.idOf("Megan"))
		o.Expect(o.storedSince(before)["PUT guests"]).To(BeZero())
	}

	clock.putForward(25 * time.Hour)
	edit(o, ada, func(i *b2b.GuestInvitation) { i.Spec.DisplayName = "Ada Lovelace" })
	o.expectSponsors("ada@partner.example", o.idOf("Megan"), o.idOf("Lee"))
	o.awaitRounds(1)
	o.Expect(o.calls(postSponsor)).To(Equal(1))
	o.Expect(o.storedSince(before)["PUT guests"]).To(BeNumerically("<=", 1))
}

func TestThereIsRoomForFiveSponsorsWhoeverSetsThem(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	id := o.userID("ada@partner.example")
	for _, name := range []string{"One", "Two", "Three", "Four"} {
		o.Expect(o.tenant.AddSponsor(id, o.idOf(name))).To(Succeed())
	}
	edit(o, ada, sponsoredBy(o.sponsorNamed("Five"), o.sponsorNamed("Six")))
	o.expectCondition(ada, b2b.ConditionSponsorsSet, metav1.ConditionFalse, b2b.ReasonTooManySponsors)
	o.Expect(sponsorMessage(ada)).To(ContainSubstring("six.sponsor@contoso.example is not set"))
	o.expectSponsors("ada@partner.example", o.idOf("One"), o.idOf("Two"), o.idOf("Three"), o.idOf("Four"), o.idOf("Five"))
}

func TestAnInvitationThatIsNotTakenBecauseOfASponsorGoesWithoutThem(t *testing.T) {
	o := startScenario(t)
	o.tenant.Inject(graphsim.Fault{Method: http.MethodPost, Path: "/invitations",
		Match:  func(c graphsim.Call) bool { return strings.Contains(string(c.Body), "invitedUserSponsors") },
		Effect: graphsim.Refuse(http.StatusNotFound, "Request_ResourceNotFound", "Resource 'x' does not exist.")})
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example", sponsoredBy(o.sponsorNamed("Megan")))
	o.expectReady(ada, b2b.ReasonInvited)
	o.expectSponsorsSet(ada)
	o.expectSponsors("ada@partner.example", o.idOf("Megan"))
	o.Expect(o.calls("POST /invitations")).To(Equal(2))
	o.Expect(o.calls(postSponsor)).To(Equal(1))
	o.expectMails("ada@partner.example", 1)
}

func TestWithoutThePermissionToWriteUsersTheSponsorsSaySo(t *testing.T) {
	o := startScenario(t)
	o.tenant.Inject(graphsim.Fault{Method: http.MethodPost, Path: "/users/{id}/sponsors/$ref",
		Effect: graphsim.Refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")})
	o.givenConnectedTenant()
	ada := o.givenInvitation(o.team, "ada", "ada@partner.example")
	o.expectReady(ada, b2b.ReasonInvited)
	edit(o, ada, sponsoredBy(o.sponsorNamed("Megan")))
	o.expectCondition(ada, b2b.ConditionSponsorsSet, metav1.ConditionFalse, b2b.ReasonPermissionMissing)
	o.Expect(sponsorMessage(ada)).To(ContainSubstring("Grant the application permission User.ReadWrite.All"))
	o.expectReady(ada, b2b.ReasonInvited)
	o.awaitRounds(1)
	o.Expect(o.calls(postSponsor)).To(Equal(1))
}

func TestTheSponsorsOfAnEarlierAuthorStayUntilALaterOneNamesOthers(t *testing.T) {
	o := startScenario(t)
	o.givenConnectedTenant()
	first := o.givenInvitation(o.team, "ada", "ada@partner.example", sponsoredBy(o.sponsorNamed("Megan")))
	o.expectReady(first, b2b.ReasonInvited)
	o.expectSponsorsSet(first)
	second := o.givenInvitation(o.otherTeam, "ada", "ada@partner.example")
	o.expectReady(second, b2b.ReasonInvited)
	o.expectCondition(second, b2b.ConditionSponsorsSet, "", "")
	o.delete(first)
	o.expectCondition(second, b2b.ConditionAuthor, "", "")
	o.awaitRounds(1)
	o.expectSponsors("ada@partner.example", o.idOf("Megan"))
	edit(o, second, sponsoredBy(o.sponsorNamed("Lee")))
	o.expectSponsorsSet(second)
	o.expectSponsors("ada@partner.example", o.idOf("Lee"))
	o.expectMails("ada@partner.example", 1)
}
