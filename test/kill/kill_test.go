package kill

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestNobodyNoticesWhatHappensAtAnyWrite(t *testing.T) {
	t.Parallel()
	points := recordUndisturbedRun(t)
	reached := &tally{}
	t.Cleanup(func() { reached.expectMost(t) })
	eachMishap(t, points, func(w *world, at point, happened func() bool) {
		w.liveThrough()
		w.expectOutcome(wholeLife)
		reached.add(w.T, at, happened())
	})
}

// mishap is something that happens once, at a point of a run.
type mishap struct {
	name string
	plan func(*world, point) (happened func() bool)
}

// mishaps are what can happen at a point: the manager is killed, or it lives on and never gets the answer. Whether a killed
// manager had got an answer makes no difference to what it leaves behind, save that it may have sent its next request: that
// is tried at writes to the tenant, and at all others in TestNobodyNoticesKillsAtEveryWrite.
func mishaps(at point) []mishap {
	if strings.HasPrefix(at.class, kubernetes) {
		return []mishap{
			killed(answerLost),
			{"the connection breaks", func(w *world, at point) func() bool { return w.breakAt(at).Load }},
		}
	}
	return []mishap{
		killed(answerLost), killed(afterAnswer),
		faulty("504 in place of the answer", graphsim.GatewayTimeout()),
		faulty("the connection breaks", graphsim.ResetConnection()),
	}
}

func killed(when moment) mishap {
	return mishap{"killed, " + string(when), func(w *world, at point) func() bool {
		return w.at(func(p point) bool { return p == at }, when, w.restart).Load
	}}
}

func faulty(name string, effect graphsim.Effect) mishap {
	return mishap{name, func(w *world, at point) func() bool {
		method, path, _ := strings.Cut(strings.TrimPrefix(at.class, directory+": "), " ")
		var calls atomic.Int32
		w.tenant.Inject(graphsim.Fault{
			Method: method, Path: path, Times: 1, Effect: graphsim.AfterCommit(effect),
			Match: func(graphsim.Call) bool { return int(calls.Add(1)) >= at.ordinal },
		})
		return func() bool { return int(calls.Load()) >= at.ordinal }
	}}
}

// recordUndisturbedRun gives the writes of a run in which nothing goes wrong.
func recordUndisturbedRun(t *testing.T) (points []point) {
	t.Helper()
	t.Run("recording", func(t *testing.T) {
		w := newWorld(t, window)
		w.manager.start()
		w.liveThrough()
		w.expectOutcome(wholeLife)
		points = w.recorder.all()
	})
	g := NewWithT(t)
	g.Expect(t.Failed()).To(BeFalse(), "the undisturbed run")
	var list strings.Builder
	for i, p := range points {
		fmt.Fprintf(&list, "\n%3d. %s", i+1, p)
	}
	t.Logf("%d write points:%s", len(points), list.String())
	for _, class := range wholeLife.writes {
		g.Expect(points).To(ContainElement(point{class: directory + ": " + class, ordinal: 1}))
	}
	g.Expect(points).To(ContainElement(point{class: kubernetes + ": create guests", ordinal: 1}))
	return points
}

// tally counts the runs that came to the point at which something was to happen. What is written to a status depends on who is
// faster, so that a run can need fewer such writes than the recorded one.
type tally struct{ reached, missed atomic.Int32 }

func (c *tally) add(t *testing.T, at point, happened bool) {
	t.Helper()
	if happened {
		c.reached.Add(1)
		return
	}
	c.missed.Add(1)
	NewWithT(t).Expect(at.class).To(HaveSuffix("/status"), "a write that did not happen")
	t.Log("Not reached: this run needed fewer writes than the recorded one")
}

func (c *tally) expectMost(t *testing.T) {
	t.Helper()
	reached, missed := c.reached.Load(), c.missed.Load()
	t.Logf("%d runs came to their point, %d did not", reached, missed)
	NewWithT(t).Expect(missed*10).To(BeNumerically("<=", reached+missed), "runs that did not come to their point")
}

func TestNobodyNoticesKillsAtEveryWrite(t *testing.T) {
	t.Parallel()
	killedAtEveryWrite(t, func(w *world) {
		w.liveThrough()
		w.expectOutcome(wholeLife)
		w.g.Expect(w.manager.starts).To(BeNumerically(">", 2*len(wholeLife.writes)))
	})
}
