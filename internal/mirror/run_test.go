package mirror_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

// running is a mirror that runs, on the clock of a synctest bubble, until the test ends.
type running struct {
	*mirror.Mirror
	tenant *tenant
	mu     sync.Mutex
	told   []mirror.Change
	logged string
}

func givenRunning(t *testing.T, d *tenant) *running {
	r := &running{tenant: d}
	r.Mirror = mirror.New(d, mirror.Options{Interval: time.Minute, Settle: settle,
		Notify: func(changes []mirror.Change) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.told = append(r.told, changes...)
		},
		Log: funcr.New(func(_, args string) { r.logged += args }, funcr.Options{})})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { r.Run(ctx) })
	t.Cleanup(func() { stop(); done.Wait() })
	synctest.Wait()
	return r
}

// after lets time pass and gives the calls of that time.
func (r *running) after(pause time.Duration) []string {
	r.tenant.asked()
	time.Sleep(pause)
	synctest.Wait()
	return r.tenant.asked()
}

// inBubble runs a test on a clock of its own.
func inBubble(t *testing.T, test func(*testing.T, Gomega)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, NewWithT(t)) })
}

func TestARunningMirrorLooksEachInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		r := givenRunning(t, newTenant(pending("ada")))
		g.Expect(r.Listed()).To(BeTrue())
		g.Expect(r.after(time.Minute - 1)).To(BeEmpty())
		g.Expect(r.after(1)).To(Equal([]string{"UserChanges"}))
		g.Expect(r.after(10 * time.Minute)).To(HaveLen(10))
	})
}

func TestTheIntervalCanBeChangedWithoutLosingTheView(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		r := givenRunning(t, newTenant(pending("ada")))
		r.after(20 * time.Second)
		r.SetInterval(30 * time.Second)
		g.Expect(r.after(10*time.Second - 1)).To(BeEmpty())
		g.Expect(r.after(1)).To(Equal([]string{"UserChanges"}), "the interval that had begun counts")
		r.SetInterval(time.Hour)
		g.Expect(r.after(time.Hour - 1)).To(BeEmpty())
		r.SetInterval(5 * time.Second)
		g.Expect(r.after(1)).NotTo(BeEmpty(), "it is over already")
		g.Expect(r.told).To(ConsistOf(everything))
	})
}

func TestGroupsThatAreAskedForAreListedSoonAndTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		d := newTenant()
		for _, id := range []string{"a", "b", "c"} {
			d.group(id, "ada")
		}
		r := givenRunning(t, d)
		r.told = nil
		for _, id := range []string{"a", "b", "c", "a"} {
			_, known := r.Member(id, "ada")
			g.Expect(known).To(BeFalse())
			time.Sleep(10 * time.Millisecond)
		}
		g.Expect(r.after(time.Second)).To(Equal(
			[]string{"LatestMembers", "ListMembers a", "ListMembers b", "ListMembers c", "MemberChanges"}))
		g.Expect(r.told).To(ConsistOf(readable("a"), readable("b"), readable("c")))
		member, known := r.Member("b", "ada")
		g.Expect(member && known).To(BeTrue())
	})
}

func TestAGroupThatFailedIsTriedAgainBeforeTheNextRound(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		d := newTenant()
		d.group("readers", "ada")
		d.fail("ListMembers readers", unavailable)
		r := givenRunning(t, d)
		r.Member("readers", "ada")
		g.Expect(r.after(time.Second)).To(ContainElement("ListMembers readers"))
		d.fail("ListMembers readers", nil)
		g.Expect(r.after(5 * time.Second)).To(Equal([]string{"ListMembers readers"}))
		_, known := r.Member("readers", "ada")
		g.Expect(known).To(BeTrue())
	})
}

func TestAFirstListingThatFailsIsTriedAgainSoon(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		d := newTenant()
		d.fail("ListGuests", &directory.Error{Class: directory.Denied, Message: "ada@partner.example", RequestID: "request-1"})
		r := givenRunning(t, d)
		d.fail("ListGuests", nil)
		g.Expect(r.after(5*time.Second - 1)).To(BeEmpty())
		r.after(time.Second)
		g.Expect(r.Listed()).To(BeTrue())
		g.Expect(r.logged).To(And(ContainSubstring("Denied"), ContainSubstring("request-1")))
		g.Expect(r.logged).NotTo(ContainSubstring("partner.example"), "the directory's words can name an address")
	})
}

func TestWhileTheDirectoryAskedToWaitNothingIsAsked(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		d := newTenant()
		d.group("readers", "ada")
		r := givenRunning(t, d)
		d.fail("UserChanges", &directory.Error{Class: directory.Throttled, RetryAfter: 10 * time.Minute})
		g.Expect(r.after(time.Minute)).To(Equal([]string{"UserChanges"}))
		d.fail("UserChanges", nil)
		r.Member("readers", "ada")
		r.SetInterval(time.Second)
		g.Expect(r.after(10*time.Minute - 1)).To(BeEmpty())
		g.Expect(r.after(time.Second)).To(ContainElements("UserChanges", "ListMembers readers"))
	})
}

func TestAGroupThatIsThrottledHoldsTheRoundToo(t *testing.T) {
	inBubble(t, func(t *testing.T, g Gomega) {
		d := newTenant()
		d.group("readers", "ada")
		d.fail("LatestMembers", &directory.Error{Class: directory.Throttled, RetryAfter: 10 * time.Minute})
		r := givenRunning(t, d)
		r.Member("readers", "ada")
		g.Expect(r.after(time.Second)).To(Equal([]string{"LatestMembers"}))
		d.fail("LatestMembers", nil)
		g.Expect(r.after(10*time.Minute - time.Second)).To(BeEmpty())
		g.Expect(r.after(time.Second)).To(ContainElements("UserChanges", "ListMembers readers"))
	})
}

func TestTheMirrorIsReadAndWrittenWhileItRuns(t *testing.T) {
	g, d := NewWithT(t), newTenant(pending("ada"))
	d.group("readers", "ada")
	m := mirror.New(d, mirror.Options{Interval: time.Millisecond, Settle: settle})
	ctx, stop := context.WithCancel(context.Background())
	var run, busy sync.WaitGroup
	run.Go(func() { m.Run(ctx) })
	for range 4 {
		busy.Go(func() {
			for i := range 50 {
				_ = m.Sync(ctx)
				_, _ = m.Member("readers", "ada")
				m.Saw(accepted("ada"))
				m.SawGone("grace")
				m.SawMember("readers", "grace", i%2 == 0)
				d.join("readers", "alan")
				d.set(accepted("ada"))
				_, _ = m.User("ada")
				_, _, _ = m.Stats(), m.Listed(), m.GroupErr("readers")
				m.SetInterval(time.Duration(i+1) * time.Millisecond)
			}
		})
	}
	busy.Wait()
	g.Expect(m.Sync(ctx)).To(Succeed())
	stop()
	run.Wait()
	g.Expect(m.Stats().Guests).To(Equal(1))
	member, known := m.Member("readers", "alan")
	g.Expect(member && known).To(BeTrue())
}
