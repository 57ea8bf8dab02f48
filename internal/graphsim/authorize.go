package graphsim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// accessToken is what the tenant knows of a token it issued.
type accessToken struct {
	app         string   // the client id
	permissions []string // nil grants everything
	audience    string
	expires     time.Time
}

// unknownApp is the application that a token stands for which the tenant accepts
// without having issued it.
const unknownApp = "00000000-0000-0000-0000-000000000000"

func bearerToken(r *http.Request) string {
	if token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); isBearer {
		return token
	}
	return ""
}

// appOf is the application that calls. The tenant's lock is held.
func (t *Tenant) appOf(r *http.Request) string {
	return orElse(t.tokens[bearerToken(r)].app, unknownApp)
}

// authenticate establishes what the call's token grants. The tenant's lock is held.
func (x *exchange) authenticate() *apiError {
	if x.route.open {
		return nil
	}
	token := bearerToken(x.r)
	if token == "" {
		return invalidToken("Access token is empty.")
	}
	issued, known := x.t.tokens[token]
	switch {
	case known && !x.isAudience(issued.audience):
		return invalidToken("Access token validation failure. Invalid audience.")
	case known && !x.t.now().Before(issued.expires):
		return invalidToken("Lifetime validation failed, the token is expired.")
	case known:
		x.permissions = issued.permissions
	case x.t.options.AcceptAnyToken:
		x.permissions = x.t.permissions
	default:
		return invalidToken("Access token validation failure.")
	}
	return nil
}

// authorize refuses a call that needs more than its token grants.
func (x *exchange) authorize() *apiError {
	if (len(x.route.anyOf) == 0 || x.grantsAny(x.route.anyOf)) && (len(x.route.also) == 0 || x.grantsAny(x.route.also)) {
		return nil
	}
	if x.route.template == invitationsPath {
		return refuse(http.StatusUnauthorized, "Unauthorized",
			"Insufficient privileges to perform requested operation by the application '00000003-0000-0000-c000-000000000000'. ControllerName=MSGraphInviteAPI, ActionName=CreateInvite, URL absolute path=/api/%s/invites",
			x.t.options.TenantID)
	}
	return requestDenied()
}

// isAudience reports whether a token is for this Graph: its cloud's address, the
// application id that all clouds share, or the address that the client uses.
func (x *exchange) isAudience(audience string) bool {
	return audience == "https://"+x.t.options.GraphHost || audience == graphAppID || audience == x.origin()
}

const graphAppID = "00000003-0000-0000-c000-000000000000"

func invalidToken(message string) *apiError {
	return refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "%s", message)
}

func (x *exchange) grants(permission string) bool {
	return x.permissions == nil || slices.Contains(x.permissions, permission)
}

func (x *exchange) grantsAny(permissions []string) bool {
	return slices.ContainsFunc(permissions, x.grants)
}
