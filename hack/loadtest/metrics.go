package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// sample is a line of Prometheus' text format.
type sample struct {
	name   string
	labels map[string]string
	value  float64
}

// longestLine of metrics.
const longestLine = 1 << 20

// scanMetrics reads metrics in Prometheus' text format, without time stamps, one after the other.
func scanMetrics(text io.Reader, each func(sample)) error {
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		s, err := parseSample(line)
		if err != nil {
			return err
		}
		each(s)
	}
	return lines.Err()
}

func parseSample(line string) (sample, error) {
	end := strings.LastIndexByte(line, ' ')
	if end < 0 {
		return sample{}, fmt.Errorf("no metric: %q", line)
	}
	value, err := strconv.ParseFloat(line[end+1:], 64)
	if err != nil {
		return sample{}, fmt.Errorf("no metric: %q: %w", line, err)
	}
	name, rest, labelled := strings.Cut(line[:end], "{")
	s := sample{name: name, value: value}
	if !labelled {
		return s, nil
	}
	s.labels = map[string]string{}
	for rest != "" && rest[0] != '}' {
		key, quoted, _ := strings.Cut(rest, "=")
		text, err := strconv.QuotedPrefix(quoted)
		if err != nil {
			return sample{}, fmt.Errorf("no metric: %q: %w", line, err)
		}
		if s.labels[key], err = strconv.Unquote(text); err != nil {
			return sample{}, fmt.Errorf("no metric: %q: %w", line, err)
		}
		rest = strings.TrimPrefix(quoted[len(text):], ",")
	}
	return s, nil
}
