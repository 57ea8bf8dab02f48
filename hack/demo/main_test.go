package main

import (
	"bytes"
	"testing"

	. "github.com/onsi/gomega"
)

func TestHelpSaysHowToRunItAndSucceeds(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(run(t.Context(), []string{"--help"}, &out)).To(Equal(0))
	g.Expect(out.String()).To(And(ContainSubstring("go run ./hack/demo --stay"), ContainSubstring("-listen")))
}

func TestWrongArgumentsStartNothing(t *testing.T) {
	for name, args := range map[string][]string{
		"an unknown flag":                      {"--fast"},
		"an argument":                          {"now"},
		"an address that others can reach":     {"--listen", "0.0.0.0:8090"},
		"a host name that may be anything":     {"--listen", "tenant.example:8090"},
		"an address without a port":            {"--listen", "127.0.0.1"},
		"every address, by leaving it away":    {"--listen", ":8090"},
		"an address of the network, with IPv6": {"--listen", "[2001:db8::1]:8090"},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(run(t.Context(), args, &bytes.Buffer{})).To(Equal(exitUsage))
		})
	}
}

func TestOnlyTheDefaultAddressMayBeReplacedByAFreeOne(t *testing.T) {
	g := NewWithT(t)
	byDefault, err := parse(nil, &bytes.Buffer{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(byDefault.listenAsked).To(BeFalse())
	asked, err := parse([]string{"--listen", "localhost:0"}, &bytes.Buffer{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(asked.listenAsked).To(BeTrue())
}
