package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Credential is how the operator proves to a tenant who it is. The zero value is none.
type Credential struct {
	// create makes a credential whose token cache is empty.
	create func(tenantID string, options azcore.ClientOptions, simulated bool) (azcore.TokenCredential, error)
	static string
}

// ClientSecret is an application's id and one of its secrets.
func ClientSecret(clientID, secret string) Credential {
	return Credential{create: func(tenantID string, options azcore.ClientOptions, simulated bool) (azcore.TokenCredential, error) {
		return azidentity.NewClientSecretCredential(tenantID, clientID, secret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions:            options,
			DisableInstanceDiscovery: simulated,
		})
	}}
}

// WorkloadIdentity is an application that trusts the pod's service account. The token file is the one that
// AZURE_FEDERATED_TOKEN_FILE names; New fails where the variable is not set.
func WorkloadIdentity(clientID string) Credential {
	return Credential{create: func(tenantID string, options azcore.ClientOptions, simulated bool) (azcore.TokenCredential, error) {
		file := os.Getenv("AZURE_FEDERATED_TOKEN_FILE")
		if file == "" {
			return nil, errors.New("AZURE_FEDERATED_TOKEN_FILE is not set: the pod has no federated token for workload identity")
		}
		credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions:            options,
			ClientID:                 clientID,
			TenantID:                 tenantID,
			TokenFilePath:            file,
			DisableInstanceDiscovery: simulated,
		})
		return &fileCredential{TokenCredential: credential, file: file}, err
	}}
}

// fileCredential tells a token file that cannot be read from a login service that cannot be reached: the SDK's error has only
// a text for both.
type fileCredential struct {
	azcore.TokenCredential
	file string
}

// GetToken gives a token, or the *fs.PathError that concerns the file.
func (c *fileCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.TokenCredential.GetToken(ctx, options)
	if err != nil {
		if _, unreadable := os.ReadFile(c.file); unreadable != nil {
			return azcore.AccessToken{}, fmt.Errorf("reading federated token: %w", unreadable)
		}
	}
	return token, err
}

// StaticToken is a token that the caller got elsewhere, for a simulator. Nothing is known of its permissions.
func StaticToken(token string) Credential { return Credential{static: token} }

// A token takes two or three requests. Each is tried twice, so that an unreachable login service shows within tokenTimeout.
const (
	tokenTimeout    = 20 * time.Second
	loginTryTimeout = 8 * time.Second
	loginRetryDelay = 500 * time.Millisecond
)

func loginOptions(where site, transport http.RoundTripper) azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: where.authority},
		Retry: policy.RetryOptions{
			MaxRetries:    1,
			TryTimeout:    loginTryTimeout,
			RetryDelay:    loginRetryDelay,
			MaxRetryDelay: loginTryTimeout,
		},
		Transport: &loginTransport{
			hosts:  where.loginHosts,
			client: &http.Client{Transport: transport, CheckRedirect: refuseRedirect},
		},
	}
}

// loginTransport keeps credentials from going anywhere but to the login service of the tenant's cloud.
type loginTransport struct {
	hosts  []string
	client *http.Client
}

// Do sends the request unless it goes to another host.
func (t *loginTransport) Do(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" || !slices.Contains(t.hosts, request.URL.Host) {
		return nil, fmt.Errorf("%w: %s://%s is not the login service of the tenant's cloud", errForeignHost, request.URL.Scheme, request.URL.Host)
	}
	response, err := t.client.Do(request) //nolint:gosec // the host is one of the login service, checked above
	if err != nil {
		return nil, &networkError{request.URL.Host, err}
	}
	return response, nil
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
