package main

import (
	"encoding/json"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const printed = `{
  "columnDefinitions": [
    {"name": "Name"}, {"name": "Email"}, {"name": "Ready"}, {"name": "Age"}, {"name": "Message", "priority": 1}],
  "rows": [{
    "cells": ["ada", "ada@partner.example", null, "3s", "long"],
    "object": {"metadata": {"name": "ada", "namespace": "project-42", "creationTimestamp": "2026-01-02T03:04:05Z"},
      "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Throttled", "message": "slow"}]}}}]}`

func tableOf(t *testing.T, text string) *metav1.Table {
	t.Helper()
	table := &metav1.Table{}
	if err := json.Unmarshal([]byte(text), table); err != nil {
		t.Fatal(err)
	}
	return table
}

func TestRowsAreWhatKubectlGetShowsWithoutTheWideColumns(t *testing.T) {
	g := NewWithT(t)
	rows := map[string]row{}
	columns, err := readTable(tableOf(t, printed), nil, rows)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(columns).To(Equal([]string{"NAME", "EMAIL", "READY", "AGE"}))
	ada := rows["project-42/ada"]
	g.Expect(ada.cells).To(Equal([]string{"ada", "ada@partner.example", "-", "3s"}))
	minuteLater := time.Date(2026, 1, 2, 3, 5, 5, 0, time.UTC)
	g.Expect(ada.fields(columns, minuteLater)).To(Equal([]string{"project-42/ada", "ada@partner.example", "-", "60s"}))
}

func TestARowOfAWatchHasTheColumnsOfTheList(t *testing.T) {
	g := NewWithT(t)
	rows := map[string]row{}
	event := tableOf(t, printed)
	event.ColumnDefinitions = nil
	_, err := readTable(event, []string{"NAME", "EMAIL"}, rows)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(rows["project-42/ada"].cells).To(HaveLen(2))
}

func TestOnlyTheAgeOfAnObjectPassesUnnoticed(t *testing.T) {
	g := NewWithT(t)
	columns := []string{"NAME", "READY", "AGE"}
	before := row{cells: []string{"ada", "False", "3s"}}
	g.Expect(before.sameAs(row{cells: []string{"ada", "False", "9s"}}, columns)).To(BeTrue())
	g.Expect(before.sameAs(row{cells: []string{"ada", "True", "3s"}}, columns)).To(BeFalse())
}

func TestColumnsAreAlignedWhateverTheAlphabet(t *testing.T) {
	g := NewWithT(t)
	lines := [][]string{{"NAME", "READY"}, {"zoë", "True"}}
	width := widths(nil, lines...)
	g.Expect(align(lines[0], width)).To(Equal("NAME   READY"))
	g.Expect(align(lines[1], width)).To(Equal("zoë    True"))
}
