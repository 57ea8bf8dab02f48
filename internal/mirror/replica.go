package mirror

import "time"

// replica is one collection as the directory reports it, with this process's own writes laid over it.
//
// A directory of many replicas shows a write only after a while, and what it reports can be late, repeated and out of order. It
// is guaranteed that
//   - an own write is to be seen at once;
//   - within settle, it is not undone by a report of the state that it replaced, nor, before a report has shown it, by one that
//     the key is not there; an own removal is not undone by any report;
//   - every other report is a change by others, and counts at once. So does a disappearance after the own write has been shown,
//     for it is only a suspicion;
//   - what is held back is not lost, for the directory may not say it a second time: when settle is over, a removal gives way to
//     it, and a value is doubted, for it can be a change by others or a report that came late;
//   - an addition that was never shown is doubted then too; any other own write counts from then on as if it had been reported.
//
// What is doubted is not to be seen, and so is looked up live. Whoever finds it puts it back, as if it had been reported.
type replica[V any] struct {
	equal  func(a, b V) bool
	settle time.Duration
	listed bool
	items  map[string]V // as reported
	own    map[string]ownWrite[V]
}

// ownWrite is an own write that has not settled.
type ownWrite[V any] struct {
	state[V]
	replaced state[V] // as it was reported when this was written
	at       time.Time
	shown    bool // by a report
	denied   bool // by the last report, which was held back
	// doubted: nothing is to be seen of the key before a report or somebody who looks live has said more.
	doubted bool
}

// state is what is known of a key.
type state[V any] struct {
	value   V
	present bool
}

func newReplica[V any](settle time.Duration, equal func(a, b V) bool) *replica[V] {
	return &replica[V]{equal: equal, settle: settle, items: map[string]V{}, own: map[string]ownWrite[V]{}}
}

// get gives the value of a key that is present.
func (r *replica[V]) get(key string) (V, bool) {
	if w, written := r.own[key]; written {
		return w.value, w.present && !w.doubted
	}
	value, present := r.items[key]
	return value, present
}

// unsettled reports whether an own write lies over what is reported of the key.
func (r *replica[V]) unsettled(key string) bool {
	w, written := r.own[key]
	return written && !w.doubted
}

// knows reports whether anything is known of the key, be it that it is gone.
func (r *replica[V]) knows(key string) bool {
	_, reported := r.items[key]
	_, written := r.own[key]
	return reported || written
}

// put lays an own addition or change over the reports.
func (r *replica[V]) put(key string, value V, now time.Time) {
	if r.own[key].doubted {
		r.settleOn(key, value)
		return
	}
	r.write(key, state[V]{value, true}, now)
}

// settleOn takes a value in as if it had been reported, where no report is to be expected.
func (r *replica[V]) settleOn(key string, value V) {
	delete(r.own, key)
	r.items[key] = value
}

// remove lays an own removal over the reports.
func (r *replica[V]) remove(key string, now time.Time) { r.write(key, state[V]{}, now) }

func (r *replica[V]) write(key string, to state[V], now time.Time) {
	value, present := r.items[key]
	r.own[key] = ownWrite[V]{state: to, replaced: state[V]{value, present}, at: now}
}

// intake is a number of reports that are taken in together, so that a change and its contrary in one of them are none.
type intake[V any] struct {
	*replica[V]
	before map[string]state[V]
}

func (r *replica[V]) intake() *intake[V] {
	return &intake[V]{replica: r, before: map[string]state[V]{}}
}

// report takes in that the key has the value, or is absent.
func (i *intake[V]) report(key string, reported state[V]) {
	i.changing(key, func() {
		if reported.present {
			i.items[key] = reported.value
		} else {
			delete(i.items, key)
		}
		if w, written := i.own[key]; written {
			if i.upholds(&w, reported) {
				i.own[key] = w
			} else {
				delete(i.own, key)
			}
		}
	})
}

// upholds reports whether the own write is still to be seen after a report.
func (i *intake[V]) upholds(w *ownWrite[V], reported state[V]) bool {
	w.denied = reported.present != w.present || w.present && !i.equal(reported.value, w.value)
	switch {
	case w.doubted:
		return false
	case !w.present:
		return true
	case !reported.present:
		return !w.shown
	case !w.denied:
		w.shown = true
		return true
	}
	return w.replaced.present && i.equal(reported.value, w.replaced.value)
}

// replace takes a whole listing in. Nothing is given up for good any more: a listing shows everything.
func (i *intake[V]) replace(listing map[string]V) {
	for key, value := range listing {
		i.report(key, state[V]{value, true})
	}
	for key := range i.items {
		if _, there := listing[key]; !there {
			i.report(key, state[V]{})
		}
	}
	for key := range i.own {
		if _, there := listing[key]; !there {
			i.report(key, state[V]{})
		}
	}
	i.listed = true
}

// end lets own writes settle whose time has come, and gives the keys whose value or presence is not what it was.
func (i *intake[V]) end(now time.Time) (changed []string) {
	for key, w := range i.own {
		if !w.doubted && now.Sub(w.at) >= i.settle {
			i.changing(key, func() { i.expire(key, w) })
		}
	}
	for key, was := range i.before {
		value, present := i.get(key)
		if present != was.present || present && !i.equal(value, was.value) {
			changed = append(changed, key)
		}
	}
	return changed
}

func (i *intake[V]) expire(key string, w ownWrite[V]) {
	_, reported := i.items[key]
	switch {
	case w.present && (w.denied || !w.shown && !reported):
		i.own[key] = ownWrite[V]{doubted: true}
		return
	case w.present:
		i.items[key] = w.value
	case !w.denied:
		delete(i.items, key)
	}
	delete(i.own, key)
}

// doubt hides a key of which only the value can be wrong, until somebody looks live. It still counts, with the value given.
func (i *intake[V]) doubt(key string, value V) {
	i.changing(key, func() {
		i.items[key] = value
		i.own[key] = ownWrite[V]{doubted: true}
	})
}

// changing remembers what was to be seen of the key before the first change.
func (i *intake[V]) changing(key string, change func()) {
	was, present := i.get(key)
	change()
	if _, known := i.before[key]; known {
		return
	}
	value, still := i.get(key)
	if present != still || present && !i.equal(was, value) {
		i.before[key] = state[V]{was, present}
	}
}

// count gives how many present values satisfy the predicate.
func (r *replica[V]) count(predicate func(V) bool) (n int) {
	for key, value := range r.items {
		if !r.unsettled(key) && predicate(value) {
			n++
		}
	}
	for _, w := range r.own {
		if w.present && !w.doubted && predicate(w.value) {
			n++
		}
	}
	return n
}
