package main

import "strings"

// figure is one that a row of the table has.
type figure struct{ name, what, unit string }

// rowFigures are those of a row.
type rowFigures struct {
	row string
	all []figure
}

// Units that more figures have.
const (
	asShare   = "share"
	inSeconds = "s"
)

// figures are all that a run can give, by row, in the order of the table.
var figures = []rowFigures{
	{"quota", []figure{
		{"wall", "wall time, as a multiple of the floor that the quotas set", "x"},
		{"seconds", "wall time until all are Ready", inSeconds},
		{"writes", "writes to the tenant, as a multiple of the least possible", "x"},
		{"throttled", "429s, as a share of all requests", asShare},
		{"early", "requests inside a Retry-After", ""},
		{"mails", "mails per invitation", "x"},
		{"most", "most mails to one address", ""},
	}},
	{"rate", []figure{
		{"share", "rate of the operator's run, as a share of the bare loop's", asShare},
		{"seconds", "wall time until all are Ready", inSeconds},
		{"loop", "wall time of the bare loop", inSeconds},
		{"perSecond", "Kubernetes writes a second, the user's creates among them", "1/s"},
		{"invitationWrites", "Kubernetes writes for an invitation and its Guest, beyond the user's create", ""},
		{"membershipWrites", "Kubernetes writes for a membership, beyond the user's create", ""},
	}},
	{"hundred", []figure{
		{"seconds", "until 100 invitations are Ready", inSeconds},
		{"calls", "calls for each invitation", ""},
		{"items", "items of $batch for each invitation", ""},
	}},
	{"removal", []figure{
		{"tenant", "until 100 members have left the group", inSeconds},
		{"objects", "until the 100 objects are gone", inSeconds},
	}},
	{"steady", []figure{
		{"calls", "calls an hour, as a share of what is allowed", asShare},
		{"perHour", "calls an hour at an interval of 60 s", "1/h"},
		{"kubernetes", "Kubernetes writes", ""},
	}},
	{"redemption", []figure{
		{"beyond", "from redemption to status beyond one interval, p99", inSeconds},
		{"p99", "from redemption to status, p99", inSeconds},
		{"p50", "from redemption to status, median", inSeconds},
	}},
	{"silent", []figure{
		{"max", "from redemption to status with a delta that is silent, longest", inSeconds},
	}},
	{"queue", []figure{
		{"p99", "from the object to the mail while others are queued, p99", inSeconds},
		{"p50", "from the object to the mail while others are queued, median", inSeconds},
	}},
	{"restart", []figure{
		{"reads", "Graph reads", ""},
		{"tenant", "writes to the tenant", ""},
		{"kubernetes", "Kubernetes writes", ""},
		{"ready", "until Ready again", inSeconds},
		{"news", "until a redemption of the time without the operator is in status", inSeconds},
	}},
	{"memory", []figure{
		{"rss", "resident memory", "MiB"},
		{"peak", "peak of the resident memory", "MiB"},
		{"empty", "resident memory before the first object", "MiB"},
		{"slope", "resident memory per object", "KiB"},
	}},
	{"growth", []figure{
		{"cpu", "deviation of CPU time from a straight line over the objects", asShare},
		{"memory", "deviation of resident memory from a straight line over the objects", asShare},
		{"cpuRatio", "CPU time per object added last, as a multiple of that per object added first", "x"},
		{"cpuPerObject", "CPU time per object", "ms"},
		{"memoryPerObject", "resident memory per object", "KiB"},
	}},
}

// figureOf finds a figure by its ID: the row's name, a dot, and its own.
func figureOf(id string) (figure, bool) {
	row, name, _ := strings.Cut(id, ".")
	for _, r := range figures {
		for _, f := range r.all {
			if r.row == row && f.name == name {
				return f, true
			}
		}
	}
	return figure{}, false
}
