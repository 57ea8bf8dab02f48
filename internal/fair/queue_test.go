package fair_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/fair"
)

func drain(q *fair.Queue[string]) (items []string) {
	for {
		item, found := q.Pop()
		if !found {
			return items
		}
		items = append(items, item)
	}
}

func TestAFullLaneDelaysAnotherByOneItemAtATime(t *testing.T) {
	g, q := NewWithT(t), &fair.Queue[string]{}
	for i := range 10_000 {
		q.Push("busy", fmt.Sprint("busy", i))
	}
	q.Push("quiet", "quiet0")
	q.Push("quiet", "quiet1")
	g.Expect(q.Len()).To(Equal(10_002))
	g.Expect(drain(q)[:5]).To(Equal([]string{"busy0", "quiet0", "busy1", "quiet1", "busy2"}))
	g.Expect(q.Len()).To(BeZero())
}

func TestALaneKeepsTheOrderInWhichItsItemsCame(t *testing.T) {
	g, q := NewWithT(t), &fair.Queue[string]{}
	q.Push("a", "1")
	q.Push("a", "2")
	item, found := q.Pop()
	g.Expect(found).To(BeTrue())
	g.Expect(item).To(Equal("1"))
	q.Push("a", "3")
	g.Expect(drain(q)).To(Equal([]string{"2", "3"}))
}

func TestPeekShowsWhatPopGives(t *testing.T) {
	g, q := NewWithT(t), &fair.Queue[string]{}
	_, found := q.Peek()
	g.Expect(found).To(BeFalse())
	q.Push("a", "1")
	q.Push("a", "2")
	q.Push("b", "3")
	for _, want := range []string{"1", "3", "2"} {
		next, found := q.Peek()
		g.Expect(found).To(BeTrue())
		g.Expect(next).To(Equal(want))
		item, _ := q.Pop()
		g.Expect(item).To(Equal(want))
	}
}

func TestAnEmptyQueueGivesNothing(t *testing.T) {
	g, q := NewWithT(t), &fair.Queue[string]{}
	_, found := q.Pop()
	g.Expect(found).To(BeFalse())
	q.Push("a", "1")
	g.Expect(drain(q)).To(Equal([]string{"1"}))
	_, found = q.Pop()
	g.Expect(found).To(BeFalse())
}
