package kill

import (
	"fmt"
	"slices"
	"sync"
)

// point is one committed write in a run, by its class and its number among those of that class.
type point struct {
	class   string
	ordinal int
}

func (p point) String() string { return fmt.Sprintf("%s #%d", p.class, p.ordinal) }

// The two sides of the manager.
const (
	kubernetes = "Kubernetes"
	directory  = "directory"
)

// moment is when something befalls the manager at a point.
type moment string

const (
	// answerLost: the write is committed, and the manager never hears of it.
	answerLost moment = "the answer is lost"
	// afterAnswer: the answer has been sent.
	afterAnswer moment = "after the answer"
)

// recorder lists the writes of a run as they are committed.
type recorder struct {
	// reached is called at each moment of each point, before the manager or anybody else can go on.
	reached func(point, moment)
	// breaks reports whether the connection is to break in place of the answer.
	breaks func(point) bool

	mu     sync.Mutex
	points []point
	counts map[string]int
}

func newRecorder(reached func(point, moment), breaks func(point) bool) *recorder {
	return &recorder{reached: reached, breaks: breaks, counts: map[string]int{}}
}

// committed takes in a write of one side whose answer has not been sent yet.
func (r *recorder) committed(side, class string) point {
	r.mu.Lock()
	class = side + ": " + class
	r.counts[class]++
	p := point{class: class, ordinal: r.counts[class]}
	r.points = append(r.points, p)
	r.mu.Unlock()
	r.reached(p, answerLost)
	return p
}

// answered takes in that the answer to a write has been sent.
func (r *recorder) answered(p point) { r.reached(p, afterAnswer) }

func (r *recorder) all() []point {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.points)
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.points)
}
