package main

import (
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func exampleReport() *report {
	return &report{
		Machine: machine{CPU: "a processor", Cores: 2, Commit: "0123456789ab"}, Profile: "small",
		Began: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), Duration: "3m0s",
		Results: []result{
			{ID: "quota.wall", Value: 1.05, Note: "floor 425 s"},
			{ID: "quota.seconds", Value: 446.25},
			{ID: "steady.calls", Case: "1000 guests", Value: 1.5},
			{ID: "restart", Verdict: failed, Note: "no answer"},
		},
		NotRun: []string{"growth"},
	}
}

func TestAReportIsJudgedByTheRanges(t *testing.T) {
	g := NewWithT(t)
	limit := 1.1
	bars := ranges{everyProfile: {"quota.wall": {Max: &limit}, "steady.calls": {Max: &limit}}}
	r := exampleReport()
	r.judge(bars)
	g.Expect([]verdict{r.Results[0].Verdict, r.Results[1].Verdict, r.Results[2].Verdict, r.Results[3].Verdict}).
		To(Equal([]verdict{met, "", missed, failed}))
	g.Expect(r.passed()).To(BeFalse())
	r.Results = r.Results[:2]
	g.Expect(r.passed()).To(BeTrue())
	r.Results = []result{{ID: "restart", Verdict: failed}}
	g.Expect(r.passed()).To(BeFalse(), "a row that could not be measured has not passed")
}

func TestTheTableComparesWithAnEarlierRunAndHidesNothing(t *testing.T) {
	g := NewWithT(t)
	r, earlier := exampleReport(), exampleReport()
	earlier.Results[1].Value, earlier.Results[2].Case = 223.125, "10 guests"
	table := r.table(earlier)
	g.Expect(table).To(ContainSubstring("a processor, 2 cores"))
	g.Expect(table).To(MatchRegexp(`multiple of the floor that the quotas set +1.05 +x +1.05 +1.00\n`))
	g.Expect(table).To(MatchRegexp(`quota +wall time until all are Ready +446.2 +s +223.1 +2.00`))
	g.Expect(table).To(MatchRegexp(`steady .*, 1000 guests +1.5 +share\n`), "nothing to compare with")
	g.Expect(table).To(MatchRegexp(`restart +could not be measured +FAILED`))
	g.Expect(table).To(ContainSubstring("restart: no answer"))
	g.Expect(table).To(ContainSubstring("Not run: growth"))
}

func TestTheLastReportWithTheSameProfileAndRowsIsComparedWith(t *testing.T) {
	g := NewWithT(t)
	folder := t.TempDir()
	quota := []scenario{{name: "quota"}}
	none, err := previous(folder, "small", quota)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(none).To(BeNil())

	for day, profile := range map[int]string{1: "small", 2: "small", 3: "full"} {
		r := exampleReport()
		r.Began, r.Profile = time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC), profile
		path, err := r.save(folder, "the table\n")
		g.Expect(err).NotTo(HaveOccurred())
		text, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(text)).To(Equal("the table\n"))
	}
	last, err := previous(folder, "small", quota)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(last.Began.Day()).To(Equal(2))
	g.Expect(last.Results).To(Equal(exampleReport().Results))
	none, err = previous(folder, "small", []scenario{{name: "quota"}, {name: "growth"}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(none).To(BeNil(), "no run has measured growth")
}
