package main

// measure is one figure of a row of the table.
type measure struct {
	row, name string
	what      string
	unit      string
}

func (m measure) id() string { return m.row + "." + m.name }

// measures are all figures that a run can give, in the order of the table.
var measures = []measure{
	{"quota", "wall", "wall time, as a multiple of the floor that the quotas set", "x"},
	{"quota", "seconds", "wall time until all are Ready", "s"},
	{"quota", "writes", "writes to the tenant, as a multiple of the least possible", "x"},
	{"quota", "throttled", "429s, as a share of all requests", "share"},
	{"quota", "early", "requests inside a Retry-After", ""},
	{"quota", "mails", "mails per invitation", "x"},
	{"quota", "most", "most mails to one address", ""},
	{"rate", "share", "rate of the operator's run, as a share of the bare loop's", "share"},
	{"rate", "seconds", "wall time until all are Ready", "s"},
	{"rate", "loop", "wall time of the bare loop", "s"},
	{"rate", "perSecond", "Kubernetes writes a second, the user's creates among them", "1/s"},
	{"rate", "invitationWrites", "Kubernetes writes for an invitation and its Guest, beyond the user's create", ""},
	{"rate", "membershipWrites", "Kubernetes writes for a membership, beyond the user's create", ""},
	{"hundred", "seconds", "until 100 invitations are Ready", "s"},
	{"hundred", "calls", "calls for each invitation", ""},
	{"hundred", "items", "items of $batch for each invitation", ""},
	{"removal", "tenant", "until 100 members have left the group", "s"},
	{"removal", "objects", "until the 100 objects are gone", "s"},
	{"steady", "calls", "calls an hour, as a share of what is allowed", "share"},
	{"steady", "perHour", "calls an hour at an interval of 60 s", "1/h"},
	{"steady", "kubernetes", "Kubernetes writes", ""},
	{"redemption", "beyond", "from redemption to status beyond one interval, p99", "s"},
	{"redemption", "p99", "from redemption to status, p99", "s"},
	{"redemption", "p50", "from redemption to status, median", "s"},
	{"silent", "max", "from redemption to status with a delta that is silent, longest", "s"},
	{"queue", "p99", "from the object to the mail while others are queued, p99", "s"},
	{"queue", "p50", "from the object to the mail while others are queued, median", "s"},
	{"restart", "reads", "Graph reads", ""},
	{"restart", "tenant", "writes to the tenant", ""},
	{"restart", "kubernetes", "Kubernetes writes", ""},
	{"restart", "ready", "until Ready again", "s"},
	{"restart", "news", "until a redemption of the time without the operator is in status", "s"},
	{"memory", "rss", "resident memory", "MiB"},
	{"memory", "peak", "peak of the resident memory", "MiB"},
	{"memory", "empty", "resident memory before the first object", "MiB"},
	{"memory", "slope", "resident memory per object", "KiB"},
	{"growth", "cpu", "deviation of CPU time from a straight line over the objects", "share"},
	{"growth", "memory", "deviation of resident memory from a straight line over the objects", "share"},
	{"growth", "cpuRatio", "CPU time per object added last, as a multiple of that per object added first", "x"},
	{"growth", "cpuPerObject", "CPU time per object", "ms"},
	{"growth", "memoryPerObject", "resident memory per object", "KiB"},
}

func measureOf(id string) (measure, bool) {
	for _, m := range measures {
		if m.id() == id {
			return m, true
		}
	}
	return measure{}, false
}
