package main

import (
	"bytes"
	"testing"

	. "github.com/onsi/gomega"
)

func TestAPipeGetsALinePerChangeAndNoEscapeSequences(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	s := newScreen(&out)
	s.title("A title")
	s.show([]string{"a table"})
	s.changed("ada True")
	s.good("it happened")
	g.Expect(out.String()).To(Equal("\n==> A title\n    ada True\n ok it happened\n"))
}

func TestATerminalRedrawsTheTableBelowTheStory(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	s := &screen{out: &out, terminal: true, size: func() (int, int) { return 80, 24 }}
	s.show([]string{"first", "table"})
	s.changed("no line, for the table shows it")
	out.Reset()
	s.say("hello")
	g.Expect(out.String()).To(Equal("\x1b[2A\r\x1b[J    hello\n\x1b[?7lfirst\ntable\n\x1b[?7h"))
	out.Reset()
	s.freeze()
	s.say("below")
	g.Expect(out.String()).To(Equal("    below\n"))
}

func TestATableIsCutToTheTerminalSoThatItCanBeErased(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	s := &screen{out: &out, terminal: true, size: func() (int, int) { return 10, 4 }}
	s.show([]string{"0123456789abc", "two", "three", "four"})
	g.Expect(out.String()).To(Equal("\x1b[?7l01234567…\ntwo\n\x1b[?7h"))
	g.Expect(s.drawn).To(Equal(2))
}
