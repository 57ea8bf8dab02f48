package controlplane

import (
	"fmt"
	"io"
	"os"
	"time"
)

const (
	terminalInterval = 200 * time.Millisecond
	plainInterval    = 20 * time.Second
)

// progress tells a person who waits for a build how far it is: on a terminal in one line that changes, elsewhere by a
// line now and then.
type progress struct {
	log      io.Writer
	title    string
	terminal bool
	started  time.Time
	shown    time.Time

	modules  int // downloaded so far
	packages int // compiled so far; what an earlier build left in Go's cache is not compiled again
	total    int // packages of the program, 0 while unknown
}

func newProgress(log io.Writer, title string) *progress {
	now := time.Now()
	p := &progress{log: log, title: title, terminal: isTerminal(log), started: now, shown: now}
	p.print(title)
	return p
}

func (p *progress) downloaded() {
	p.modules++
	p.update()
}

func (p *progress) compiled() {
	p.packages++
	p.update()
}

func (p *progress) update() {
	interval := plainInterval
	if p.terminal {
		interval = terminalInterval
	}
	if time.Since(p.shown) < interval {
		return
	}
	p.shown = time.Now()
	p.print(p.title + ": " + p.state())
}

func (p *progress) state() string {
	elapsed := time.Since(p.started).Round(time.Second)
	if p.total == 0 {
		return fmt.Sprintf("%d modules downloaded, %s", p.modules, elapsed)
	}
	return fmt.Sprintf("%d of at most %d packages compiled, %s", p.packages, p.total, elapsed)
}

func (p *progress) finish() {
	p.print(p.title + ": " + p.state())
	if p.terminal {
		_, _ = fmt.Fprintln(p.log)
	}
}

// print ignores errors: a build does not fail because nobody watches it.
func (p *progress) print(line string) {
	if p.terminal {
		_, _ = fmt.Fprintf(p.log, "\r\x1b[K%s", line)
		return
	}
	_, _ = fmt.Fprintln(p.log, line)
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
