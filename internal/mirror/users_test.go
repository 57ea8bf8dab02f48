package mirror_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestTheFirstListingWakesEverybodyAndChangesWakeWhomTheyConcern(t *testing.T) {
	g, w := NewWithT(t), givenMirror(pending("ada"), pending("grace"), pending("edsger"))
	g.Expect(w.Listed()).To(BeFalse())
	g.Expect(w.round(g)).To(ConsistOf(everything))
	g.Expect(w.Listed()).To(BeTrue())
	g.Expect(w.round(g)).To(BeEmpty(), "nothing has changed")

	w.tenant.set(accepted("ada"), pending("alan"), pending("edsger"))
	w.tenant.remove("grace")
	g.Expect(w.round(g)).To(ConsistOf(user("ada", "grace", "alan")))
	ada, found := w.User("ada")
	g.Expect(found).To(BeTrue())
	g.Expect(ada).To(Equal(accepted("ada")))
	g.Expect(w.shows("grace")).To(BeFalse())
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestAChangedProfileOrABlockWakesWhomItConcerns(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, accepted("ada"), accepted("grace"))
	moved := accepted("ada")
	moved.Profile.Department = "Research"
	w.tenant.set(moved, accepted("grace"))
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	ada, _ := w.User("ada")
	g.Expect(ada.Profile).To(Equal(directory.Profile{Department: "Research"}))

	moved.AccountEnabled = false
	w.tenant.set(moved)
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	moved.CreationType = directory.CreationTypeSelfServiceSignUp
	w.tenant.set(moved)
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	ada, _ = w.User("ada")
	g.Expect(ada).To(Equal(moved))
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestAnEmptyTenantCanBeReadToo(t *testing.T) {
	g, w := NewWithT(t), givenMirror()
	g.Expect(w.round(g)).To(ConsistOf(everything))
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestTheLinkIsTakenBeforeTheListSoThatNothingFallsBetween(t *testing.T) {
	g, w := NewWithT(t), givenMirror(pending("ada"))
	w.tenant.during["ListGuests"] = func() { w.tenant.set(accepted("ada"), pending("grace")) }
	w.round(g)
	g.Expect(w.tenant.asked()).To(Equal([]string{"LatestUsers", "ListGuests", "UserChanges"}))
	g.Expect(w.state(g, "ada")).To(Equal(directory.Accepted))
	g.Expect(w.shows("grace")).To(BeTrue())
}

func TestARoundWithoutChangesIsOneCall(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, guests(2500)...)
	w.round(g)
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges"}))
}

func TestChangesOfEmployeesArePassedOver(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	w.tenant.set(employee("linus"), employee("ken"))
	w.tenant.remove("ken")
	g.Expect(w.round(g)).To(BeEmpty())
	g.Expect(w.shows("linus")).To(BeFalse())
	g.Expect(w.Stats().Guests).To(Equal(1))
}

func TestAGuestWhoIsMadeAMemberIsFollowed(t *testing.T) {
	g := NewWithT(t)
	converted := pending("ada")
	converted.CreationType = ""
	w := givenListed(g, converted)
	converted.UserType = directory.UserTypeMember
	w.tenant.set(converted)
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	ada, _ := w.User("ada")
	g.Expect(ada.UserType).To(Equal(directory.UserTypeMember))
}

func TestAUserWhomNoListShowsIsFollowedAfterALiveRead(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.Saw(employee("linus"))
	g.Expect(w.roundAfter(g, 2*settle)).To(BeEmpty())
	g.Expect(w.shows("linus")).To(BeTrue())
	w.tenant.remove("linus")
	g.Expect(w.round(g)).To(ConsistOf(user("linus")))
}

func TestAChangeThatIsSilentAboutTheStateLeavesIt(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, accepted("ada"))
	w.tenant.silent = true
	blocked := accepted("ada")
	blocked.AccountEnabled = false
	w.tenant.set(blocked)
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	ada, _ := w.User("ada")
	g.Expect(ada).To(Equal(blocked))
}

func TestWhatAnInvitedUserIsLikeIsTakenFromTheFirstChange(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.Saw(created("ada"))
	g.Expect(w.round(g)).To(BeEmpty(), "not to be seen yet")
	w.tenant.set(pending("ada"))
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	w.tenant.set(accepted("ada"))
	g.Expect(w.round(g)).To(ConsistOf(user("ada")), "a change by others is not held back")
	g.Expect(w.state(g, "ada")).To(Equal(directory.Accepted))
}

func TestReplaysAndOlderStatesWakeNobody(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	w.tenant.set(accepted("ada"), pending("grace"))
	w.tenant.remove("grace")
	w.tenant.set(pending("grace"))
	g.Expect(w.round(g)).To(ConsistOf(user("ada", "grace")))
	w.tenant.replays = 10
	g.Expect(w.round(g)).To(BeEmpty(), "they end where they were")
	g.Expect(w.shows("grace")).To(BeTrue())
}

func TestAnOwnWriteIsNotUndoneByALateReportOfWhatItReplaced(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"), pending("grace"), pending("edsger"))
	w.Saw(accepted("ada"))
	w.SawGone("grace")
	w.tenant.set(pending("ada"), pending("grace"))
	g.Expect(w.round(g)).To(BeEmpty())
	g.Expect(w.state(g, "ada")).To(Equal(directory.Accepted))
	g.Expect(w.shows("grace")).To(BeFalse())

	w.tenant.set(accepted("ada"))
	w.tenant.remove("grace")
	g.Expect(w.round(g)).To(BeEmpty(), "now it is shown")
	w.tenant.replays = 2
	g.Expect(w.round(g)).To(BeEmpty())
	g.Expect(w.roundAfter(g, settle)).To(BeEmpty())
	g.Expect(w.state(g, "ada")).To(Equal(directory.Accepted))
}

func TestWhatOthersDoAfterAnOwnWriteCountsAtOnce(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	w.Saw(pending("grace"))
	w.tenant.set(pending("grace"))
	w.round(g)
	blocked := pending("grace")
	blocked.AccountEnabled = false
	w.tenant.set(blocked)
	g.Expect(w.round(g)).To(ConsistOf(user("grace")))
	w.tenant.remove("grace")
	g.Expect(w.round(g)).To(ConsistOf(user("grace")))
	g.Expect(w.shows("grace")).To(BeFalse())
}

func TestAnInvitedUserWhoNeverShowsIsGivenUpAndTold(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g)
	w.Saw(created("ada"))
	g.Expect(w.roundAfter(g, settle-time.Second)).To(BeEmpty())
	g.Expect(w.roundAfter(g, time.Second)).To(ConsistOf(user("ada")))
	g.Expect(w.shows("ada")).To(BeFalse())

	w.tenant.users["ada"] = pending("ada")
	w.Saw(pending("ada")) // a live read has found them after all
	g.Expect(w.roundAfter(g, 2*settle)).To(BeEmpty(), "once is enough")
	g.Expect(w.shows("ada")).To(BeTrue())
}

func TestAUserWhoComesBackIsSeenAgain(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	w.tenant.remove("ada")
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	w.tenant.set(pending("ada"))
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))

	w.SawGone("ada")
	w.tenant.set(pending("ada"))
	g.Expect(w.round(g)).To(BeEmpty(), "it could be from before")
	g.Expect(w.roundAfter(g, settle)).To(ConsistOf(user("ada")), "and is not lost")
	g.Expect(w.shows("ada")).To(BeTrue())
}

func TestAResyncWakesNobodyWhomNothingConcernsAndLosesNoOwnWrite(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"), pending("grace"), pending("edsger"))
	w.Saw(created("alan"))
	w.SawGone("edsger")
	w.tenant.resync()
	w.tenant.set(accepted("ada"))
	w.tenant.resync()
	g.Expect(w.round(g)).To(ConsistOf(user("ada")))
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges", "LatestUsers", "ListGuests", "UserChanges"}))
	g.Expect(w.shows("alan")).To(BeTrue())
	g.Expect(w.shows("edsger")).To(BeFalse())
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestAFailingRoundLeavesTheViewAsItWas(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	complete := w.Stats()
	w.tenant.set(accepted("ada"))
	w.tenant.fail("UserChanges", unavailable)
	w.fails(g, unavailable)
	g.Expect(w.told).To(BeEmpty())
	g.Expect(w.state(g, "ada")).To(Equal(directory.PendingAcceptance))
	g.Expect(w.Stats().Round).To(Equal(complete.Round))

	w.tenant.fail("UserChanges", nil)
	g.Expect(w.round(g)).To(ConsistOf(user("ada")), "the old link still holds")
	g.Expect(w.Stats().Err).NotTo(HaveOccurred())
	g.Expect(w.Stats().Round).To(Equal(w.now))
}

func TestAFirstListingThatBreaksOffIsNotTakenInHalf(t *testing.T) {
	g, w := NewWithT(t), givenMirror(guests(1500)...)
	w.tenant.fail("ListGuests", throttled)
	w.fails(g, throttled)
	g.Expect(w.Listed()).To(BeFalse())
	g.Expect(w.Stats().Guests).To(BeZero())
	w.tenant.fail("ListGuests", nil)
	g.Expect(w.round(g)).To(ConsistOf(everything))
}

func TestAResyncThatFailsLeavesTheViewAsItWas(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"))
	w.tenant.resync()
	w.tenant.fail("ListGuests", unavailable)
	w.fails(g, unavailable)
	g.Expect(w.shows("ada")).To(BeTrue())
	w.tenant.fail("ListGuests", nil)
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestGuestsAreCountedByWhatTheyHaveDone(t *testing.T) {
	g := NewWithT(t)
	w := givenListed(g, pending("ada"), accepted("grace"), accepted("edsger"))
	w.Saw(pending("alan"))
	w.SawGone("edsger")
	g.Expect(w.Stats().Guests).To(Equal(3))
	g.Expect(w.Stats().Pending).To(Equal(2))
	g.Expect(w.Stats().Full).To(Equal(w.now))
}

func TestAThrottledRoundAsksForNothingElse(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.tenant.fail("UserChanges", throttled)
	g.Expect(w.Sync(context.Background())).To(MatchError(throttled))
	g.Expect(w.tenant.asked()).To(Equal([]string{"UserChanges"}))
}

func TestAListingThatBeganBeforeAnOwnWriteDoesNotUndoIt(t *testing.T) {
	g := NewWithT(t)
	w := givenGroups(g, "readers")
	w.tenant.resync()
	w.tenant.during["ListGuests"] = func() { // the pages are on their way already
		w.SawGone("ada")
		w.Saw(pending("alan"))
	}
	w.tenant.during["ListMembers readers"] = func() {
		w.SawMember("readers", "ada", false)
		w.SawMember("readers", "alan", true)
	}
	g.Expect(w.round(g)).To(BeEmpty())
	g.Expect(counted(w.tenant.asked())).To(And(HaveKeyWithValue("ListGuests", 1), HaveKeyWithValue("ListMembers readers", 1)))
	g.Expect(w.shows("ada")).To(BeFalse())
	g.Expect(w.shows("alan")).To(BeTrue())
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
	g.Expect(w.member(g, "readers", "alan")).To(BeTrue())
}

func TestAnAnswerWithNoMoreThanAnIDHidesNothingThatIsKnown(t *testing.T) {
	g, w := NewWithT(t), givenMirror(pending("ada"))
	w.round(g)
	w.Saw(directory.User{ID: "ada", Mail: "ada.lovelace@partner.example"})
	ada, found := w.User("ada")
	g.Expect(found).To(BeTrue())
	g.Expect(ada.UserPrincipalName).To(Equal(pending("ada").UserPrincipalName))

	w.Saw(directory.User{ID: "grace", Mail: "grace@partner.example"})
	_, found = w.User("grace")
	g.Expect(found).To(BeTrue(), "an id is more than nothing")
}
