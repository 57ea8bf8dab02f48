package controllers

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/budget"
)

// breakerAt is a breaker whose clock the test sets.
type breakerAt struct {
	*Breaker
	now   time.Time
	woken []budget.Key
	asked atomic.Int32
}

func givenBreaker() *breakerAt {
	b := &breakerAt{now: noon}
	b.Breaker = NewBreaker(func() time.Time { return b.now }, func(key budget.Key) { b.woken = append(b.woken, key) })
	return b
}

// ada asks.
var ada = budget.Key{Kind: kindGuest, Name: "ada"}

// asked counts who has asked: each is somebody else.
func (b *breakerAt) blocked() time.Duration {
	pause, _ := b.Blocked(budget.Key{Kind: kindGuest, Name: fmt.Sprint("guest", b.asked.Add(1))})
	return pause
}

func TestOneInvitationGoesFirstUntilTheTenantHasAcceptedOne(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	g.Expect(b.blocked()).To(BeZero())
	pause, message := b.Blocked(ada)
	g.Expect(pause).To(Equal(probeLimit))
	g.Expect(message).To(BeEmpty(), "the tenant has refused nothing")
	g.Expect(b.Prepare(budget.Key{Name: "grace"})).To(Equal(probeLimit))
	g.Expect(b.woken).To(BeEmpty())
	b.Close()
	g.Expect(b.woken).To(Equal([]budget.Key{ada, {Name: "grace"}}))
	g.Expect(b.Prepare(ada)).To(BeZero())
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(BeZero(), "now everybody may")
}

func TestAfterARefusalOneInvitationIsMadeInEachPause(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	b.Close()
	for range 3 {
		b.Open("guests are not allowed")
		g.Expect(b.blocked()).To(Equal(time.Hour))
		b.now = b.now.Add(time.Hour - time.Second)
		g.Expect(b.blocked()).To(Equal(time.Second))
		b.now = b.now.Add(time.Second)
		g.Expect(b.blocked()).To(BeZero(), "the probe")
		g.Expect(b.blocked()).To(Equal(probeLimit), "everybody else waits for it")
	}
	b.Close()
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(BeZero())
}

func TestAProbeThatShowsNothingOrNeverEndsLetsAnotherGoFirst(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.Prepare(ada)).To(Equal(probeLimit))
	b.Undecided()
	g.Expect(b.woken).To(Equal([]budget.Key{ada}))
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(Equal(probeLimit))
	b.now = b.now.Add(probeLimit - time.Millisecond)
	g.Expect(b.blocked()).To(Equal(time.Millisecond))
	b.now = b.now.Add(time.Millisecond)
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(Equal(probeLimit))
}

func TestWhoeverIsLookedUpFirstGoesFirstUnlessTheyNeedNoInvitation(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	grace := budget.Key{Kind: kindGuest, Name: "grace"}
	g.Expect(b.Prepare(ada)).To(BeZero())
	g.Expect(b.Prepare(ada)).To(BeZero(), "it is the one")
	g.Expect(b.Prepare(grace)).To(Equal(probeLimit))
	b.Leave(grace)
	g.Expect(b.Prepare(grace)).To(Equal(probeLimit), "it was not grace's to end")
	b.Leave(ada)
	g.Expect(b.woken).To(ContainElement(grace))
	g.Expect(b.Prepare(grace)).To(BeZero())
	pause, _ := b.Blocked(grace)
	g.Expect(pause).To(BeZero())

	b.Open("guests are not allowed")
	g.Expect(b.Prepare(ada)).To(BeZero(), "somebody who is there already can be found all the same")
	pause, _ = b.Blocked(ada)
	g.Expect(pause).To(Equal(time.Hour))
}

func TestWhatShowsNothingNeitherOpensNorClosesABreaker(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	b.Open("guests are not allowed")
	b.Undecided()
	g.Expect(b.blocked()).To(Equal(time.Hour))
	b.Close()
	b.Undecided()
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(BeZero())
}

func TestSettingsThatHaveChangedAreFoundOutByOneInvitation(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	b.Open("guests are not allowed")
	b.Reset()
	g.Expect(b.State()).To(BeEmpty())
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(Equal(probeLimit))
}

func TestABreakerSaysWhatTheTenantSaidWithoutUsingUpTheProbe(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	g.Expect(b.State()).To(BeEmpty())
	b.Open("guests are not allowed")
	_, message := b.Blocked(ada)
	g.Expect(message).To(Equal("guests are not allowed"))
	b.now = b.now.Add(time.Hour)
	g.Expect(b.State()).To(Equal("guests are not allowed"))
	g.Expect(b.blocked()).To(BeZero(), "the probe is still to be had")
	g.Expect(b.State()).To(Equal("guests are not allowed"), "until it has been accepted")
	b.Close()
	g.Expect(b.State()).To(BeEmpty())
}

func TestOneProbeIsMadeHoweverManyAsk(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	let := make(chan struct{}, 64)
	var asking sync.WaitGroup
	for range 64 {
		asking.Go(func() {
			if b.blocked() == 0 {
				let <- struct{}{}
			}
		})
	}
	asking.Wait()
	g.Expect(let).To(HaveLen(1))
}
