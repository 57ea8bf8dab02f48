package graphsim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const appID = "0f8fad5b-d9cb-469f-a165-70867728950e"

// overTLS serves the tenant with TLS and returns what azidentity needs to use it.
func overTLS(t *testing.T, tenant *graphsim.Tenant) (*graphsim.TLSServer, azcore.ClientOptions) {
	t.Helper()
	server, err := tenant.StartTLS("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server, azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: server.URL},
		Transport: trusting(server),
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
}

// trusting is a client that trusts the server's authority.
func trusting(server *graphsim.TLSServer) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.CA)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
}

func tokenOf(ctx context.Context, credential azcore.TokenCredential) (string, error) {
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	return token.Token, err
}

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not shaped like a JWT: %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestAzidentityGetsATokenForAClientSecret(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t, func(o *graphsim.Options) {
		*o = graphsim.Options{ClientSecrets: map[string]string{appID: "s3cret"}, Permissions: []string{"User.Read.All"}}
	})
	_, client := overTLS(t, tenant)
	options := &azidentity.ClientSecretCredentialOptions{ClientOptions: client, DisableInstanceDiscovery: true}

	credential, err := azidentity.NewClientSecretCredential(graphsim.DefaultTenantID, appID, "s3cret", options)
	g.Expect(err).NotTo(HaveOccurred())
	graph.token, err = tokenOf(t.Context(), credential)
	g.Expect(err).NotTo(HaveOccurred())
	claims := claimsOf(t, graph.token)
	g.Expect(claims).To(HaveKeyWithValue("aud", "https://graph.microsoft.com"))
	g.Expect(claims).To(HaveKeyWithValue("tid", graphsim.DefaultTenantID))
	g.Expect(claims).To(HaveKeyWithValue("appid", appID))
	g.Expect(claims).To(HaveKeyWithValue("roles", ConsistOf("User.Read.All")))
	g.Expect(graph.get("/v1.0/users").status).To(Equal(200))
	g.Expect(graph.get("/v1.0/groups").status).To(Equal(403))
	g.Expect(tenant.Ledger().TokensIssued).To(Equal(1))

	tenant.SetPermissions([]string{"User.Read.All", "GroupMember.Read.All"})
	g.Expect(graph.get("/v1.0/groups").status).To(Equal(403), "a token carries what was granted when it was issued")

	wrong, err := azidentity.NewClientSecretCredential(graphsim.DefaultTenantID, appID, "wrong", options)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = tokenOf(t.Context(), wrong)
	g.Expect(err).To(MatchError(ContainSubstring("AADSTS7000215")))
}

func TestAzidentityGetsATokenForAWorkloadIdentity(t *testing.T) {
	g := NewWithT(t)
	tenant, _ := newTenant(t)
	_, client := overTLS(t, tenant)
	file := filepath.Join(t.TempDir(), "token")
	g.Expect(os.WriteFile(file, []byte("aGVhZA.Ym9keQ.c2ln"), 0o600)).To(Succeed())
	credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: client, ClientID: appID, TenantID: graphsim.DefaultTenantID, TokenFilePath: file, DisableInstanceDiscovery: true,
	})
	g.Expect(err).NotTo(HaveOccurred())
	token, err := tokenOf(t.Context(), credential)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(claimsOf(t, token)).To(HaveKeyWithValue("appid", appID))
	g.Expect(claimsOf(t, token)).To(HaveKeyWithValue("roles", ContainElements("User.Invite.All", "GroupMember.ReadWrite.All")), "everything is granted")
}

func TestATokenForAnotherCloudIsRefused(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {"x"}, "scope": {"https://graph.microsoft.us/.default"}}
	graph.token = tokenForm(graph, graphsim.DefaultTenantID, form).text("access_token")
	g.Expect(graph.get("/v1.0/users").message()).To(ContainSubstring("Invalid audience"))
}

// tokenForm posts to the token endpoint.
func tokenForm(c client, tenantID string, form url.Values) response {
	return c.do("POST", "/"+tenantID+"/oauth2/v2.0/token", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
}

func TestTokenRequestsThatAreRefused(t *testing.T) {
	valid := func() url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {"s3cret"}, "scope": {"https://graph.microsoft.com/.default"}}
	}
	tests := []struct {
		name, tenantID string
		change         func(url.Values)
		status         int
		code           string
	}{
		{"an unknown tenant", "99999999-2222-3333-4444-555555555555", func(url.Values) {}, 400, "invalid_request"},
		{"another grant", graphsim.DefaultTenantID, func(f url.Values) { f.Set("grant_type", "password") }, 400, "unsupported_grant_type"},
		{"a scope of its own", graphsim.DefaultTenantID, func(f url.Values) { f.Set("scope", "User.Read") }, 400, "invalid_scope"},
		{"no client", graphsim.DefaultTenantID, func(f url.Values) { f.Del("client_id") }, 400, "invalid_request"},
		{"a wrong secret", graphsim.DefaultTenantID, func(f url.Values) { f.Set("client_secret", "x") }, 401, "invalid_client"},
		{"an unknown client", graphsim.DefaultTenantID, func(f url.Values) { f.Set("client_id", "x") }, 401, "invalid_client"},
		{"neither secret nor assertion", graphsim.DefaultTenantID, func(f url.Values) { f.Del("client_secret") }, 401, "invalid_client"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t, func(o *graphsim.Options) { o.ClientSecrets = map[string]string{appID: "s3cret"} })
			form := valid()
			test.change(form)
			answer := tokenForm(graph, test.tenantID, form)
			g.Expect(answer.status).To(Equal(test.status), answer.raw)
			g.Expect(answer.text("error")).To(Equal(test.code))
			g.Expect(answer.text("error_description")).To(HavePrefix("AADSTS"))
			g.Expect(tenant.Ledger().TokensIssued).To(BeZero())
			g.Expect(tokenForm(graph, graphsim.DefaultTenantID, valid()).status).To(Equal(200))
		})
	}
}

func TestATokenExpiresByTheTenantsClock(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, func(o *graphsim.Options) { *o = graphsim.Options{Now: clock.now} })
	tenant.SetTokenLifetime(5 * time.Minute)
	issued := tokenForm(graph, graphsim.DefaultTenantID, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {"x"}, "scope": {"https://graph.microsoft.com/.default"}})
	g.Expect(issued.body).To(HaveKeyWithValue("expires_in", float64(300)))
	graph.token = issued.text("access_token")
	g.Expect(graph.get("/v1.0/users").status).To(Equal(200))
	clock.advance(5 * time.Minute)
	expired := graph.get("/v1.0/users")
	g.Expect(expired.status).To(Equal(401))
	g.Expect(expired.message()).To(ContainSubstring("expired"))
}

func TestDiscoveryNamesTheTokenEndpoint(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	configuration := graph.get("/" + graphsim.DefaultTenantID + "/v2.0/.well-known/openid-configuration")
	g.Expect(configuration.text("token_endpoint")).To(Equal(graph.url + "/" + graphsim.DefaultTenantID + "/oauth2/v2.0/token"))
	instance := graph.get("/common/discovery/instance?authorization_endpoint=x")
	g.Expect(instance.text("tenant_discovery_endpoint")).To(HavePrefix(graph.url))
}

func TestTheTokenEndpointCanFailToo(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Inject(graphsim.Fault{Path: "/{tenant}/oauth2/v2.0/token", Effect: graphsim.Unavailable("")})
	g.Expect(tokenForm(graph, graphsim.DefaultTenantID, nil).status).To(Equal(503))
}
