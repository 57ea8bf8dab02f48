package controllers

import (
	"bytes"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// logs is what the operator has logged since the beginning of the running scenario, at every level.
var logs logBook

// logBook keeps what is logged, a line of JSON an entry.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *logBook) Write(entry []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(entry)
}

func (b *logBook) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Reset()
}

// lines gives the entries so far.
func (b *logBook) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Split(strings.TrimSpace(b.text.String()), "\n")
}

// logger writes every level into the book.
func (b *logBook) logger() logr.Logger {
	return zap.New(zap.WriteTo(b), zap.JSONEncoder(), zap.Level(zapcore.Level(-10)))
}
