package controllers

import "sync"

// keyedMutex is a mutex for each key, for as long as somebody holds or wants it.
type keyedMutex struct {
	mu   sync.Mutex
	keys map[string]*keyLock
}

type keyLock struct {
	sync.Mutex
	users int
}

func newKeyedMutex() *keyedMutex { return &keyedMutex{keys: map[string]*keyLock{}} }

// lock waits for the key and gives the function that releases it.
func (m *keyedMutex) lock(key string) (unlock func()) {
	m.mu.Lock()
	l := m.keys[key]
	if l == nil {
		l = &keyLock{}
		m.keys[key] = l
	}
	l.users++
	m.mu.Unlock()

	l.Lock()
	return func() {
		l.Unlock()
		m.mu.Lock()
		defer m.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(m.keys, key)
		}
	}
}
