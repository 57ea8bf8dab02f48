package config

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
)

func parse(t *testing.T, arguments ...string) *Config {
	t.Helper()
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	c := Bind(flags)
	NewWithT(t).Expect(flags.Parse(arguments)).To(Succeed())
	return c
}

func TestTheDefaultsAreThoseOfTheDocumentation(t *testing.T) {
	g := NewWithT(t)
	c := parse(t)
	g.Expect(*c).To(Equal(Config{
		GraphLimits: "published", ReplicationWindow: 5 * time.Minute, MetricsBindAddress: "0", HealthProbeBindAddress: ":8081",
		OperatorNamespace: namespaceOf(namespaceFile),
	}))
	g.Expect(c.Validate()).To(Succeed())
}

func TestOnlyASimulatorOnThisMachineIsAccepted(t *testing.T) {
	cases := map[string]struct {
		arguments []string
		refused   string
	}{
		"loopback by address":         {[]string{"--graph-endpoint=http://127.0.0.1:8090"}, ""},
		"loopback by name":            {[]string{"--graph-endpoint=http://localhost:8090"}, ""},
		"with a login service":        {[]string{"--graph-endpoint=http://127.0.0.1:8090", "--authority-host=https://[::1]:8091"}, ""},
		"another host":                {[]string{"--graph-endpoint=https://graph.evil.example"}, "loopback"},
		"another host's name begins":  {[]string{"--graph-endpoint=http://localhost.evil.example"}, "loopback"},
		"another login service":       {[]string{"--authority-host=https://login.evil.example"}, "loopback"},
		"a login service without TLS": {[]string{"--authority-host=http://127.0.0.1:8091"}, "https"},
		"with the version":            {[]string{"--graph-endpoint=http://127.0.0.1:8090/v1.0"}, "version"},
		"no limits":                   {[]string{"--graph-endpoint=http://127.0.0.1:8090", "--graph-limits=none"}, ""},
		"no limits for Microsoft":     {[]string{"--graph-limits=none"}, "--graph-endpoint"},
		"unknown limits":              {[]string{"--graph-limits=high"}, "published or none"},
		"no window":                   {[]string{"--replication-window=0s"}, "--replication-window"},
		"no namespace":                {[]string{"--operator-namespace="}, "--operator-namespace"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			err := parse(t, c.arguments...).Validate()
			if c.refused == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(c.refused)))
		})
	}
}

func TestTheNamespaceIsThatOfThePod(t *testing.T) {
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "namespace")
	g.Expect(namespaceOf(file)).To(Equal("entra-guest-operator-system"))
	g.Expect(os.WriteFile(file, []byte("here\n"), 0o600)).To(Succeed())
	g.Expect(namespaceOf(file)).To(Equal("here"))
}

func TestTheManagerSeesItsOwnWritesAndOnlyItsOwnSecrets(t *testing.T) {
	g := NewWithT(t)
	options := parse(t, "--operator-namespace=here").Manager(runtime.NewScheme())
	g.Expect(options.Client.Cache.EnableReadYourWritesConsistency).To(HaveValue(BeTrue()))
	g.Expect(options.LeaderElection).To(BeFalse())
	g.Expect(options.LeaderElectionNamespace).To(Equal("here"))
	g.Expect(options.Metrics.BindAddress).To(Equal("0"))
	g.Expect(options.Controller.GroupKindConcurrency).To(HaveKeyWithValue("Guest.b2b.entraguests.dev", 128))
	g.Expect(options.Cache.ByObject).To(HaveLen(1))
	for _, secrets := range options.Cache.ByObject {
		g.Expect(secrets.Namespaces).To(HaveLen(1))
		g.Expect(secrets.Namespaces).To(HaveKey("here"))
	}
}

func TestMetricsAreServedOnlyWithAuthentication(t *testing.T) {
	g := NewWithT(t)
	options := parse(t, "--metrics-bind-address=:8443").Manager(runtime.NewScheme())
	g.Expect(options.Metrics.SecureServing).To(BeTrue())
	g.Expect(options.Metrics.FilterProvider).NotTo(BeNil())
}

func TestTheHelpNamesEveryFlagAndHowToBegin(t *testing.T) {
	g := NewWithT(t)
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	Bind(flags)
	var text bytes.Buffer
	flags.SetOutput(&text)
	Usage(flags)()
	flags.VisitAll(func(f *flag.Flag) { g.Expect(text.String()).To(ContainSubstring("-" + f.Name)) })
	g.Expect(text.String()).To(ContainSubstring("Examples:"))
}

func TestTheVersionOfTheLinkerIsShown(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Version("v1.2.3")).To(HavePrefix("entra-guest-operator v1.2.3"))
}
