package main

import (
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/duration"
)

// row is one object as kubectl get shows it.
type row struct {
	namespace, name string
	cells           []string // by column
	created         time.Time
	object          []byte // the object itself, in JSON
}

func (r row) key() string { return key(r.namespace, r.name) }

func key(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// sameAs tells whether two states of an object look the same, their age aside.
func (r row) sameAs(other row, columns []string) bool {
	if len(r.cells) != len(other.cells) {
		return false
	}
	for i := range r.cells {
		if r.cells[i] != other.cells[i] && columns[i] != ageColumn {
			return false
		}
	}
	return true
}

const (
	ageColumn = "AGE"
	nameWidth = 28 // enough for the names that people give; those of Guests are cut
	gap       = "   "
)

// fields are the texts of a row, with the object's full name in front and its age by now.
func (r row) fields(columns []string, now time.Time) []string {
	fields := []string{shorten(r.key(), nameWidth)}
	for i, cell := range r.cells {
		switch {
		case i == 0: // the name
		case columns[i] == ageColumn:
			fields = append(fields, duration.HumanDuration(now.Sub(r.created)))
		default:
			fields = append(fields, cell)
		}
	}
	return fields
}

// headings are those of a kind's table, with the kind in place of NAME.
func headings(kind string, columns []string) []string {
	if len(columns) == 0 {
		return nil
	}
	return append([]string{strings.ToUpper(kind)}, columns[1:]...)
}

// widths is how wide the columns of lines are, at least as wide as before.
func widths(before []int, lines ...[]string) []int {
	for _, fields := range lines {
		for i, field := range fields {
			if i == len(before) {
				before = append(before, 0)
			}
			before[i] = max(before[i], utf8.RuneCountInString(field))
		}
	}
	return before
}

// align makes a line of fields.
func align(fields []string, widths []int) string {
	var line strings.Builder
	for i, field := range fields {
		if i > 0 {
			line.WriteString(gap)
		}
		line.WriteString(field)
		line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(field)))
	}
	return strings.TrimRight(line.String(), " ")
}
