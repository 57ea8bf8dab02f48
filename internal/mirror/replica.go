package mirror

import "time"

// replica is one listed collection, with this process's own writes laid over what the listings say.
type replica[V any] struct {
	equal  func(a, b V) bool
	settle time.Duration
	listed bool
	items  map[string]item[V]
}

// item is what is known of one key. An own write is believed over a listing until a listing has shown it (additions only) or
// settle has passed: replicas that lag would otherwise undo it.
type item[V any] struct {
	value    V
	present  bool
	ownWrite time.Time // zero: as listed
}

func newReplica[V any](settle time.Duration, equal func(a, b V) bool) *replica[V] {
	return &replica[V]{equal: equal, settle: settle, items: map[string]item[V]{}}
}

// get gives the value of a key that is present.
func (r *replica[V]) get(key string) (V, bool) {
	it := r.items[key]
	return it.value, it.present
}

// put lays an own addition or change over the listings.
func (r *replica[V]) put(key string, value V, now time.Time) {
	r.items[key] = item[V]{value: value, present: true, ownWrite: now}
}

// remove lays an own removal over the listings.
func (r *replica[V]) remove(key string, now time.Time) {
	r.items[key] = item[V]{ownWrite: now}
}

// replace takes a whole listing in and gives the keys whose value or presence it changed.
func (r *replica[V]) replace(listing map[string]V, now time.Time) (changed []string) {
	for key, value := range listing {
		if r.take(key, value, now) {
			changed = append(changed, key)
		}
	}
	for key, it := range r.items {
		if _, there := listing[key]; there || r.believed(it, now) {
			continue
		}
		delete(r.items, key)
		if it.present {
			changed = append(changed, key)
		}
	}
	r.listed = true
	return changed
}

// take lets a listed value in, unless an own removal is still believed.
func (r *replica[V]) take(key string, value V, now time.Time) (changed bool) {
	known, exists := r.items[key]
	if exists && !known.present && r.believed(known, now) {
		return false
	}
	r.items[key] = item[V]{value: value, present: true}
	return !known.present || !r.equal(known.value, value)
}

func (r *replica[V]) believed(it item[V], now time.Time) bool {
	return !it.ownWrite.IsZero() && now.Sub(it.ownWrite) < r.settle
}

// count gives how many present values satisfy the predicate.
func (r *replica[V]) count(predicate func(V) bool) (n int) {
	for _, it := range r.items {
		if it.present && predicate(it.value) {
			n++
		}
	}
	return n
}
