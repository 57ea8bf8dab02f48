package controllers

import (
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestAKeyIsHeldByOneAtATime(t *testing.T) {
	g, m := NewWithT(t), newKeyedMutex()
	counts := map[string]*int{"ada": new(int), "grace": new(int)} // unguarded: the race detector watches
	var working sync.WaitGroup
	for range 16 {
		for key, count := range counts {
			working.Go(func() {
				for range 100 {
					unlock := m.lock(key)
					*count++
					unlock()
				}
			})
		}
	}
	working.Wait()
	g.Expect(*counts["ada"]).To(Equal(1600))
	g.Expect(*counts["grace"]).To(Equal(1600))
	g.Expect(m.keys).To(BeEmpty(), "a key that nobody holds or wants is forgotten")
}

func TestOneKeyDoesNotHoldUpAnother(t *testing.T) {
	g, m := NewWithT(t), newKeyedMutex()
	unlock := m.lock("ada")
	defer unlock()
	other := make(chan struct{})
	go func() {
		defer close(other)
		m.lock("grace")()
	}()
	g.Eventually(other, time.Minute).Should(BeClosed())
}

func TestAKeyIsKeptForThoseWhoWaitForIt(t *testing.T) {
	g, m := NewWithT(t), newKeyedMutex()
	unlock, got, release := m.lock("ada"), make(chan struct{}), make(chan struct{})
	go func() {
		unlock := m.lock("ada")
		close(got)
		<-release
		unlock()
	}()
	wanted := func() int {
		m.mu.Lock()
		defer m.mu.Unlock()
		if l := m.keys["ada"]; l != nil {
			return l.users
		}
		return 0
	}
	g.Eventually(wanted, time.Minute).Should(Equal(2))
	g.Expect(got).NotTo(BeClosed())
	unlock()
	g.Eventually(got, time.Minute).Should(BeClosed())
	g.Expect(wanted()).To(Equal(1))
	close(release)
	g.Eventually(wanted, time.Minute).Should(BeZero())
}
