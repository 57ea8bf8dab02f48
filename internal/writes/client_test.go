package writes_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/writes"
)

// slow is an API server on which each write takes a second, however many there are.
type slow struct {
	client.Client
	mu         sync.Mutex
	done       []string
	busy, most int
}

func (s *slow) write(object client.Object) error {
	s.mu.Lock()
	s.busy++
	s.most = max(s.most, s.busy)
	s.mu.Unlock()
	time.Sleep(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	s.done = append(s.done, object.GetNamespace()+"/"+object.GetName())
	return nil
}

func (s *slow) Create(_ context.Context, object client.Object, _ ...client.CreateOption) error {
	return s.write(object)
}
func (s *slow) Update(_ context.Context, object client.Object, _ ...client.UpdateOption) error {
	return s.write(object)
}
func (s *slow) Delete(_ context.Context, object client.Object, _ ...client.DeleteOption) error {
	return s.write(object)
}
func (s *slow) Status() client.SubResourceWriter { return &slowStatus{slow: s} }

type slowStatus struct {
	client.SubResourceWriter
	slow *slow
}

func (s *slowStatus) Update(_ context.Context, object client.Object, _ ...client.SubResourceUpdateOption) error {
	return s.slow.write(object)
}

func named(namespace string, n int) *b2b.GuestInvitation {
	return &b2b.GuestInvitation{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprint(n)}}
}

func namespaceOf(object client.Object) string { return object.GetNamespace() }

func TestNoMoreWritesThanAllowedAreSentAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, server := NewWithT(t), &slow{}
		c, begin := writes.New(server, 4, namespaceOf), time.Now()
		for n := range 5 {
			go func() { _ = c.Create(t.Context(), named("busy", n)) }()
			go func() { _ = c.Update(t.Context(), named("busy", n)) }()
			go func() { _ = c.Delete(t.Context(), named("busy", n)) }()
			go func() { _ = c.Status().Update(t.Context(), named("busy", n)) }()
		}
		for server.finished() < 20 {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		g.Expect(time.Since(begin)).To(Equal(5 * time.Second))
		g.Expect(server.most).To(Equal(4))
	})
}

func (s *slow) finished() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.done)
}

func TestAThousandWritesOfOneNamespaceDelayOneOfAnotherByOneTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, server := NewWithT(t), &slow{}
		c := writes.New(server, 2, namespaceOf)
		ctx, cancel := context.WithCancel(t.Context())
		for n := range 1000 {
			go func() { _ = c.Update(ctx, named("busy", n)) }()
		}
		synctest.Wait()
		begin := time.Now()
		g.Expect(c.Update(ctx, named("quiet", 0))).To(Succeed())
		g.Expect(time.Since(begin)).To(BeNumerically("<=", 2*time.Second), "until there is room, and the write itself")
		cancel()
		time.Sleep(2 * time.Second) // until what was being sent is done
		g.Expect(server.finished()).To(BeNumerically("<", 10), "what was cancelled is not sent")
	})
}

func TestAWriteThatGaveUpLeavesItsTurnToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, server := NewWithT(t), &slow{}
		c := writes.New(server, 1, namespaceOf)
		go func() { _ = c.Update(t.Context(), named("a", 0)) }()
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		g.Expect(c.Update(short, named("a", 1))).To(MatchError(context.DeadlineExceeded))
		g.Expect(c.Update(t.Context(), named("a", 2))).To(Succeed())
		g.Expect(server.done).To(Equal([]string{"a/0", "a/2"}))
		g.Expect(c.Update(t.Context(), named("a", 3))).To(Succeed(), "there is room again")
	})
}
