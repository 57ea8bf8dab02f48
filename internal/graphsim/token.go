package graphsim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const tokenPath = "/{tenant}/oauth2/v2.0/token"

func tokenRoutes() *router {
	t := &router{}
	t.add(http.MethodPost, tokenPath, postToken).open = true
	t.add(http.MethodGet, "/{tenant}/v2.0/.well-known/openid-configuration", getOpenIDConfiguration).open = true
	t.add(http.MethodGet, "/common/discovery/instance", getInstance).open = true
	return t
}

func (x *exchange) authority() string { return x.origin() + "/" + x.params["tenant"] }

func getOpenIDConfiguration(x *exchange) (*answer, *apiError) {
	if !x.t.serves(x.params["tenant"]) {
		return x.oauthError("invalid_tenant", 90002, "Tenant '%s' not found.", x.params["tenant"]), nil
	}
	return ok(map[string]any{
		"issuer":                                x.origin() + "/" + x.t.options.TenantID + "/v2.0",
		"authorization_endpoint":                x.authority() + "/oauth2/v2.0/authorize",
		"token_endpoint":                        x.authority() + "/oauth2/v2.0/token",
		"jwks_uri":                              x.authority() + "/discovery/v2.0/keys",
		"response_types_supported":              []string{"code", "id_token", "token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
	}), nil
}

// getInstance answers the discovery by which a client library checks an authority.
func getInstance(x *exchange) (*answer, *apiError) {
	return ok(map[string]any{
		"tenant_discovery_endpoint": x.origin() + "/" + x.t.options.TenantID + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []any{map[string]any{
			"preferred_network": x.r.Host, "preferred_cache": x.r.Host, "aliases": []string{x.r.Host},
		}},
	}), nil
}

func (t *Tenant) serves(tenant string) bool {
	return strings.EqualFold(tenant, t.options.TenantID) || slices.ContainsFunc(t.domains, func(d string) bool { return strings.EqualFold(d, tenant) })
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// postToken serves the client credentials grant, with a secret or an assertion. A
// federated assertion is taken at its word, as far as it is shaped like a JWT.
func postToken(x *exchange) (*answer, *apiError) {
	form, err := url.ParseQuery(string(x.body))
	client, audience := form.Get("client_id"), audienceOf(form.Get("scope"))
	switch {
	case !x.t.serves(x.params["tenant"]):
		return x.oauthError("invalid_request", 90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID.", x.params["tenant"]), nil
	case err != nil, form.Get("grant_type") != "client_credentials": // an answer of the protocol, not a failure
		return x.oauthError("unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'.", form.Get("grant_type")), nil //nolint:nilerr // told to the client
	case client == "":
		return x.oauthError("invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."), nil
	case audience == "":
		return x.oauthError("invalid_scope", 70011, "The provided value for scope %s is not valid.", form.Get("scope")), nil
	}
	if secret := form.Get("client_secret"); secret != "" {
		if wanted, known := x.t.secrets[client]; x.t.secrets != nil && (!known || wanted != secret) {
			return x.oauthError("invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", client), nil
		}
	} else if form.Get("client_assertion_type") != assertionType || strings.Count(form.Get("client_assertion"), ".") != 2 {
		return x.oauthError("invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."), nil
	}
	return x.issueToken(client, audience), nil
}

// audienceOf is the resource that a scope asks for by its /.default, beside which
// client libraries send scopes of OpenID.
func audienceOf(scopes string) string {
	for scope := range strings.FieldsSeq(scopes) {
		if audience, found := strings.CutSuffix(scope, "/.default"); found {
			return audience
		}
	}
	return ""
}

func (x *exchange) issueToken(client, audience string) *answer {
	t, now := x.t, x.t.now()
	token := accessToken{app: client, permissions: slices.Clone(t.permissions), audience: audience, expires: now.Add(t.lifetime)}
	roles := token.permissions
	if roles == nil {
		roles = everyPermission()
	}
	raw := jwt(map[string]any{
		"aud": audience, "iss": "https://sts.windows.net/" + t.options.TenantID + "/", "tid": t.options.TenantID,
		"appid": client, "idtyp": "app", "roles": roles, "uti": t.ids.guid(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": token.expires.Unix(),
	})
	t.tokens[raw] = token
	t.ledger.TokensIssued++
	seconds := int(t.lifetime / time.Second)
	return ok(map[string]any{"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": raw})
}

// jwt is shaped like a signed token; nobody but the tenant can check it.
func jwt(claims map[string]any) string {
	payload, _ := json.Marshal(claims) // plain values cannot fail
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + encode(payload) + "." + encode([]byte("unsigned"))
}

// oauthError is an error of the token endpoint, which has an envelope of its own.
func (x *exchange) oauthError(code string, number int, format string, args ...any) *answer {
	status := http.StatusBadRequest
	if code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	message := refuse(status, code, "AADSTS%d: "+format, append([]any{number}, args...)...).message
	return &answer{status: status, body: map[string]any{
		"error": code, "error_description": message + " Trace ID: " + x.id + " Correlation ID: " + x.clientID,
		"error_codes": []int{number}, "timestamp": x.time.Format("2006-01-02 15:04:05Z"), "trace_id": x.id, "correlation_id": x.clientID,
	}}
}
