package mirror_test

import (
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

func TestAGroupIsUnknownUntilItHasBeenListedAndThenIsTold(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.tenant.group("readers", "ada", "grace")
	w.round(g)
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges"}), "nobody has asked for it")
	_, known := w.Member("readers", "ada")
	g.Expect(known).To(BeFalse())
	g.Expect(w.round(g)).To(ConsistOf(readable("readers")))
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges", "LatestMembers", "ListMembers readers", "MemberChanges"}))
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue())
	g.Expect(w.member(g, "readers", "alan")).To(BeFalse())

	w.tenant.leave("readers", "ada")
	w.tenant.join("readers", "alan")
	w.tenant.join("readers", "grace")
	g.Expect(w.round(g)).To(ConsistOf(member("readers", "ada", "alan")))
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
	g.Expect(w.member(g, "readers", "alan")).To(BeTrue())
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestWhatHappensWhileAGroupIsListedIsNotMissed(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.tenant.group("readers", "ada")
	w.tenant.during["ListMembers readers"] = func() { w.tenant.leave("readers", "ada") }
	w.Member("readers", "ada")
	w.round(g)
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
}

func TestANewGroupJoinsAChunkWithoutTheOthersBeingListedAnew(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.tenant.group("writers", "grace")
	w.Member("writers", "grace")
	w.tenant.join("readers", "grace")
	g.Expect(w.round(g)).To(ConsistOf(append(member("readers", "grace"), readable("writers"))))
	g.Expect(counted(w.tenant.asked())).To(Equal(map[string]int{
		"UserChanges": 1, "MemberChanges": 3, "LatestMembers": 1, "ListMembers writers": 1}))

	w.tenant.leave("readers", "ada")
	w.tenant.join("writers", "ada")
	g.Expect(w.round(g)).To(ConsistOf(append(member("readers", "ada"), member("writers", "ada")...)))
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges", "MemberChanges"}))
}

func TestEveryFiftyGroupsShareALink(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, numbered(120)...)
	w.round(g)
	g.Expect(counted(w.tenant.asked())).To(Equal(map[string]int{"UserChanges": 1, "MemberChanges": 3}))
	for _, id := range numbered(120) {
		w.tenant.join(id, "grace")
	}
	g.Expect(w.round(g)).To(HaveLen(120))
}

func TestAGroupThatDoesNotExistHasNoMembersAndIsAskedAboutAgain(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.Member("readers", "ada")
	g.Expect(w.round(g)).To(ConsistOf(readable("readers")))
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
	g.Expect(w.GroupErr("readers")).NotTo(HaveOccurred())

	w.tenant.group("readers", "ada")
	g.Expect(w.roundAfter(g, quarter-time.Minute)).To(BeEmpty())
	g.Expect(w.roundAfter(g, time.Minute)).To(ConsistOf(member("readers", "ada")))
}

func TestAGroupThatIsDeletedLosesItsMembersUntilItIsRestored(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers", "writers")
	w.tenant.deleteGroup("readers")
	w.tenant.leave("writers", "ada")
	g.Expect(w.round(g)).To(ConsistOf(append(member("readers", "ada"), member("writers", "ada")...)))
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse(), "a suspicion that is looked into live")
	g.Expect(w.round(g)).To(BeEmpty())
	w.tenant.group("readers", "ada")
	g.Expect(w.roundAfter(g, quarter)).To(ConsistOf(member("readers", "ada")))
}

func TestAGroupThatRepeatsOverPagesIsMerged(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers", "writers")
	ids := numbered(3000)
	for i, id := range ids {
		w.tenant.join([]string{"readers", "writers"}[i%2], id)
	}
	g.Expect(w.round(g)).To(HaveLen(len(ids)))
	w.tenant.replays = 5000
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestASoftDeletedUserStaysAMemberSilently(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.tenant.remove("ada")
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue())
}

func TestOwnMembershipsAreSeenAtOnceAndBelievedUntilTheySettle(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.SawMember("readers", "ada", false)
	w.SawMember("readers", "grace", true)
	w.tenant.tell(event{member: &directory.MemberChange{GroupID: "readers", UserID: "ada"}},
		event{member: &directory.MemberChange{GroupID: "readers", UserID: "grace", Removed: true}})
	g.Expect(w.round(g)).To(BeEmpty())
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
	g.Expect(w.member(g, "readers", "grace")).To(BeTrue())

	w.tenant.leave("readers", "ada")
	w.tenant.join("readers", "grace")
	g.Expect(w.round(g)).To(BeEmpty())
	w.tenant.leave("readers", "grace")
	g.Expect(w.round(g)).To(ConsistOf(member("readers", "grace")), "others have done that")
	g.Expect(w.roundAfter(g, settle)).To(BeEmpty())
}

func TestAnOwnAdditionThatNeverShowsIsGivenUpAndTold(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.SawMember("readers", "grace", true)
	g.Expect(w.roundAfter(g, settle-time.Second)).To(BeEmpty())
	g.Expect(w.roundAfter(g, time.Second)).To(ConsistOf(member("readers", "grace")))
	w.SawMember("readers", "grace", true) // found live
	g.Expect(w.roundAfter(g, 2*settle)).To(BeEmpty())
	g.Expect(w.member(g, "readers", "grace")).To(BeTrue())
}

func TestAnOwnRemovalOfWhichNoChangeTellsStays(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.SawMember("readers", "ada", false)
	g.Expect(w.roundAfter(g, 2*settle)).To(BeEmpty())
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
}

func TestAnOwnMembershipInAGroupThatIsNotListedIsKnown(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.tenant.group("readers")
	w.SawMember("readers", "ada", true)
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue())
	_, known := w.Member("readers", "grace")
	g.Expect(known).To(BeFalse())
	w.round(g)
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue(), "the list may be late")
}

func TestADeadLinkOfAChunkHasItsGroupsListedAnewAndWakesNobodyElse(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers", "writers")
	w.SawMember("writers", "grace", true)
	w.tenant.resync()
	w.tenant.join("readers", "grace")
	w.tenant.resync()
	g.Expect(w.round(g)).To(ConsistOf(member("readers", "grace")))
	g.Expect(w.member(g, "writers", "grace")).To(BeTrue())
	w.tenant.leave("writers", "ada")
	g.Expect(w.round(g)).To(ConsistOf(member("writers", "ada")))
}

func TestADeadLinkIsRenewedTogetherWithANewGroup(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.tenant.group("writers", "ada")
	w.Member("writers", "ada")
	w.tenant.during["MemberChanges"] = func() { // after the round's own look
		w.tenant.during["MemberChanges"] = nil
		w.tenant.join("readers", "grace")
		w.tenant.resync()
	}
	g.Expect(w.round(g)).To(ConsistOf(append(member("readers", "grace"), readable("writers"))))
	w.tenant.leave("readers", "ada")
	g.Expect(w.round(g)).To(ConsistOf(member("readers", "ada")))
}

func TestGroupsThatNobodyIsConcernedWithAreForgotten(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers", "writers")
	w.inUse = map[string]bool{"writers": true}
	w.round(g)
	w.tenant.join("readers", "grace")
	w.tenant.join("writers", "grace")
	g.Expect(w.round(g)).To(ConsistOf(member("writers", "grace")))
	g.Expect(w.tenant.asked()).NotTo(ContainElement("LatestMembers"), "the link is not renewed for that")

	w.inUse["readers"] = true
	_, known := w.Member("readers", "ada")
	g.Expect(known).To(BeFalse(), "what was known is not believed any more")
	g.Expect(w.round(g)).To(ConsistOf(readable("readers")))
	g.Expect(counted(w.tenant.asked())).To(Equal(map[string]int{"UserChanges": 1, "MemberChanges": 1, "ListMembers readers": 1}),
		"the link is about it still")
	w.tenant.leave("readers", "grace")
	g.Expect(w.round(g)).To(ConsistOf(member("readers", "grace")))

	w.inUse = map[string]bool{}
	w.roundAfter(g, time.Minute)
	w.tenant.asked()
	w.roundAfter(g, time.Minute)
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges"}), "nobody asks for the chunk any more")
}

func TestAGroupIsKeptForAMomentUntilWhatAskedForItIsStored(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.inUse = map[string]bool{}
	w.tenant.group("readers", "ada")
	w.Member("readers", "ada")
	g.Expect(w.roundAfter(g, time.Second)).To(ConsistOf(readable("readers")))
	w.round(g)
	_, known := w.Member("readers", "ada")
	g.Expect(known).To(BeFalse())
}

func TestAChunkThatFailsStopsNeitherUsersNorOtherChunks(t *testing.T) {
	g := NewWithT(t)
	ids := numbered(60)
	w := givenGroups(g, ids...)
	w.tenant.set(accepted("ada"))
	w.tenant.join(ids[0], "grace")
	w.tenant.join(ids[59], "grace")
	calls := 0
	w.tenant.during["MemberChanges"] = func() {
		if calls++; calls == 1 {
			w.tenant.fail("MemberChanges", nil)
		}
	}
	w.tenant.fail("MemberChanges", unavailable)
	w.fails(g, unavailable)
	g.Expect(w.told).To(ConsistOf(append(user("ada"), member(ids[59], "grace")...)))
	g.Expect(w.member(g, ids[0], "grace")).To(BeFalse())
	g.Expect(w.round(g)).To(ConsistOf(member(ids[0], "grace")))
}

func TestUsersThatFailStopNoGroups(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.tenant.join("readers", "grace")
	w.tenant.fail("UserChanges", unavailable)
	w.fails(g, unavailable)
	g.Expect(w.told).To(ConsistOf(member("readers", "grace")))
}

func TestAGroupThatCannotBeListedStaysUnknownAndSaysWhy(t *testing.T) {
	g := NewWithT(t)
	denied := &directory.Error{Class: directory.Denied}
	w := givenListed(g)
	w.tenant.group("hidden", "ada")
	w.tenant.group("readers", "ada")
	w.tenant.fail("ListMembers hidden", denied)
	w.Member("hidden", "ada")
	w.Member("readers", "ada")
	g.Expect(w.round(g)).To(ConsistOf(readable("readers")))
	_, known := w.Member("hidden", "ada")
	g.Expect(known).To(BeFalse())
	g.Expect(w.GroupErr("hidden")).To(MatchError(denied))
	g.Expect(w.GroupErr("readers")).NotTo(HaveOccurred())

	for range 20 {
		w.round(g)
	}
	tries := counted(w.tenant.asked())["ListMembers hidden"]
	g.Expect(tries).To(BeNumerically("~", 7, 2), "the pauses become longer")
	w.tenant.fail("ListMembers hidden", nil)
	g.Expect(w.roundAfter(g, quarter)).To(ConsistOf(readable("hidden")))
	g.Expect(w.GroupErr("hidden")).NotTo(HaveOccurred())
}

func TestAGroupThatTheDirectoryDoesNotAcceptKeepsOutNoOther(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.tenant.group("readers", "ada")
	w.Member("readers", "ada")
	w.Member("", "ada")
	g.Expect(w.round(g)).To(ConsistOf(readable("readers")))
	g.Expect(directory.Is(w.GroupErr(""), directory.Invalid)).To(BeTrue())
}

func TestATenantThatLetsNoGroupBeFollowedIsToldUntilItDoes(t *testing.T) {
	g := NewWithT(t)
	denied := &directory.Error{Class: directory.Denied}
	w := givenListed(g)
	w.tenant.group("readers", "ada")
	w.tenant.fail("LatestMembers", denied)
	w.Member("readers", "ada")
	for range 10 {
		w.fails(g, denied)
	}
	g.Expect(w.GroupErr("readers")).To(MatchError(denied))
	w.tenant.fail("LatestMembers", nil)
	w.roundAfter(g, quarter)
	g.Expect(w.told).To(ConsistOf(readable("readers")))
}

func TestWhatIsToldOfOneRoundNamesEverybodyOnce(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	for range 3 {
		w.tenant.leave("readers", "ada")
		w.tenant.join("readers", "ada")
		w.tenant.join("readers", "grace")
	}
	told := w.round(g)
	g.Expect(told).To(Equal([]mirror.Change{{UserID: "grace", GroupID: "readers"}}))
	g.Expect(slices.Contains(told, everything)).To(BeFalse())
}
