package graph

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Cloud is one of Microsoft's separate clouds. A tenant lives in exactly one.
// https://learn.microsoft.com/graph/deployments
type Cloud string

// The clouds of Microsoft Graph.
const (
	// Global is the worldwide cloud, GCC included.
	Global Cloud = "Global"
	// USGovernment is US Government L4 (GCC High).
	USGovernment Cloud = "USGovernment"
	// USGovernmentDoD is US Government L5 (DoD).
	USGovernmentDoD Cloud = "USGovernmentDoD"
	// China is operated by 21Vianet.
	China Cloud = "China"
)

// version is the only version of the API that this package speaks.
const version = "/v1.0"

// site is where the requests of one client may go, and nowhere else.
type site struct {
	graph *url.URL
	// scope is what the access token is asked for.
	scope string
	// authority is the login service; loginHosts are all the hosts that it answers under.
	authority  string
	loginHosts []string
	// static is true where nobody checks the token.
	static bool
	// simulated is true where the authority is not one of Microsoft's.
	simulated bool
}

func (c Cloud) site() (site, error) {
	switch c {
	case Global, "":
		return microsoft("graph.microsoft.com", "login.microsoftonline.com"), nil
	case USGovernment:
		return microsoft("graph.microsoft.us", "login.microsoftonline.us"), nil
	case USGovernmentDoD:
		return microsoft("dod-graph.microsoft.us", "login.microsoftonline.us"), nil
	case China:
		return microsoft("microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn", "login.partner.microsoftonline.cn"), nil
	}
	return site{}, fmt.Errorf("unknown cloud %q", string(c))
}

func microsoft(graphHost string, loginHosts ...string) site {
	graph := &url.URL{Scheme: "https", Host: graphHost}
	return site{
		graph:     graph,
		scope:     graph.String() + "/.default",
		authority: "https://" + loginHosts[0],
		// The login service of the global cloud also tells about the other clouds.
		loginHosts: append(loginHosts, "login.microsoftonline.com"),
	}
}

// site of the tenant's cloud, or of the simulator that the endpoint and the authority name.
func (c Config) site() (site, error) {
	s, err := c.Cloud.site()
	if err != nil {
		return site{}, err
	}
	if c.AuthorityHost != "" {
		authority, err := loopback(c.AuthorityHost)
		if err != nil {
			return site{}, fmt.Errorf("authority host: %w", err)
		}
		if authority.Scheme != "https" {
			return site{}, errors.New("authority host: must be an https URL")
		}
		s.authority, s.loginHosts, s.simulated = authority.String(), []string{authority.Host}, true
	}
	if c.Endpoint != "" {
		endpoint, err := loopback(c.Endpoint)
		if err != nil {
			return site{}, fmt.Errorf("graph endpoint: %w", err)
		}
		s.graph = endpoint
		s.static = endpoint.Scheme == "http" && c.AuthorityHost == ""
	}
	return s, nil
}

// loopback accepts only a simulator on this machine: a URL from a flag must not be able to carry a token away.
func loopback(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must be an http or https URL such as http://127.0.0.1:8090")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, errors.New("must be scheme, host and port only, without a path or a version")
	case !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("%q is not a loopback address: only a simulator on this machine may stand in for Microsoft's clouds", u.Hostname())
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
