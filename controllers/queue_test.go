package controllers

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

func in(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

// givenFairQueue is a queue whose lanes are namespaces.
func givenFairQueue(t *testing.T) *fairQueue {
	t.Helper()
	q := newFairQueue(func(r reconcile.Request) string { return r.Namespace }, priorityqueue.New[reconcile.Request](t.Name()))
	t.Cleanup(q.ShutDown)
	return q
}

// next takes the next object out and is done with it.
func next(q *fairQueue) (reconcile.Request, int) {
	request, priority, _ := q.GetWithPriority()
	q.Done(request)
	return request, priority
}

func TestAThousandObjectsOfANamespaceDoNotHoldUpOneOfAnother(t *testing.T) {
	g, q := NewWithT(t), givenFairQueue(t)
	for i := range 1000 {
		q.Add(in("busy", fmt.Sprint(i)))
	}
	q.Add(in("quiet", "ada"))
	g.Eventually(q.Len, patience).Should(Equal(1001))
	order := map[reconcile.Request]int{}
	for i := range 1001 {
		request, priority := next(q)
		order[request] = i
		g.Expect(priority).To(BeZero())
	}
	g.Expect(order).To(HaveLen(1001))
	g.Expect(order[in("quiet", "ada")]).To(BeNumerically("<=", 2))
	g.Expect(order[in("busy", "999")]).To(BeNumerically(">", order[in("busy", "10")]), "within a namespace, first come first served")
	g.Expect(q.lanes).To(BeEmpty())
	g.Expect(q.waiting).To(BeEmpty())
}

func TestAnUrgentObjectOfABusyNamespaceGoesBeforeRoutineOfAQuietOne(t *testing.T) {
	g, q := NewWithT(t), givenFairQueue(t)
	low := routine
	for i := range 100 {
		q.AddWithOpts(priorityqueue.AddOpts{Priority: &low}, in("busy", fmt.Sprint(i)))
	}
	q.AddWithOpts(priorityqueue.AddOpts{Priority: &low}, in("quiet", "ada"))
	q.Add(in("busy", "urgent"))
	g.Eventually(q.Len, patience).Should(Equal(102))
	request, priority := next(q)
	for request != in("busy", "urgent") { // the queue hands one out ahead of time
		g.Expect(priority).To(Equal(routine))
		request, priority = next(q)
	}
	g.Expect(priority).To(Equal(urgent))
	g.Expect(q.Len()).To(BeNumerically(">=", 99))
}

func TestAnObjectThatIsAddedTwiceCountsOnce(t *testing.T) {
	g, q := NewWithT(t), givenFairQueue(t)
	q.Add(in("a", "ada"))
	q.Add(in("a", "ada"))
	g.Expect(q.lanes).To(Equal(map[string]int{"a": 1}))
	next(q)
	g.Expect(q.lanes).To(BeEmpty())
}

func TestTheStepsBelowAPriorityBelongToIt(t *testing.T) {
	g := NewWithT(t)
	for _, priority := range []int{routine, -1, 0, 1, 7} {
		for step := range queueLevels {
			g.Expect(asked(priority*queueLevels-step)).To(Equal(priority), "priority %d, step %d", priority, step)
		}
	}
}
