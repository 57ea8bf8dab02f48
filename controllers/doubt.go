package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// doubtReads is how many reads, spread over the replication window, must find nobody before a lost invitation counts as not
// carried out.
const doubtReads = 3

// doubts are the invitations whose answer was lost, as far as this process has looked into them. They are kept in memory on
// purpose: after a restart the window begins anew, since nobody knows how long the request of the process before was under way.
type doubts struct {
	window time.Duration

	mu   sync.Mutex
	open map[doubtKey]*doubt
}

type doubtKey struct {
	guest  types.UID
	number int
}

type doubt struct {
	nextRead time.Time
	reads    int
}

func newDoubts(window time.Duration) *doubts {
	return &doubts{window: window, open: map[doubtKey]*doubt{}}
}

// begin opens a doubt: the answer cannot come any more after deadline. Opening one that is open changes nothing.
func (d *doubts) begin(guest types.UID, number int, deadline time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := doubtKey{guest, number}
	if d.open[key] == nil {
		d.open[key] = &doubt{nextRead: deadline.Add(d.window / doubtReads)}
	}
}

// nobody counts a read that found nobody. It gives the time until the next read that counts, 0 once the doubt is settled:
// the invitation was not carried out.
func (d *doubts) nobody(guest types.UID, number int, now time.Time) time.Duration {
	d.begin(guest, number, now)
	d.mu.Lock()
	defer d.mu.Unlock()
	doubt := d.open[doubtKey{guest, number}]
	if !now.Before(doubt.nextRead) && doubt.reads < doubtReads {
		doubt.reads++
		doubt.nextRead = now.Add(d.window / doubtReads)
	}
	if doubt.reads == doubtReads {
		return 0
	}
	return max(doubt.nextRead.Sub(now), time.Millisecond)
}

// settle closes all doubts about a Guest.
func (d *doubts) settle(guest types.UID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key := range d.open {
		if key.guest == guest {
			delete(d.open, key)
		}
	}
}
