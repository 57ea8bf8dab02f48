package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// bar is what a figure must not fall below or exceed. Either side may be open.
type bar struct {
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// ranges are the bars by profile and figure. Those of the profile "all" hold for every profile that does not say otherwise.
type ranges map[string]map[string]bar

const everyProfile = "all"

// readRanges reads the range file. A name that no profile or figure has is an error: its bar would never be checked.
func readRanges(path string) (ranges, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, fmt.Errorf("reading the ranges: %w", err)
	}
	var r ranges
	if err := yaml.UnmarshalStrict(text, &r); err != nil {
		return nil, fmt.Errorf("reading the ranges of %s: %w", path, err)
	}
	for profile, bars := range r {
		if _, known := profiles[profile]; !known && profile != everyProfile {
			return nil, fmt.Errorf("reading the ranges of %s: there is no profile %q", path, profile)
		}
		for id := range bars {
			if _, known := figureOf(id); !known {
				return nil, fmt.Errorf("reading the ranges of %s: there is no figure %q", path, id)
			}
		}
	}
	return r, nil
}

func (r ranges) of(profile, id string) bar {
	if own, ok := r[profile][id]; ok {
		return own
	}
	return r[everyProfile][id]
}

func (b bar) set() bool { return b.Min != nil || b.Max != nil }

func (b bar) holds(value float64) bool {
	return (b.Min == nil || value >= *b.Min) && (b.Max == nil || value <= *b.Max)
}

func (b bar) String() string {
	switch {
	case b.Min != nil && b.Max != nil && *b.Min == *b.Max:
		return "= " + number(*b.Min)
	case b.Min != nil && b.Max != nil:
		return number(*b.Min) + " to " + number(*b.Max)
	case b.Min != nil:
		return ">= " + number(*b.Min)
	case b.Max != nil:
		return "<= " + number(*b.Max)
	}
	return ""
}

// number writes a figure with four digits and without zeros at the end, or all of a whole one.
func number(v float64) string {
	digits := 4
	for limit := 1.0; math.Abs(v) >= limit && digits > 0; limit *= 10 {
		digits--
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
