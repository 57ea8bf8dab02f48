package kill

import (
	"fmt"
	"testing"
)

// killedAtEveryWrite lives through a scenario twice, side by side: the manager is killed at every write before it gets the answer, and at
// every write right after it.
func killedAtEveryWrite(t *testing.T, scenario func(*world)) {
	t.Helper()
	for _, when := range []moment{answerLost, afterAnswer} {
		t.Run(string(when), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, window)
			w.restartAtEvery(when)
			w.manager.start()
			scenario(w)
		})
	}
}

// directoryPoints are the first times that writes of these classes are sent to the tenant.
func directoryPoints(classes ...string) (points []point) {
	for _, class := range classes {
		points = append(points, point{class: directory + ": " + class, ordinal: 1})
	}
	return points
}

// eachMishap lives through a scenario once for each thing that can happen at each of these points. The scenario is told the point, and can
// ask whether it happened. The changes are those of newWorld.
func eachMishap(t *testing.T, points []point, scenario func(w *world, at point, happened func() bool), changes ...func(*world)) {
	t.Helper()
	for _, at := range points {
		for _, what := range mishaps(at) {
			t.Run(fmt.Sprintf("%s, %s", at, what.name), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, window, changes...)
				happened := what.plan(w, at)
				w.manager.start()
				scenario(w, at, happened)
			})
		}
	}
}
