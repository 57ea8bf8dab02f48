package graph_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const application = "22222222-0000-0000-0000-000000000001"

// loginTenant is a simulated tenant behind TLS whose login service knows one application.
func loginTenant(t *testing.T, options graphsim.Options) (*graphsim.Tenant, graph.Config) {
	t.Helper()
	g := NewWithT(t)
	options.ClientSecrets = map[string]string{application: "right"}
	tenant := graphsim.New(options)
	server, err := tenant.StartTLS("127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { server.Close() })
	roots := x509.NewCertPool()
	g.Expect(roots.AppendCertsFromPEM(server.CA)).To(BeTrue())
	return tenant, graph.Config{
		TenantID:      tenant.TenantID(),
		Credential:    graph.ClientSecret(application, "right"),
		Endpoint:      server.URL,
		AuthorityHost: server.URL,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true},
	}
}

func newClient(t *testing.T, config graph.Config) *graph.Client {
	t.Helper()
	client, err := graph.New(config)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return client
}

func TestAClientSecretGivesOneTokenForMany(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{})
	id := tenant.AddGuest("ada@partner.example", "Ada")
	client := newClient(t, config)
	for range 5 {
		_, err := client.GetUser(t.Context(), id)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(tenant.Ledger().TokensIssued).To(Equal(1))
	g.Expect(tenant.Ledger().UnknownPaths).To(BeEmpty())
}

func TestAWorkloadIdentityProvesItselfWithItsTokenFile(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{})
	file := filepath.Join(t.TempDir(), "token")
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	config.Credential = graph.WorkloadIdentity(application)
	client := newClient(t, config)

	_, err := client.Organization(t.Context())
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unauthenticated), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring(file)))

	g.Expect(os.WriteFile(file, []byte("header.payload.signature"), 0o600)).To(Succeed())
	_, err = client.Organization(t.Context())
	g.Expect(err).NotTo(HaveOccurred(), "it heals without a new client")
	g.Expect(tenant.Ledger().TokensIssued).To(Equal(1))
}

func TestAWrongSecretIsUnauthenticatedInStableWords(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{})
	config.Credential = graph.ClientSecret(application, "wrong-secret-value")
	client := newClient(t, config)
	_, first := client.Organization(t.Context())
	_, second := client.Invite(t.Context(), invitationTo("ada@partner.example"))
	for _, err := range []error{first, second} {
		g.Expect(directory.ClassOf(err)).To(Equal(directory.Unauthenticated))
		g.Expect(err.Error()).To(HavePrefix("invalid_client: AADSTS7000215: Invalid client secret provided."))
		g.Expect(err.Error()).NotTo(ContainSubstring("wrong-secret-value"))
		g.Expect(directory.RequestID(err)).NotTo(BeEmpty())
	}
	g.Expect(first.Error()).To(Equal(second.Error()), "a condition does not change each time")
	g.Expect(tenant.Ledger().Calls["GET /organization"]).To(BeZero())
	_, err := client.Permissions(t.Context())
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unauthenticated))
}

func TestALoginServiceThatFailsIsUnavailableAndShowsSoon(t *testing.T) {
	for name, effect := range map[string]graphsim.Effect{
		"500":     graphsim.InternalError(),
		"reset":   graphsim.ResetConnection(),
		"429":     graphsim.Throttle("60"),
		"garbage": graphsim.Respond(200, "application/json", `{"access_token":7}`),
		"HTML":    graphsim.Respond(200, "text/html", "<html>"),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, config := loginTenant(t, graphsim.Options{})
			tenant.Inject(graphsim.Fault{Path: "/{tenant}/oauth2/v2.0/token", Effect: effect})
			start := time.Now()
			_, err := newClient(t, config).Invite(t.Context(), invitationTo("ada@partner.example"))
			g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable), "%v", err)
			g.Expect(time.Since(start)).To(BeNumerically("<", 15*time.Second))
			g.Expect(tenant.Ledger().Calls["POST /invitations"]).To(BeZero())
		})
	}
}

func TestPermissionsAreReadFromTheToken(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{Permissions: []string{"User.Read.All"}})
	var offset atomic.Int64
	config.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	client := newClient(t, config)

	permissions, err := client.Permissions(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(permissions).To(Equal(directory.Permissions{Known: true, Granted: []string{"User.Read.All"}}))
	_, err = client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Denied), "%v", err)

	tenant.SetPermissions([]string{"User.Read.All", "User.Invite.All"})
	permissions, err = client.Permissions(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(permissions.Granted).To(HaveLen(1), "the token in use was issued before")
	g.Expect(tenant.Ledger().TokensIssued).To(Equal(1))

	offset.Store(int64(6 * time.Minute))
	permissions, err = client.Permissions(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(permissions.Granted).To(ConsistOf("User.Read.All", "User.Invite.All"))
	_, err = client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(err).NotTo(HaveOccurred(), "the requests use the new token too")
}

func TestAGrantIsSeenAfterARefusal(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{Permissions: []string{"User.Read.All"}})
	var offset atomic.Int64
	config.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	client := newClient(t, config)
	_, err := client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Denied))
	tenant.SetPermissions([]string{"User.Read.All", "User.Invite.All"})

	offset.Store(int64(2 * time.Minute))
	_, err = client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Denied), "sent with the token that it had")
	_, err = client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tenant.Ledger().TokensIssued).To(Equal(2))
}

func TestATokenThatCannotBeReplacedStaysInUse(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{})
	var offset atomic.Int64
	config.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	client := newClient(t, config)
	_, err := client.Organization(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	tenant.Inject(graphsim.Fault{Path: "/{tenant}/oauth2/v2.0/token", Effect: graphsim.ResetConnection()})
	offset.Store(int64(10 * time.Minute))
	_, err = client.Permissions(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	_, err = client.Organization(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
}

func TestAClaimsChallengeIsMetOnceWithANewToken(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{})
	claims := base64.StdEncoding.EncodeToString([]byte(`{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`))
	challenge := graphsim.RefuseWithHeader(401, "InvalidAuthenticationToken", "Continuous access evaluation resulted in challenge.",
		http.Header{"Www-Authenticate": {`Bearer realm="", authorization_uri="https://login.example/authorize", error="insufficient_claims", claims="` + claims + `"`}})
	client := newClient(t, config)

	tenant.Inject(graphsim.Fault{Method: http.MethodPost, Path: "/invitations", Times: 1, Effect: challenge})
	_, err := client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(err).NotTo(HaveOccurred())
	ledger := tenant.Ledger()
	g.Expect(ledger.TokensIssued).To(Equal(2))
	g.Expect(ledger.Calls["POST /invitations"]).To(Equal(2))
	g.Expect(ledger.Invitations["ada@partner.example"]).To(Equal(1))
	g.Expect(ledger.MailCount("ada@partner.example")).To(Equal(1))

	tenant.Inject(graphsim.Fault{Method: http.MethodPost, Path: "/invitations", Effect: challenge})
	tenant.ResetCounters()
	_, err = client.Invite(t.Context(), invitationTo("bob@partner.example"))
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unauthenticated))
	g.Expect(tenant.Ledger().Calls["POST /invitations"]).To(Equal(2), "once and not again")
}

func TestAnAuthorityWithAnUnknownCertificateIsUnavailable(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{})
	config.Transport = nil
	_, err := newClient(t, config).Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable))
	g.Expect(tenant.Ledger().Requests).To(BeZero())
}

func TestTheSecretGoesNowhereButToTheLoginService(t *testing.T) {
	canary, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { canary.Close() })
	var heard atomic.Int32
	go func() {
		for {
			connection, err := canary.Accept()
			if err != nil {
				return
			}
			heard.Add(1)
			connection.Close()
		}
	}()
	elsewhere := "https://" + canary.Addr().String() + "/token"
	for name, fault := range map[string]graphsim.Fault{
		"redirect": {Path: "/{tenant}/oauth2/v2.0/token", Effect: graphsim.RefuseWithHeader(307, "x", "x", http.Header{"Location": {elsewhere}})},
		"metadata": {Path: "/{tenant}/v2.0/.well-known/openid-configuration", Effect: graphsim.Respond(200, "application/json",
			`{"issuer":"https://sts.windows.net/x/","authorization_endpoint":"`+elsewhere+`","token_endpoint":"`+elsewhere+`"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, config := loginTenant(t, graphsim.Options{})
			tenant.Inject(fault)
			_, err := newClient(t, config).Organization(t.Context())
			g.Expect(err).To(HaveOccurred())
			g.Expect(err.Error()).NotTo(ContainSubstring("right"))
			g.Expect(heard.Load()).To(BeZero())
			g.Expect(tenant.Ledger().Calls["GET /organization"]).To(BeZero())
		})
	}
}

func TestAnUnreachableLoginServiceIsSaidInStableWords(t *testing.T) {
	g := NewWithT(t)
	tenant, config := loginTenant(t, graphsim.Options{})
	tenant.Outage(true)
	client := newClient(t, config)
	_, first := client.Organization(t.Context())
	_, second := client.Organization(t.Context())
	g.Expect(directory.ClassOf(first)).To(Equal(directory.Unavailable))
	g.Expect(first.Error()).To(Equal(second.Error()))
	g.Expect(first.Error()).To(HavePrefix("getting an access token: "))
	g.Expect(first.Error()).NotTo(ContainSubstring("\n"))
}
