package graphsim

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
)

// idSource makes ids and tickets. It is not a source of secrets.
type idSource struct {
	mu     sync.Mutex
	random *rand.ChaCha8
}

func newIDSource(seed uint64) *idSource {
	if seed == 0 {
		seed = rand.Uint64()
	}
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return &idSource{random: rand.NewChaCha8(key)}
}

func (s *idSource) bytes(n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := make([]byte, n)
	_, _ = s.random.Read(b) // never fails
	return b
}

// guid returns a version 4 UUID.
func (s *idSource) guid() string {
	b := s.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// shuffle brings n things into a random order.
func (s *idSource) shuffle(n int, swap func(i, j int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rand.New(s.random).Shuffle(n, swap) //nolint:gosec // no secret
}

// ticket returns 32 random bytes in base64, as redeem links carry them.
func (s *idSource) ticket() string { return base64.StdEncoding.EncodeToString(s.bytes(32)) }
