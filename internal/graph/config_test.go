package graph

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestASimulatorMustBeOnThisMachine(t *testing.T) {
	for _, endpoint := range []string{
		"http://graph.microsoft.com", "https://example.com", "http://10.0.0.1:8090", "http://127.0.0.1.example.com", "http://localhost.example.com",
		"http://127.0.0.1@example.com", "http://user@127.0.0.1:8090", "ftp://127.0.0.1", "127.0.0.1:8090", "http://127.0.0.1:8090/v1.0",
		"http://127.0.0.1:8090?x=y", "http://127.0.0.1:8090#x", "http://0.0.0.0:8090", "http://[::]:8090", "http://", "http://%zz",
	} {
		_, err := New(Config{TenantID: tenantID, Endpoint: endpoint, Credential: StaticToken("x")})
		NewWithT(t).Expect(err).To(MatchError(HavePrefix("graph endpoint: ")), endpoint)
		_, err = New(Config{TenantID: tenantID, AuthorityHost: endpoint, Credential: StaticToken("x")})
		NewWithT(t).Expect(err).To(MatchError(HavePrefix("authority host: ")), endpoint)
	}
	for _, endpoint := range []string{"http://127.0.0.1:8090", "http://127.0.0.1:8090/", "https://localhost:8443", "http://[::1]:8090", "http://127.1.2.3"} {
		_, err := New(Config{TenantID: tenantID, Endpoint: endpoint, Credential: StaticToken("x")})
		NewWithT(t).Expect(err).NotTo(HaveOccurred(), endpoint)
	}
}

func TestAnAuthorityHostMustBeHTTPS(t *testing.T) {
	_, err := New(Config{TenantID: tenantID, AuthorityHost: "http://127.0.0.1:8091", Credential: StaticToken("x")})
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("must be an https URL")))
}

func TestEachCloudHasItsHostsAndScope(t *testing.T) {
	for cloud, want := range map[Cloud][3]string{
		"":              {"https://graph.microsoft.com", "https://login.microsoftonline.com", "https://graph.microsoft.com/.default"},
		Global:          {"https://graph.microsoft.com", "https://login.microsoftonline.com", "https://graph.microsoft.com/.default"},
		USGovernment:    {"https://graph.microsoft.us", "https://login.microsoftonline.us", "https://graph.microsoft.us/.default"},
		USGovernmentDoD: {"https://dod-graph.microsoft.us", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us/.default"},
		China:           {"https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/.default"},
	} {
		g := NewWithT(t)
		where, err := Config{Cloud: cloud}.site()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect([3]string{where.graph.String(), where.authority, where.scope}).To(Equal(want))
		g.Expect(where.static).To(BeFalse())
		g.Expect(where.loginHosts).To(ContainElement("login.microsoftonline.com"))

		client, err := New(Config{TenantID: tenantID, Cloud: cloud, Credential: ClientSecret("app", "secret")})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(client.base).To(Equal(want[0] + "/v1.0"))
	}
	_, err := New(Config{TenantID: tenantID, Cloud: "Germany", Credential: StaticToken("x")})
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring(`unknown cloud "Germany"`)))
}

func TestATenantIDMustBeAGUID(t *testing.T) {
	for _, id := range []string{"", "common", "contoso.onmicrosoft.com", tenantID + "/..", "../" + tenantID} {
		_, err := New(Config{TenantID: id, Credential: StaticToken("x")})
		NewWithT(t).Expect(err).To(HaveOccurred(), id)
	}
}

func TestAMissingCredentialIsUnauthenticated(t *testing.T) {
	g := NewWithT(t)
	_, err := New(Config{TenantID: tenantID})
	g.Expect(directory.Is(err, directory.Unauthenticated)).To(BeTrue())

	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", "")
	_, err = New(Config{TenantID: tenantID, Credential: WorkloadIdentity("app")})
	g.Expect(directory.Is(err, directory.Unauthenticated)).To(BeTrue())
	g.Expect(err).To(MatchError(ContainSubstring("AZURE_FEDERATED_TOKEN_FILE")))
}

func TestAPlainSimulatorNeedsNoCredential(t *testing.T) {
	g := NewWithT(t)
	client, err := New(Config{TenantID: tenantID, Endpoint: "http://127.0.0.1:8090"})
	g.Expect(err).NotTo(HaveOccurred())
	permissions, err := client.Permissions(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(permissions).To(Equal(directory.Permissions{}))
}
