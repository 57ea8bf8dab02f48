package controllers

import (
	"math/bits"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// queueLevels is how many steps there are within one priority. The last one begins at 2^14 waiting objects.
const queueLevels = 16

// fairQueue is a priority queue that is fair between lanes, one per namespace: of two objects of one priority, the one goes first whose
// lane has fewer waiting, by orders of magnitude. So 10,000 objects in one namespace do not hold up one in another.
//
// The order is kept by steps below the priority that was asked for, and not by a number for each object, because controller-runtime
// has a metric for each priority.
type fairQueue struct {
	priorityqueue.PriorityQueue[reconcile.Request]
	lane func(reconcile.Request) string

	mu      sync.Mutex
	waiting map[reconcile.Request]string // the lane of each object that waits
	lanes   map[string]int               // how many wait in each
}

// fairly gives the options of a controller whose work queue is fair. Lane tells the lane of an object; nil for its namespace.
func fairly(lane func(reconcile.Request) string) controller.Options {
	if lane == nil {
		lane = func(request reconcile.Request) string { return request.Namespace }
	}
	return controller.Options{
		NewQueue: func(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
			return newFairQueue(lane, priorityqueue.New(name, func(o *priorityqueue.Opts[reconcile.Request]) { o.RateLimiter = limiter }))
		},
	}
}

func newFairQueue(lane func(reconcile.Request) string, queue priorityqueue.PriorityQueue[reconcile.Request]) *fairQueue {
	return &fairQueue{PriorityQueue: queue, lane: lane, waiting: map[reconcile.Request]string{}, lanes: map[string]int{}}
}

// Add implements workqueue.TypedInterface.
func (q *fairQueue) Add(request reconcile.Request) {
	q.AddWithOpts(priorityqueue.AddOpts{}, request)
}

// AddAfter implements workqueue.TypedDelayingInterface.
func (q *fairQueue) AddAfter(request reconcile.Request, after time.Duration) {
	q.AddWithOpts(priorityqueue.AddOpts{After: after}, request)
}

// AddRateLimited implements workqueue.TypedRateLimitingInterface.
func (q *fairQueue) AddRateLimited(request reconcile.Request) {
	q.AddWithOpts(priorityqueue.AddOpts{RateLimited: true}, request)
}

// AddWithOpts implements priorityqueue.PriorityQueue.
func (q *fairQueue) AddWithOpts(options priorityqueue.AddOpts, requests ...reconcile.Request) {
	priority := 0
	if options.Priority != nil {
		priority = *options.Priority
	}
	for _, request := range requests {
		stepped := priority*queueLevels - q.enter(request)
		options.Priority = &stepped
		q.PriorityQueue.AddWithOpts(options, request)
	}
}

// Get implements workqueue.TypedInterface.
func (q *fairQueue) Get() (request reconcile.Request, shutdown bool) {
	request, _, shutdown = q.GetWithPriority()
	return request, shutdown
}

// GetWithPriority implements priorityqueue.PriorityQueue. It gives the priority that was asked for, because the controller adds the
// object again with it.
func (q *fairQueue) GetWithPriority() (request reconcile.Request, priority int, shutdown bool) {
	request, stepped, shutdown := q.PriorityQueue.GetWithPriority()
	q.leave(request)
	return request, asked(stepped), shutdown
}

// asked is the priority of which stepped is one of the steps below.
func asked(stepped int) int {
	if stepped > 0 {
		return (stepped + queueLevels - 1) / queueLevels
	}
	return stepped / queueLevels
}

// enter notes that the object waits, and gives its step: 0 for the only one of its lane, and one more each time their number doubles.
func (q *fairQueue) enter(request reconcile.Request) int {
	q.mu.Lock()
	lane, waits := q.waiting[request]
	q.mu.Unlock()
	if !waits {
		lane = q.lane(request) // may read from a cache
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, waits := q.waiting[request]; !waits {
		q.waiting[request] = lane
		q.lanes[lane]++
	}
	return min(bits.Len(uint(max(q.lanes[lane]-1, 0))), queueLevels-1)
}

func (q *fairQueue) leave(request reconcile.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lane, waits := q.waiting[request]
	if !waits {
		return
	}
	delete(q.waiting, request)
	if q.lanes[lane]--; q.lanes[lane] == 0 {
		delete(q.lanes, lane)
	}
}
