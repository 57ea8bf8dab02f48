// Command graphsim runs the simulated Entra tenant alone: Microsoft Graph, the
// token endpoint, and a web page with the guests' mailbox.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "graphsim:", err)
		os.Exit(1)
	}
}

type config struct {
	listen, tlsListen, caFile   string
	tenantID, name              string
	domains, secret, permission string
	seed                        bool
	randomSeed                  uint64
	requireToken                bool
	latency                     time.Duration
	lag                         graphsim.Lag
	quota                       string
	invitationsOutside          bool
	silentDelta                 bool
}

const usage = `graphsim is a simulated Entra tenant behind the HTTP API of Microsoft Graph.

    graphsim --listen 127.0.0.1:8090
    curl -H 'Authorization: Bearer any' http://127.0.0.1:8090/v1.0/users

Open the listen address in a browser to see the tenant and the guests' mailbox.
GET /sim/ledger shows what really happened, GET /sim/ledger/summary its totals.

The tenant is controlled at run time by JSON over POST:

    /sim/population      {"guests": 1000, "address": "guest%d@partner.example", "first": 0,
                         "pending": true, "groups": ["GROUP-ID"]}: many guests at once,
                         who have accepted unless pending, without a mail
    /sim/redemptions     {"guests": ["ADDRESS-OR-ID"]}: many guests accept at once
    /sim/admin/groups    {"id": "GROUP-ID", "displayName": "Partners"}: a group
    /sim/admin/servicePrincipals
                         {"displayName": "Project Wiki", "appRoles": [{"value": "Reader"}]}:
                         an application; without appRoles it gives default access
    /sim/signups         {"address": "ADDRESS"}: a guest comes by self-service sign-up
    /sim/settings        {"latency": "100ms", "quota": "L", "silentDelta": true,
                         "invitationsOutsideWriteQuota": true, "entitlementGrantWording": true,
                         "defaultAccessAlways": true, "memberAsGuest": true}: each may be left out
    /sim/ledger/reset    empties the ledger

What another administrator does to what is there already (DELETE and PATCH are methods):

    POST /sim/admin/users/ID/disable, enable, restore       DELETE /sim/admin/users/ID
    PATCH /sim/admin/users/ID {"companyName": null}         the profile, by Graph's names
    POST or DELETE /sim/admin/users/ID/sponsors/ID          and /sim/admin/groups/ID/members/ID
    POST /sim/admin/servicePrincipals/ID/assignments        {"principalId": "ID", "role": "Reader"}
    DELETE /sim/admin/assignments/ID

Flags:
`

func parse(args []string, out io.Writer) (*config, error) {
	c := &config{}
	flags := flag.NewFlagSet("graphsim", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = io.WriteString(out, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&c.listen, "listen", "127.0.0.1:8090", "address to serve Graph and the web page on, without TLS")
	flags.StringVar(&c.tlsListen, "tls-listen", "",
		"address to serve the same on with TLS, for client libraries that insist on it for the token endpoint; empty is off")
	flags.StringVar(&c.caFile, "ca-file", "", "file to write the certificate authority of --tls-listen to, in PEM")
	flags.StringVar(&c.tenantID, "tenant-id", graphsim.DefaultTenantID, "id of the tenant")
	flags.StringVar(&c.name, "organization", "Contoso", "display name of the organisation")
	flags.StringVar(&c.domains, "verified-domains", "contoso.example", "the tenant's own domains, separated by commas; their addresses cannot be invited")
	flags.StringVar(&c.secret, "client-secret", "", "the only application and secret to accept, as client-id:secret; empty accepts all")
	flags.StringVar(&c.permission, "permissions", "", "application permissions granted, separated by commas; empty grants all")
	flags.BoolVar(&c.requireToken, "require-token", false, "accept only tokens that this tenant has issued")
	flags.BoolVar(&c.seed, "seed-data", true, "start with a few employees, a group of every kind, two applications and a guest")
	flags.Uint64Var(&c.randomSeed, "seed", 0, "seed of ids and tickets; 0 takes a new one each time")
	flags.DurationVar(&c.latency, "latency", 0, "delay of every call")
	flags.DurationVar(&c.lag.Reads.Delay, "replication-lag", 0, "time until a new user shows in reads")
	flags.DurationVar(&c.lag.Writes.Delay, "write-replication-lag", 0, "time until a new user can be written and added to groups")
	flags.DurationVar(&c.lag.Deletions.Delay, "deletion-lag", 0, "time for which a deleted user still shows")
	flags.DurationVar(&c.lag.Restores.Delay, "restore-lag", 0, "time until a restored user shows and can be written")
	flags.DurationVar(&c.lag.Assignments.Delay, "assignment-lag", 0, "time until a new app role assignment shows")
	flags.DurationVar(&c.lag.Members.Delay, "member-lag", 0, "time until a new member shows")
	flags.DurationVar(&c.lag.Removals.Delay, "removal-lag", 0, "time for which a removed member still shows")
	flags.StringVar(&c.quota, "quota", "none",
		"published limits to throttle by, for a tenant of a size: S (under 50 users), M (up to 500), L, or none")
	flags.BoolVar(&c.invitationsOutside, "invitations-outside-write-quota", false,
		"count invitations against their own limit only, not as writes and resource units")
	flags.BoolVar(&c.silentDelta, "silent-delta", false, "delta queries say nothing of externalUserState")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return c, nil
}

func (c *config) options() (graphsim.Options, error) {
	options := graphsim.Options{
		TenantID: c.tenantID, DisplayName: c.name, VerifiedDomains: strings.FieldsFunc(c.domains, func(r rune) bool { return r == ',' }),
		AcceptAnyToken: !c.requireToken, Seed: c.randomSeed, Latency: c.latency, Lag: c.lag,
	}
	quota, err := graphsim.QuotaOf(c.quota)
	if err != nil {
		return options, fmt.Errorf("--quota: %w", err)
	}
	options.Quota = quota
	options.Quota.InvitationsOutside = c.invitationsOutside
	if c.permission != "" {
		options.Permissions = strings.Split(c.permission, ",")
	}
	if c.secret != "" {
		id, secret, ok := strings.Cut(c.secret, ":")
		if !ok {
			return options, errors.New("--client-secret must be client-id:secret")
		}
		options.ClientSecrets = map[string]string{id: secret}
	}
	return options, nil
}

// run serves until ctx is done.
func run(ctx context.Context, args []string, out io.Writer) error {
	c, err := parse(args, out)
	if err != nil {
		return err
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	tenant := graphsim.New(options)
	tenant.Configure(func(b *graphsim.Behaviour) { b.SilentDelta = c.silentDelta })
	if c.seed {
		graphsim.Seed(tenant)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: tenant.Handler(), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	defer server.Close()

	url := "http://" + listener.Addr().String()
	fmt.Fprintf(out, "Tenant   %s\nPage     %s/\nMailbox  %s/mailbox\nGraph    %s/v1.0\nLedger   %s/sim/ledger\n", c.tenantID, url, url, url, url)
	if c.tlsListen != "" {
		secure, err := c.serveTLS(tenant, out)
		if err != nil {
			return err
		}
		defer secure.Close()
	}
	fmt.Fprintln(out, "Press Ctrl-C to stop.")
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
		fmt.Fprintln(out, "Stopped.")
		return nil
	}
}

func (c *config) serveTLS(tenant *graphsim.Tenant, out io.Writer) (*graphsim.TLSServer, error) {
	secure, err := tenant.StartTLS(c.tlsListen)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "Login    %s/%s\n", secure.URL, c.tenantID)
	if c.caFile == "" {
		return secure, nil
	}
	if err := os.WriteFile(c.caFile, secure.CA, 0o644); err != nil {
		_ = secure.Close()
		return nil, fmt.Errorf("writing the CA file: %w", err)
	}
	fmt.Fprintf(out, "CA       %s\n", c.caFile)
	return secure, nil
}
