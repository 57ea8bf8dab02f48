package main

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestAPercentileIsOneOfTheValues(t *testing.T) {
	var values []time.Duration
	for i := 200; i > 0; i-- {
		values = append(values, time.Duration(i))
	}
	g := NewWithT(t)
	g.Expect(percentile(values, 0.99)).To(Equal(time.Duration(198)))
	g.Expect(percentile(values, 0.5)).To(Equal(time.Duration(100)))
	g.Expect(percentile(values, 1)).To(Equal(time.Duration(200)))
	g.Expect(percentile(values, 0)).To(Equal(time.Duration(1)))
	g.Expect(percentile(values[:5], 0.99)).To(Equal(time.Duration(200)), "few values: the largest")
	g.Expect(percentile(nil, 0.99)).To(BeZero())
	g.Expect(values[0]).To(Equal(time.Duration(200)), "the values keep their order")
}

func TestALineThroughPointsOnALineDoesNotDeviate(t *testing.T) {
	g := NewWithT(t)
	l := fit([]float64{100, 200, 400}, []float64{25, 45, 85})
	g.Expect(l.slope).To(BeNumerically("~", 0.2, 1e-9))
	g.Expect(l.intercept).To(BeNumerically("~", 5, 1e-9))
	g.Expect(l.deviation).To(BeNumerically("~", 0, 1e-9))
}

func TestGrowthWithTheSquareDeviatesFromALine(t *testing.T) {
	g := NewWithT(t)
	g.Expect(fit([]float64{1, 2, 4}, []float64{1, 4, 16}).deviation).To(BeNumerically(">", 0.25))
}
