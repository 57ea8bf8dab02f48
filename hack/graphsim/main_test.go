package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
)

func TestItServesUntilStoppedAndSaysWhere(t *testing.T) {
	g := NewWithT(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := gbytes.NewBuffer()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	finished := make(chan error, 1)
	go func() {
		finished <- run(ctx, []string{"--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--ca-file", ca}, out)
	}()
	g.Eventually(out, 10*time.Second).Should(gbytes.Say("Press Ctrl-C to stop."))
	page := regexp.MustCompile(`Mailbox  (http://\S+)`).FindSubmatch(out.Contents())
	g.Expect(page).To(HaveLen(2))
	answer, err := http.Get(string(page[1]))
	g.Expect(err).NotTo(HaveOccurred())
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.StatusCode).To(Equal(http.StatusOK))
	g.Expect(string(body)).To(ContainSubstring("Mailbox"))
	pem, err := os.ReadFile(ca)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(pem)).To(HavePrefix("-----BEGIN CERTIFICATE-----"))
	stop()
	g.Eventually(finished, 10*time.Second).Should(Receive(BeNil()))
}

func TestMistakesOnTheCommandLine(t *testing.T) {
	for name, args := range map[string][]string{
		"an argument that is no flag":     {"serve"},
		"a secret without an id":          {"--client-secret", "x"},
		"a quota of no size":              {"--quota", "XL"},
		"an address that is none":         {"--listen", "nowhere"},
		"an address for TLS that is none": {"--listen", "127.0.0.1:0", "--tls-listen", "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(run(t.Context(), args, io.Discard)).NotTo(Succeed())
		})
	}
}

func TestHelpExplainsHowToUseIt(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	_, err := parse([]string{"--help"}, &out)
	g.Expect(err).To(HaveOccurred())
	for _, part := range []string{
		"curl", "/sim/ledger", "-listen", "-replication-lag", "-tls-listen", "-quota", "-silent-delta", "/sim/population", "/sim/settings",
		"-restore-lag", "/sim/admin/servicePrincipals", "/sim/signups", "/sponsors/", "/sim/admin/assignments/",
	} {
		g.Expect(out.String()).To(ContainSubstring(part))
	}
}
