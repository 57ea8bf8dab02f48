// Package fair shares something scarce between lanes: however much one of them wants, another waits for one item of it at a time.
package fair

// Queue holds items in lanes, e.g. one per namespace, and gives them out lane by lane; within a lane, in the order in which they
// came. The zero value is empty and ready for use. It is not safe for concurrent use.
type Queue[T any] struct {
	lanes map[string][]T
	// order has each lane that holds anything once; the first one is next.
	order []string
	size  int
}

// Push puts an item at the end of its lane.
func (q *Queue[T]) Push(lane string, item T) {
	if q.lanes == nil {
		q.lanes = map[string][]T{}
	}
	if len(q.lanes[lane]) == 0 {
		q.order = append(q.order, lane)
	}
	q.lanes[lane] = append(q.lanes[lane], item)
	q.size++
}

// Peek gives the next item and leaves it where it is; false where there is none.
func (q *Queue[T]) Peek() (item T, found bool) {
	if len(q.order) == 0 {
		return item, false
	}
	return q.lanes[q.order[0]][0], true
}

// Pop takes the next item out; false where there is none.
func (q *Queue[T]) Pop() (item T, found bool) {
	if len(q.order) == 0 {
		return item, false
	}
	lane := q.order[0]
	q.order = q.order[1:]
	items := q.lanes[lane]
	item = items[0]
	var none T
	items[0] = none // for the garbage collector
	if q.size--; len(items) == 1 {
		delete(q.lanes, lane)
		return item, true
	}
	q.lanes[lane] = items[1:]
	q.order = append(q.order, lane)
	return item, true
}

// Len is how many items wait, in all lanes.
func (q *Queue[T]) Len() int { return q.size }
