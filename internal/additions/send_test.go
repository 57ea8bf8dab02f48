package additions_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// twenty sends user-00 to user-19 by one request, and waits until all is over. What was sent before that is forgotten.
func twenty(t *testing.T, d *groups, judge func(g *WithT, a *asker)) {
	t.Helper()
	fail := d.fail
	d.fail = nil
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "first")
		pass(time.Second)
		d.sent, d.fail = nil, fail
		a.ask("team", users(20)...)
		pass(time.Minute)
		g.Expect(d.sizes()[0]).To(Equal(20))
		delete(a.told, key("team", "first"))
		g.Expect(a.outcomes()).To(HaveLen(20))
		judge(g, a)
	})
}

func TestOneWhoIsInTheGroupAlreadyCostsOneMoreRequest(t *testing.T) {
	d := newGroups()
	d.members["partners user-07"] = true
	twenty(t, d, func(g *WithT, a *asker) {
		g.Expect(a.succeeded()).To(HaveLen(20))
		g.Expect(d.sizes()).To(Equal([]int{20, 19}))
		g.Expect(d.reads).To(Equal(20))
		g.Expect(a.added).To(ContainElement("partners user-07"))
	})
}

func TestOneBadMemberIsFoundAndTheOthersAreAdded(t *testing.T) {
	for at := range 20 {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			d, bad := newGroups(), users(20)[at]
			d.bad[bad] = notReady
			twenty(t, d, func(g *WithT, a *asker) {
				g.Expect(a.outcomes()[bad]).To(MatchError(notReady))
				g.Expect(a.succeeded()).To(Equal(without(users(20), bad)))
				g.Expect(len(d.sent)).To(BeNumerically("<=", 9))
			})
		})
	}
}

func TestSeveralBadMembersAreFoundEachWithItsOwnError(t *testing.T) {
	d := newGroups()
	refused := &directory.Error{Class: directory.Invalid, Message: "no"}
	d.bad["user-03"], d.bad["user-04"], d.bad["user-19"] = notReady, refused, notReady
	d.members["partners user-11"] = true
	twenty(t, d, func(g *WithT, a *asker) {
		g.Expect(a.succeeded()).To(Equal(without(users(20), "user-03", "user-04", "user-19")))
		g.Expect(a.outcomes()["user-03"]).To(BeIdenticalTo(notReady))
		g.Expect(a.outcomes()["user-04"]).To(BeIdenticalTo(refused))
		g.Expect(a.outcomes()["user-19"]).To(BeIdenticalTo(notReady))
	})
}

func TestTwentyBadMembersEndToo(t *testing.T) {
	d := newGroups()
	for _, user := range users(20) {
		d.bad[user] = notReady
	}
	twenty(t, d, func(g *WithT, a *asker) {
		g.Expect(a.succeeded()).To(BeEmpty())
		g.Expect(len(d.sent)).To(BeNumerically("<=", 39))
	})
}

func TestARefusalThatConcernsTheGroupIsEverybodysAndNothingIsTriedAgain(t *testing.T) {
	for _, class := range []directory.Class{
		directory.Denied, directory.Throttled, directory.Unauthenticated, directory.Unavailable, directory.Conflict, directory.OutcomeUnknown,
	} {
		t.Run(class.String(), func(t *testing.T) {
			d := newGroups()
			d.fail = []error{&directory.Error{Class: class}}
			twenty(t, d, func(g *WithT, a *asker) {
				g.Expect(d.sizes()).To(Equal([]int{20}))
				g.Expect(d.reads).To(BeZero())
				for user, err := range a.outcomes() {
					g.Expect(directory.Is(err, class)).To(BeTrue(), "%s: %v", user, err)
				}
				g.Expect(a.added).To(Equal([]string{"partners first"}))
			})
		})
	}
}

func TestARefusalOfTheGroupInTheMiddleOfASearchEndsIt(t *testing.T) {
	d := newGroups()
	denied := &directory.Error{Class: directory.Denied}
	d.fail = []error{notReady, nil, denied}
	twenty(t, d, func(g *WithT, a *asker) {
		g.Expect(d.sizes()).To(Equal([]int{20, 10, 5}))
		g.Expect(a.succeeded()).To(Equal(users(10)))
		for _, user := range usersFrom(10, 10) {
			g.Expect(a.outcomes()[user]).To(BeIdenticalTo(denied))
		}
	})
}

func TestALostAnswerInTheMiddleOfASearchLeavesOnlyItsOwnInDoubt(t *testing.T) {
	d := newGroups()
	d.fail = []error{notReady, unknown}
	twenty(t, d, func(g *WithT, a *asker) {
		g.Expect(d.sizes()).To(Equal([]int{20, 10, 10}))
		g.Expect(a.succeeded()).To(Equal(usersFrom(10, 10)))
		g.Expect(a.outcomes()["user-00"]).To(BeIdenticalTo(unknown))
	})
}

func TestAGroupThatIsNotThereIsNotSearchedForABadMember(t *testing.T) {
	d := newGroups()
	d.fail, d.readErr = []error{notReady}, &directory.Error{Class: directory.NotFound}
	twenty(t, d, func(g *WithT, a *asker) {
		g.Expect(d.sizes()).To(Equal([]int{20}))
		g.Expect(a.outcomes()["user-00"]).To(BeIdenticalTo(notReady))
	})
}

func TestAQuestionThatFailsIsTheAdditionsFailure(t *testing.T) {
	d := newGroups()
	unavailable := &directory.Error{Class: directory.Unavailable}
	d.fail, d.readErr = []error{alreadyMember}, unavailable
	twenty(t, d, func(g *WithT, a *asker) {
		g.Expect(d.sizes()).To(Equal([]int{20}))
		g.Expect(a.outcomes()["user-00"]).To(BeIdenticalTo(unavailable))
	})
}

func TestASingleOneWhoIsInTheGroupAlreadyIsASuccess(t *testing.T) {
	d := newGroups()
	d.members["partners ada"] = true
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "ada")
		pass(time.Second)
		g.Expect(a.succeeded()).To(Equal([]string{"ada"}))
		g.Expect(d.sizes()).To(Equal([]int{1}))
		g.Expect(d.reads).To(BeZero())
	})
}

func TestAnAdditionWhoseAnswerWasLostCanBeAskedForAgain(t *testing.T) {
	d := newGroups()
	d.fail = []error{unknown}
	inQueue(t, d, budget.Unlimited(), func(g *WithT, a *asker) {
		a.ask("team", "ada")
		pass(3 * time.Second)
		g.Expect(a.outcomes()["ada"]).To(BeIdenticalTo(unknown))
		delete(a.told, key("team", "ada"))
		a.ask("team", "ada")
		pass(3 * time.Second)
		g.Expect(a.succeeded()).To(Equal([]string{"ada"}))
	})
}
