package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const window = 5 * time.Minute

func TestThreeReadsSpreadOverTheWindowSettleADoubt(t *testing.T) {
	g, d := NewWithT(t), newDoubts(window)
	d.begin("ada", 1, noon)
	g.Expect(d.nobody("ada", 1, noon)).To(Equal(window/3), "a read right at the deadline does not count")
	g.Expect(d.nobody("ada", 1, noon.Add(window/3-time.Second))).To(Equal(time.Second))
	g.Expect(d.nobody("ada", 1, noon.Add(window/3))).To(Equal(window / 3))
	g.Expect(d.nobody("ada", 1, noon.Add(window/3+time.Second))).To(Equal(window/3-time.Second), "reads in quick succession are one")
	g.Expect(d.nobody("ada", 1, noon.Add(2*window/3))).To(Equal(window / 3))
	g.Expect(d.nobody("ada", 1, noon.Add(window-time.Second))).To(Equal(time.Second))
	g.Expect(d.nobody("ada", 1, noon.Add(window))).To(BeZero())
	g.Expect(d.nobody("ada", 1, noon.Add(window+time.Hour))).To(BeZero(), "what is settled stays so")
}

func TestReadsThatComeLateAreStillThreeReadsApart(t *testing.T) {
	g, d := NewWithT(t), newDoubts(window)
	d.begin("ada", 1, noon)
	late := noon.Add(10 * window)
	g.Expect(d.nobody("ada", 1, late)).To(Equal(window / 3))
	g.Expect(d.nobody("ada", 1, late)).To(Equal(window / 3))
	g.Expect(d.nobody("ada", 1, late.Add(window/3))).To(Equal(window / 3))
	g.Expect(d.nobody("ada", 1, late.Add(2*window/3))).To(BeZero())
}

func TestARequestThatIsStillUnderWayIsWaitedFor(t *testing.T) {
	g, d := NewWithT(t), newDoubts(window)
	d.begin("ada", 1, noon.Add(time.Minute))
	g.Expect(d.nobody("ada", 1, noon)).To(Equal(window/3 + time.Minute))
}

func TestADoubtThatIsOpenDoesNotBeginAnew(t *testing.T) {
	g, d := NewWithT(t), newDoubts(window)
	d.begin("ada", 1, noon)
	d.begin("ada", 1, noon.Add(time.Hour))
	g.Expect(d.nobody("ada", 1, noon.Add(window/3))).To(Equal(window/3), "the first read has counted")
	d.begin("ada", 1, noon.Add(time.Hour))
	g.Expect(d.nobody("ada", 1, noon.Add(2*window/3))).To(Equal(window / 3))
	g.Expect(d.nobody("ada", 1, noon.Add(window))).To(BeZero())
}

func TestAfterARestartTheWindowBeginsAnew(t *testing.T) {
	g, before := NewWithT(t), newDoubts(window)
	before.begin("ada", 1, noon)
	before.nobody("ada", 1, noon.Add(window/3))
	before.nobody("ada", 1, noon.Add(2*window/3))

	restart, restarted := noon.Add(window), newDoubts(window)
	g.Expect(restarted.nobody("ada", 1, restart)).To(Equal(window/3), "nobody knows how long the request was under way")
	g.Expect(restarted.nobody("ada", 1, restart.Add(window/3))).To(BeNumerically(">", 0))
	g.Expect(restarted.nobody("ada", 1, restart.Add(2*window/3))).To(BeNumerically(">", 0))
	g.Expect(restarted.nobody("ada", 1, restart.Add(window))).To(BeZero())
}

func TestDoubtsAreSettledForOneGuestAtATime(t *testing.T) {
	g, d := NewWithT(t), newDoubts(window)
	for number := 1; number <= 2; number++ {
		d.begin("ada", number, noon)
		d.begin("grace", number, noon)
	}
	d.settle("ada")
	g.Expect(d.open).To(HaveLen(2))
	g.Expect(d.nobody("grace", 1, noon.Add(window/3))).To(Equal(window / 3))
	g.Expect(d.nobody("grace", 1, noon.Add(2*window/3))).To(Equal(window/3), "the doubt about grace goes on")
	g.Expect(d.nobody("ada", 1, noon.Add(2*window/3))).To(Equal(window/3), "one about ada would begin anew")
	g.Expect(d.nobody("grace", 2, noon.Add(window))).To(Equal(window/3), "each attempt has a doubt of its own")
}

func TestWithoutAWindowADoubtIsNeverAnsweredWithNoPauseBeforeItIsSettled(t *testing.T) {
	g, d := NewWithT(t), newDoubts(0)
	d.begin("ada", 1, noon)
	g.Expect(d.nobody("ada", 1, noon)).To(BeNumerically(">", 0))
	g.Expect(d.nobody("ada", 1, noon)).To(BeNumerically(">", 0))
	g.Expect(d.nobody("ada", 1, noon)).To(BeZero())
}
