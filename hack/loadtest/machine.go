package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine are the facts without which figures mean nothing.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	// Commit of the checkout, with a mark where it has been changed since.
	Commit string `json:"commit"`
	// Load is the machine's load average just before the run: it should be near nothing.
	Load string `json:"load"`
}

// unknown is a fact that this system does not tell.
const unknown = "unknown"

func lookAtMachine(ctx context.Context, root string) machine {
	return machine{
		CPU:    fact("/proc/cpuinfo", "model name"),
		Cores:  runtime.NumCPU(),
		Memory: fmt.Sprintf("%.1f GiB", kibibytes(fact("/proc/meminfo", "MemTotal"))/(1<<30)),
		Kernel: runtime.GOOS + " " + firstWords("/proc/sys/kernel/osrelease", 1) + " " + runtime.GOARCH,
		Go:     runtime.Version(),
		Commit: commit(ctx, root),
		Load:   firstWords("/proc/loadavg", 3),
	}
}

func (m machine) String() string {
	return fmt.Sprintf("cpu        %s, %d cores\nmemory     %s\nkernel     %s\ngo         %s\ncommit     %s\nload       %s\n",
		m.CPU, m.Cores, m.Memory, m.Kernel, m.Go, m.Commit, m.Load)
}

// fact is the value of a key in a file of lines "key: value".
func fact(file, key string) string {
	text, err := os.ReadFile(file) //nolint:gosec // one of the files above
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

func firstWords(file string, n int) string {
	text, err := os.ReadFile(file) //nolint:gosec // one of the files above
	if err != nil {
		return unknown
	}
	words := strings.Fields(string(text))
	return strings.Join(words[:min(n, len(words))], " ")
}

func commit(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
	cmd.Dir = root
	text, err := cmd.Output()
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(text))
}
