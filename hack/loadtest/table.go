package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// table writes the report for people: the machine's facts, a line for each figure, and what is worth knowing about them.
// Figures are compared with those of an earlier run, if there is one.
func (r *report) table(earlier *report) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Load test, profile %s, %s, took %s\n\n", r.Profile, r.Began.UTC().Format(time.DateTime+" UTC"), r.Duration)
	text.WriteString(r.Machine.String())
	if earlier != nil {
		fmt.Fprintf(&text, "previous   %s, commit %s\n", earlier.Began.UTC().Format(time.DateTime+" UTC"), earlier.Machine.Commit)
	}
	text.WriteByte('\n')
	text.WriteString(r.columns(earlier))
	text.WriteString(r.notes())
	if len(r.NotRun) > 0 {
		fmt.Fprintf(&text, "\nNot run: %s\n", strings.Join(r.NotRun, ", "))
	}
	return text.String()
}

func (r *report) columns(earlier *report) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ROW\tFIGURE\tVALUE\tUNIT\tBAR\tVERDICT\tPREVIOUS\tRATIO")
	for _, result := range r.Results {
		fmt.Fprintln(w, strings.Join(result.cells(earlier), "\t"))
	}
	_ = w.Flush() // a strings.Builder takes everything
	var trimmed strings.Builder
	for line := range strings.Lines(text.String()) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return trimmed.String()
}

// cells are those of a line: each figure has all of them, so that the columns stand below each other.
func (r result) cells(earlier *report) []string {
	f, _ := figureOf(r.ID)
	if r.Verdict == failed {
		return []string{r.row(), "could not be measured", "", "", "", string(failed), "", ""}
	}
	what := f.what
	if r.Case != "" {
		what += ", " + r.Case
	}
	before, ratio := "", ""
	if was, ok := earlier.value(r.ID, r.Case); ok {
		before = number(was)
		if was != 0 {
			ratio = fmt.Sprintf("%.2f", r.Value/was)
		}
	}
	return []string{r.row(), what, number(r.Value), f.unit, r.Bar, string(r.Verdict), before, ratio}
}

func (r *report) notes() string {
	var text strings.Builder
	for _, result := range r.Results {
		if result.Note == "" {
			continue
		}
		name := result.ID
		if result.Case != "" {
			name += " (" + result.Case + ")"
		}
		fmt.Fprintf(&text, "\n%s: %s", name, result.Note)
	}
	if text.Len() == 0 {
		return ""
	}
	return "\nNotes" + text.String() + "\n"
}

// list writes numbers of things in the order of their names.
func list[T comparable](numbers map[T]int) string {
	lines := make([]string, 0, len(numbers))
	for what, n := range numbers {
		lines = append(lines, fmt.Sprintf("%v: %d", what, n))
	}
	slices.Sort(lines)
	if len(lines) == 0 {
		return "none"
	}
	return strings.Join(lines, ", ")
}
