package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// The escape sequences of a terminal that are used.
const (
	bold    = "\x1b[1m"
	dim     = "\x1b[2m"
	red     = "\x1b[31m"
	green   = "\x1b[32m"
	reset   = "\x1b[0m"
	cursor  = "\x1b[%dA\r"
	clear   = "\x1b[J"
	noWrap  = "\x1b[?7l"
	mayWrap = "\x1b[?7h"
)

// screen is what a person watches: a story that grows line by line and, on a terminal only, below it a table that is
// redrawn in place. It is safe for concurrent use. Errors of writing are ignored: nothing fails because nobody watches.
type screen struct {
	out      io.Writer
	terminal bool
	colour   bool
	size     func() (width, height int)

	mu    sync.Mutex
	table []string // below the story
	drawn int      // lines of it that are on the terminal
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out}
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" {
		return s
	}
	s.terminal = true
	s.colour = os.Getenv("NO_COLOR") == ""
	s.size = func() (int, int) {
		width, height, err := term.GetSize(int(file.Fd()))
		if err != nil || width <= 0 || height <= 0 {
			return 80, 24
		}
		return width, height
	}
	return s
}

// title begins a part of the story.
func (s *screen) title(format string, args ...any) {
	s.line("", "")
	s.line(bold, "==> "+fmt.Sprintf(format, args...))
}

// say adds a sentence to the story.
func (s *screen) say(format string, args ...any) { s.line("", "    "+fmt.Sprintf(format, args...)) }

// good adds something that was expected and has happened.
func (s *screen) good(text string) { s.line(green, " ok "+text) }

// bad adds something that went wrong. The text may have several lines.
func (s *screen) bad(text string) {
	for line := range strings.Lines(text) {
		s.line(red, "  ! "+strings.TrimRight(line, "\n"))
	}
}

// changed adds the line of an object that has changed, where there is no table to show it.
func (s *screen) changed(text string) {
	if !s.terminal {
		s.line(dim, "    "+text)
	}
}

// show replaces the table below the story.
func (s *screen) show(table []string) {
	if !s.terminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.table = table
	s.draw()
}

// freeze leaves the table as it is where it is, and lets the story go on below it.
func (s *screen) freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table, s.drawn = nil, 0
}

func (s *screen) line(style, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	_, _ = fmt.Fprintln(s.out, s.styled(style, text))
	s.draw()
}

func (s *screen) styled(style, text string) string {
	if !s.colour || style == "" || text == "" {
		return text
	}
	return style + text + reset
}

func (s *screen) erase() {
	if s.drawn > 0 {
		_, _ = fmt.Fprintf(s.out, cursor+clear, s.drawn)
		s.drawn = 0
	}
}

// draw cuts what does not fit, since a line that wraps or scrolls away could not be erased again.
func (s *screen) draw() {
	if len(s.table) == 0 {
		return
	}
	width, height := s.size()
	lines := s.table
	if room := height - 2; len(lines) > room {
		lines = lines[:max(0, room)]
	}
	_, _ = io.WriteString(s.out, noWrap)
	for _, line := range lines {
		_, _ = fmt.Fprintln(s.out, s.styled(dim, shorten(line, width-1)))
	}
	_, _ = io.WriteString(s.out, mayWrap)
	s.drawn = len(lines)
}

// shorten cuts a text to a number of characters and shows that it did.
func shorten(text string, limit int) string {
	if limit < 1 || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
