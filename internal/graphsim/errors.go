package graphsim

import (
	"fmt"
	"net/http"
)

// apiError is a refusal in Graph's envelope.
type apiError struct {
	status  int
	code    string
	message string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

func refuse(status int, code, format string, args ...any) *apiError {
	return &apiError{status, code, fmt.Sprintf(format, args...)}
}

// The directory speaks in Request_ and Directory_ codes, the invitation service
// in the short ones.

func badRequest(format string, args ...any) *apiError {
	return refuse(http.StatusBadRequest, "Request_BadRequest", format, args...)
}

func unsupportedQuery(format string, args ...any) *apiError {
	return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", format, args...)
}

func notFound(id string) *apiError {
	return refuse(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '%s' does not exist or one of its queried reference-property objects are not present.", id)
}

func requestDenied() *apiError {
	return refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

func invitationRefused(format string, args ...any) *apiError {
	return refuse(http.StatusBadRequest, "BadRequest", format, args...)
}

func unreadableBody() *apiError {
	return refuse(http.StatusBadRequest, "BadRequest",
		"Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
}

// envelope is the error's body. The date has no zone, as in the service.
func (e *apiError) envelope(x *exchange) map[string]any {
	inner := map[string]any{
		"date":              x.time.Format("2006-01-02T15:04:05"),
		"request-id":        x.id,
		"client-request-id": x.clientID,
	}
	return map[string]any{"error": map[string]any{"code": e.code, "message": e.message, "innerError": inner}}
}
