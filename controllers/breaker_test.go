package controllers

import (
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// breakerAt is a breaker whose clock the test sets.
type breakerAt struct {
	*Breaker
	now time.Time
}

func givenBreaker() *breakerAt {
	b := &breakerAt{now: noon}
	b.Breaker = NewBreaker(func() time.Time { return b.now })
	return b
}

func (b *breakerAt) blocked() time.Duration {
	pause, _ := b.Blocked()
	return pause
}

func TestOneInvitationGoesFirstUntilTheTenantHasAcceptedOne(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	g.Expect(b.blocked()).To(BeZero())
	pause, message := b.Blocked()
	g.Expect(pause).To(Equal(probeGlance))
	g.Expect(message).To(BeEmpty(), "the tenant has refused nothing")
	b.Close()
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
		g.Expect(b.blocked()).To(Equal(probeGlance), "everybody else waits for it")
	}
	b.Close()
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(BeZero())
}

func TestAProbeThatShowsNothingOrNeverEndsLetsAnotherGoFirst(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	g.Expect(b.blocked()).To(BeZero())
	b.Undecided()
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(Equal(probeGlance))
	b.now = b.now.Add(probeLimit - time.Millisecond)
	g.Expect(b.blocked()).To(Equal(probeGlance))
	b.now = b.now.Add(time.Millisecond)
	g.Expect(b.blocked()).To(BeZero())
	g.Expect(b.blocked()).To(Equal(probeGlance))
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
	g.Expect(b.blocked()).To(Equal(probeGlance))
}

func TestABreakerSaysWhatTheTenantSaidWithoutUsingUpTheProbe(t *testing.T) {
	g, b := NewWithT(t), givenBreaker()
	g.Expect(b.State()).To(BeEmpty())
	b.Open("guests are not allowed")
	_, message := b.Blocked()
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
