package config

import (
	"flag"
	"fmt"
	"runtime/debug"
)

const introduction = `Entra Guest Operator: manages the guests (B2B users) of Microsoft Entra tenants by Kubernetes objects.

It takes the kubeconfig that --kubeconfig or KUBECONFIG names, else the service account of its pod.

Examples:
  In a cluster, as the installation runs it:
    entra-guest-operator --leader-elect --metrics-bind-address=:8443

  Against a simulated tenant on this machine, without any credential:
    go run ./hack/graphsim --listen 127.0.0.1:8090 &
    entra-guest-operator --graph-endpoint=http://127.0.0.1:8090 --replication-window=10s

Flags:
`

// Usage gives the text of --help.
func Usage(flags *flag.FlagSet) func() {
	return func() {
		_, _ = fmt.Fprint(flags.Output(), introduction)
		flags.PrintDefaults()
	}
}

// Version is the version that the linker was given, else that of the module; and the commit, where it was built from a checkout.
func Version(linked string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "entra-guest-operator " + linked
	}
	version := info.Main.Version
	if linked != "" {
		version = linked
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			version += " " + setting.Value
		}
	}
	return fmt.Sprintf("entra-guest-operator %s %s", version, info.GoVersion)
}
