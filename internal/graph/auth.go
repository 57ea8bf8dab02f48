package graph

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"

	kiotahttp "github.com/microsoft/kiota-http-go"
)

// authenticator signs requests. It stands behind the host pin, so that a token never leaves for another host.
//
// A 401 with a claims challenge (continuous access evaluation) is answered once with a token that meets it. This is the only
// repetition in this package, and safe for an invitation too: a 401 comes from the gateway, before anything is carried out.
// https://learn.microsoft.com/entra/identity-platform/claims-challenge
type authenticator struct{ tokens tokenSource }

// Intercept adds the token and sends the request on.
func (a *authenticator) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	response, err := a.send(pipeline, next, request, "")
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusUnauthorized {
		if claims := claimsChallenge(response.Header); claims != "" {
			if response, err = a.send(pipeline, next, request, claims); err != nil {
				return nil, err
			}
		}
	}
	if response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden {
		a.tokens.renew(renewRefusedAfter)
	}
	return response, nil
}

func (a *authenticator) send(pipeline kiotahttp.Pipeline, next int, request *http.Request, claims string) (*http.Response, error) {
	token, err := a.tokens.token(request.Context(), claims)
	if err != nil {
		return nil, err
	}
	signed := request.Clone(request.Context())
	signed.Header.Set("Authorization", "Bearer "+token)
	if request.GetBody != nil {
		if signed.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	}
	return pipeline.Next(signed, next)
}

var claimsParameter = regexp.MustCompile(`(?i)^\s*Bearer\s.*\bclaims\s*=\s*"([^"]+)"`)

// claimsChallenge gives the claims that a WWW-Authenticate header asks for, as JSON, or "".
func claimsChallenge(header http.Header) string {
	for _, challenge := range header.Values("WWW-Authenticate") {
		match := claimsParameter.FindStringSubmatch(challenge)
		if match == nil {
			continue
		}
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if claims, err := encoding.DecodeString(match[1]); err == nil && json.Valid(claims) {
				return string(claims)
			}
		}
	}
	return ""
}
