package main

import (
	"context"
	"fmt"
)

// growth lets one operator's load grow in steps and looks at its CPU time and its memory after each, once all is calm.
func growth(ctx context.Context, b *bench) error {
	w, err := b.open(ctx, worldOptions{interval: quickInterval})
	if err != nil {
		return err
	}
	if w.empty == 0 {
		return errNoProc
	}
	var objects, cpu, resident []float64
	first, worked := 0, 0.0
	for _, n := range b.profile.growth {
		before := w.operator.cpu()
		if _, err := w.fill(ctx, first, n); err != nil {
			return err
		}
		first = n
		// The pauses between do not count: in them the operator only observes.
		worked += (w.operator.cpu() - before).Seconds()
		cpu = append(cpu, worked)
		if err := w.settle(ctx); err != nil {
			return err
		}
		resident = append(resident, w.operator.memory().resident)
		objects = append(objects, float64(n*(2+groups)))
	}
	for i, n := range objects {
		size := fmt.Sprintf("%.0f objects", n)
		b.recordCase("growth.cpuPerObject", size, 1000*cpu[i]/n, "")
		b.recordCase("growth.memoryPerObject", size, (resident[i]-w.empty)/n/kibibyte, "")
	}
	last := len(objects) - 1
	firstCost, lastCost := cpu[0]/objects[0], (cpu[last]-cpu[last-1])/(objects[last]-objects[last-1])
	b.record("growth.cpuRatio", share(lastCost, firstCost), "")
	b.record("growth.cpu", fit(objects, cpu).deviation, "")
	b.record("growth.memory", fit(objects, resident).deviation, "")
	return nil
}
