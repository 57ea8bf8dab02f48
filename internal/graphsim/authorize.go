package graphsim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// accessToken is what the tenant knows of a token it issued.
type accessToken struct {
	permissions []string // nil grants everything
	audience    string
	expires     time.Time
}

// authorize establishes what the call's token grants, and refuses a call that
// needs more. The tenant's lock is held.
func (x *exchange) authorize() *apiError {
	if x.route.open {
		return nil
	}
	token, hasToken := strings.CutPrefix(x.r.Header.Get("Authorization"), "Bearer ")
	if !hasToken || token == "" {
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
	if len(x.route.anyOf) == 0 || x.grantsAny(x.route.anyOf) {
		return nil
	}
	if x.route.template == "/invitations" {
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
