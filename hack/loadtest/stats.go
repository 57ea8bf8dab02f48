package main

import (
	"math"
	"slices"
	"time"
)

// percentile is the smallest of the values that at least a share p of them do not exceed; 0 for none. It sorts a copy.
func percentile(values []time.Duration, p float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// line is the straight line of least squares through some points.
type line struct {
	slope, intercept float64
	// deviation is the largest distance of a point from the line, as a share of the point's value.
	deviation float64
}

// fit needs two points with different xs at least.
func fit(xs, ys []float64) line {
	n := float64(len(xs))
	var sumX, sumY, sumXX, sumXY float64
	for i, x := range xs {
		sumX, sumY, sumXX, sumXY = sumX+x, sumY+ys[i], sumXX+x*x, sumXY+x*ys[i]
	}
	l := line{slope: (n*sumXY - sumX*sumY) / (n*sumXX - sumX*sumX)}
	l.intercept = (sumY - l.slope*sumX) / n
	for i, x := range xs {
		l.deviation = max(l.deviation, math.Abs(ys[i]-l.intercept-l.slope*x)/math.Abs(ys[i]))
	}
	return l
}

// share divides, and is 0 where there is nothing to divide by.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}
