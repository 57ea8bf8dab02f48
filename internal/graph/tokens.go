package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/sync/singleflight"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// A token lists the permissions that were granted before it was issued, and lives for an hour or, with continuous access
// evaluation, for a day. So that a permission granted meanwhile is seen without a restart, a token that was refused or whose
// permissions are asked for is replaced when it is older than this.
const (
	renewRefusedAfter  = time.Minute
	renewForPermission = 5 * time.Minute
)

// tokenSource gives access tokens for Graph. Its errors are of type *directory.Error.
type tokenSource interface {
	// token gives a valid token; claims is what a challenge asked for, "" without one.
	token(ctx context.Context, claims string) (string, error)
	// renew has the next token be a new one, if the present one is older than age.
	renew(age time.Duration)
	// permissions reads what a token grants.
	permissions(token string) directory.Permissions
}

func newTokenSource(config Config, where site) (tokenSource, error) {
	switch {
	case where.static:
		return staticToken("simulator"), nil
	case config.Credential.static != "":
		return staticToken(config.Credential.static), nil
	case config.Credential.create == nil:
		return nil, &directory.Error{Class: directory.Unauthenticated, Err: errors.New("no credential")}
	}
	create := func() (azcore.TokenCredential, error) {
		return config.Credential.create(config.TenantID, loginOptions(where, config.Transport), where.simulated)
	}
	credential, err := create()
	if err != nil {
		return nil, &directory.Error{Class: directory.Unauthenticated, Err: err}
	}
	return &credentialTokens{create: create, scope: where.scope, now: config.Now, credential: credential, created: config.Now()}, nil
}

type staticToken string

func (t staticToken) token(context.Context, string) (string, error) { return string(t), nil }

func (staticToken) renew(time.Duration) {}

func (staticToken) permissions(string) directory.Permissions { return directory.Permissions{} }

// credentialTokens asks the login service. The tokens are in the memory of the credential and nowhere else.
type credentialTokens struct {
	create func() (azcore.TokenCredential, error)
	scope  string
	now    func() time.Time
	// flight has everybody who needs a token at the same time wait for one request.
	flight singleflight.Group

	mu         sync.Mutex
	credential azcore.TokenCredential
	created    time.Time
	stale      bool
}

func (t *credentialTokens) token(ctx context.Context, claims string) (string, error) {
	answer := t.flight.DoChan(claims, func() (any, error) {
		return t.fetch(context.WithoutCancel(ctx), claims)
	})
	select {
	case result := <-answer:
		if result.Err != nil {
			return "", errorFromLogin(result.Err)
		}
		return result.Val.(string), nil
	case <-ctx.Done():
		return "", &directory.Error{Class: directory.Unavailable, Err: fmt.Errorf("getting access token: %w", ctx.Err())}
	}
}

func (t *credentialTokens) renew(age time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale = t.stale || t.now().Sub(t.created) >= age
}

func (t *credentialTokens) fetch(ctx context.Context, claims string) (token string, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = errors.New("the login service's answer cannot be read")
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	credential, stale := t.current()
	if stale {
		if token, err := t.replace(ctx, claims); err == nil {
			return token, nil
		}
	}
	return t.ask(ctx, credential, claims)
}

// current tells the credential to use, and whether to replace it; that is tried once.
func (t *credentialTokens) current() (azcore.TokenCredential, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	stale := t.stale
	if stale {
		t.stale, t.created = false, t.now()
	}
	return t.credential, stale
}

// replace gets a token past the cache. Where that fails, the token of the old credential is still good.
func (t *credentialTokens) replace(ctx context.Context, claims string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout/2)
	defer cancel()
	fresh, err := t.create()
	if err != nil {
		return "", err
	}
	token, err := t.ask(ctx, fresh, claims)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.credential = fresh
	return token, nil
}

func (t *credentialTokens) ask(ctx context.Context, credential azcore.TokenCredential, claims string) (string, error) {
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{t.scope}, Claims: claims, EnableCAE: true})
	return token.Token, err
}

// permissions reads the roles claim, where Entra puts the application permissions.
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
func (*credentialTokens) permissions(token string) directory.Permissions {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return directory.Permissions{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return directory.Permissions{}
	}
	var claims struct {
		Roles []string `json:"roles"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return directory.Permissions{}
	}
	return directory.Permissions{Known: true, Granted: claims.Roles}
}
