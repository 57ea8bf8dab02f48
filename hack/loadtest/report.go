package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// report is what a run has found. It is kept as JSON, so that later runs can be compared with it.
type report struct {
	Machine  machine   `json:"machine"`
	Profile  string    `json:"profile"`
	Began    time.Time `json:"began"`
	Duration string    `json:"duration"`
	Results  []result  `json:"results"`
	// NotRun are the rows that were not asked for.
	NotRun []string `json:"notRun,omitempty"`
}

// result is a figure, or the failure to get one.
type result struct {
	// ID is that of the figure; of a failure the name of the row.
	ID string `json:"id"`
	// Case tells figures of the same ID apart, for example by size.
	Case    string  `json:"case,omitempty"`
	Value   float64 `json:"value"`
	Note    string  `json:"note,omitempty"`
	Bar     string  `json:"bar,omitempty"`
	Verdict verdict `json:"verdict,omitempty"`
}

// verdict is whether a bar was met; empty where there is none.
type verdict string

const (
	met    verdict = "met"
	missed verdict = "MISSED"
	failed verdict = "FAILED"
)

// judge holds the figures against the ranges.
func (r *report) judge(all ranges) {
	for i := range r.Results {
		result := &r.Results[i]
		b := all.of(r.Profile, result.ID)
		if result.Verdict == failed || !b.set() {
			continue
		}
		result.Bar, result.Verdict = b.String(), met
		if !b.holds(result.Value) {
			result.Verdict = missed
		}
	}
}

// passed tells whether no bar was missed and no row failed.
func (r *report) passed() bool {
	for _, result := range r.Results {
		if result.Verdict == missed || result.Verdict == failed {
			return false
		}
	}
	return true
}

// value finds a figure of an earlier run.
func (r *report) value(id, which string) (float64, bool) {
	if r == nil {
		return 0, false
	}
	for _, result := range r.Results {
		if result.ID == id && result.Case == which && result.Verdict != failed {
			return result.Value, true
		}
	}
	return 0, false
}

// stampLayout makes file names whose order is that of time.
const stampLayout = "20060102T150405Z"

// save writes the report as JSON and its table as text, and returns the path of the latter.
func (r *report) save(folder, table string) (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("saving the report: %w", err)
	}
	base := filepath.Join(folder, r.Began.UTC().Format(stampLayout)+"-"+r.Profile)
	err = errors.Join(
		os.MkdirAll(folder, 0o755), //nolint:gosec // nothing secret
		os.WriteFile(base+".json", append(text, '\n'), 0o644),
		os.WriteFile(base+".txt", []byte(table), 0o644))
	if err != nil {
		return "", fmt.Errorf("saving the report: %w", err)
	}
	return base + ".txt", nil
}

// previous reads the last report in a folder of a run with the same profile that measured all of these rows. There may be none.
func previous(folder, profile string, rows []scenario) (*report, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*-"+profile+".json")) // in the order of time
	if err != nil {
		return nil, fmt.Errorf("looking for the previous report: %w", err)
	}
	for _, file := range slices.Backward(files) {
		text, err := os.ReadFile(file) //nolint:gosec // one of ours
		if err != nil {
			return nil, fmt.Errorf("reading the previous report: %w", err)
		}
		var r report
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("reading the previous report %s: %w", file, err)
		}
		if !slices.ContainsFunc(rows, func(s scenario) bool { return slices.Contains(r.NotRun, s.name) }) {
			return &r, nil
		}
	}
	return nil, nil //nolint:nilnil // none is no error
}

// row is the part of a result's ID that names the row.
func (r result) row() string {
	row, _, _ := strings.Cut(r.ID, ".")
	return row
}
