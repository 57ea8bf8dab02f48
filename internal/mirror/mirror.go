package mirror

import (
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// Change says what is different from what a reader could see before. With GroupID set, UserID has become or ceased to be a member
// of that group; without it, the user itself has changed, appeared or disappeared.
//
// Everything stands for a first listing, after which whoever waited for it may go on: with GroupID set, the members of that group
// can be read now; without it, the guests can.
type Change struct {
	UserID     string
	GroupID    string
	Everything bool
}

// Source is what a mirror is filled from.
type Source interface {
	directory.Lister
	directory.Changes
}

// Options say how a Mirror behaves.
type Options struct {
	// Interval is the time between two looks at what has changed: see SetInterval.
	Interval time.Duration
	// Settle is for how long an own write is believed over what the directory reports.
	Settle time.Duration
	// Notify receives the changes, and may read the mirror. It must not block.
	Notify func([]Change)
	// InUse reports whether any object still concerns the group; other groups are forgotten. Nil keeps all.
	InUse func(groupID string) bool
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	Log logr.Logger
}

// Mirror is the view of one tenant. Its methods may be called from several goroutines.
type Mirror struct {
	source  Source
	options Options
	nudge   chan struct{}

	// rounds is held by whoever asks the directory, and guards what only they need.
	rounds sync.Mutex
	net    net
	link   directory.DeltaLink // of the users; "" where they have to be listed
	chunks []*chunk
	// uncovered is why groups could not be put into a chunk; nil where none wait for that.
	uncovered error

	mu       sync.RWMutex
	interval time.Duration
	users    *replica[guest]
	groups   map[string]*group
	err      error
	round    time.Time
	full     time.Time
}

// New gives an empty mirror. Run fills it.
func New(source Source, options Options) *Mirror {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Notify == nil {
		options.Notify = func([]Change) {}
	}
	return &Mirror{
		source:   source,
		options:  options,
		nudge:    make(chan struct{}, 1),
		interval: options.Interval,
		users:    newReplica(options.Settle, guest.equal),
		groups:   map[string]*group{},
	}
}

// SetInterval changes the time between two looks at what has changed, the present one included.
func (m *Mirror) SetInterval(interval time.Duration) {
	m.mu.Lock()
	m.interval = interval
	m.mu.Unlock()
	m.wake()
}

// wake lets Run see what it has to do.
func (m *Mirror) wake() {
	select {
	case m.nudge <- struct{}{}:
	default: // it will look anyway
	}
}

// tell notifies of users, or with a group of its members, that are not as they were.
func (m *Mirror) tell(userIDs []string, groupID string) {
	changes := make([]Change, 0, len(userIDs))
	for _, id := range userIDs {
		changes = append(changes, Change{UserID: id, GroupID: groupID})
	}
	if len(changes) > 0 {
		m.options.Notify(changes)
	}
}

// first is the error to report of two things that were tried one after the other, the second in spite of the first: a throttle
// ends a round, so it counts before all else.
func first(one, two error) error {
	if one == nil || directory.Is(two, directory.Throttled) {
		return two
	}
	return one
}
