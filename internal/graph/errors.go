package graph

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// errorFromTransport is the error for a request that got no answer.
func errorFromTransport(x *exchange, err error) *directory.Error {
	if known, ok := errors.AsType[*directory.Error](err); ok {
		return known
	}
	var not *notSent
	if writes(x.method) && !errors.As(err, &not) {
		return &directory.Error{Class: directory.OutcomeUnknown, Err: err}
	}
	return &directory.Error{Class: directory.Unavailable, Err: err}
}

// errorFromResponse is the error for an answer that is not one of success.
func errorFromResponse(x *exchange, response *http.Response, now time.Time) *directory.Error {
	body, _ := io.ReadAll(response.Body) // in memory already: see sender
	said := parseRefusal(body)
	e := &directory.Error{
		Status:    response.StatusCode,
		Code:      said.code,
		Message:   said.message,
		RequestID: firstOf(response.Header.Get("request-id"), said.requestID, response.Header.Get("client-request-id")),
	}
	if wait, throttled := throttledFor(response, now); throttled {
		e.RetryAfter = wait
	}
	e.Class = classOf(x, e)
	refine(x.operation, e)
	return e
}

// classOf goes by the status. What does not say for sure that nothing was carried out leaves a write in doubt, a 503 with
// Directory_ConcurrencyViolation included.
func classOf(x *exchange, e *directory.Error) directory.Class {
	inDoubt := directory.Unavailable
	if writes(x.method) {
		inDoubt = directory.OutcomeUnknown
	}
	switch e.Status {
	case http.StatusUnauthorized:
		return directory.Unauthenticated
	case http.StatusForbidden:
		return directory.Denied
	case http.StatusNotFound:
		if e.Code == "" {
			return inDoubt // a proxy's, or a gateway's: only the directory itself knows what does not exist
		}
		return directory.NotFound
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		return directory.Conflict
	case http.StatusTooManyRequests:
		return directory.Throttled
	case http.StatusProxyAuthRequired:
		return directory.Unavailable
	case http.StatusRequestTimeout:
		return inDoubt
	}
	if e.Status >= 400 && e.Status <= 499 {
		return directory.Invalid
	}
	return inDoubt
}

// The directory's words for refusals that share a status and a code, and where they were seen. They are matched loosely:
// Microsoft rewords them now and then.
var (
	// Graph's invitation service answers 401 where the application lacks User.Invite.All (graph-docs-contrib issue 4228).
	insufficientPrivileges = regexp.MustCompile(`(?i)insufficient privileges`)
	// A tenant that forbids invitations, and one that Entra has blocked (azure-docs issue 78054).
	invitationsForbidden = regexp.MustCompile(`(?i)guest invitations? (are )?not allowed|invitations? (are|is|have been|has been) blocked|suspicious activity`)
	verifiedDomain       = regexp.MustCompile(`(?i)verified domain of this directory`)
	userExists           = regexp.MustCompile(`(?i)already exists in the directory|user already exists`)
	signInBlocked        = regexp.MustCompile(`(?i)blocked from signing in`)
	existingUserID       = regexp.MustCompile(`(?i)object\s*id:?\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`)
	// The rule on characters, and plus addressing (msgraph-sdk-dotnet issue 2786).
	addressRefused = regexp.MustCompile(`(?i)smtp address is an? invalid|invitedUserEmailAddress`)
	// A reference to an object that this replica does not have yet (msgraph-sdk-dotnet issue 2508).
	referenceNotReady = regexp.MustCompile(`(?i)not a valid reference update`)
	// The directory's words for an object that does not exist, where the invitation service passes them on.
	objectMissing = regexp.MustCompile(`(?i)queried reference-property objects are not present`)
	// One who is to be added, to the members or the sponsors, and is among them.
	referenceExists  = regexp.MustCompile(`(?i)references? already exist`)
	referenceMissing = regexp.MustCompile(`(?i)removed object references? do(es)? not exist`)
	// A delta link that has expired, or that the directory cannot go on from. The case of the letters varies.
	// https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset
	resyncRequired = regexp.MustCompile(`(?i)^(syncStateNotFound|resyncRequired)$`)
	// An assignment of an app role that is there already, in both of its wordings (msgraph-bicep-types issue 161), and a role that the
	// application does not have, or not for users.
	assignmentExists = regexp.MustCompile(`(?i)permission being assigned already exists|entitlementgrant entry already exists`)
	roleUnknown      = regexp.MustCompile(`(?i)permission being assigned was not found`)
	// An assignment that is gone, or another application's.
	assignmentMissing = regexp.MustCompile(`(?i)entitlementgrant being updated or deleted is not found`)
	// A name or an address that somebody else has taken meanwhile. v1.0 has no way to restore a user without it
	// (msgraph-sdk-powershell issue 2410).
	addressInUse = regexp.MustCompile(`(?i)same value for property|conflicting object`)
)

// refine gives what the callers treat apart, by the directory's own text where the code does not tell.
func refine(op operation, e *directory.Error) {
	switch {
	case e.Code == "Directory_QuotaExceeded":
		e.Class = directory.Conflict // whoever is deleted for good makes room
		return
	case e.Class == directory.Invalid && referenceNotReady.MatchString(e.Message):
		e.Detail = directory.ReferenceNotReady
		return
	}
	switch op {
	case userChanges, memberChanges:
		refineChanges(e)
	case invite:
		refineInvitation(e)
	case addMember, addMembers:
		refineAddition(e, referenceExists, directory.AlreadyMember)
	case addSponsor:
		refineAddition(e, referenceExists, directory.AlreadySponsor)
	case grantAppRole:
		refineAddition(e, assignmentExists, directory.AssignmentExists)
		if e.Class == directory.Invalid && roleUnknown.MatchString(e.Message) {
			e.Detail = directory.RoleUnknown
		}
	case restoreUser:
		refineRestoration(e)
	case removeMember, removeSponsor:
		refineRemoval(e, referenceMissing)
	case revokeAppRole:
		refineRemoval(e, assignmentMissing)
	}
}

func refineChanges(e *directory.Error) {
	if e.Status == http.StatusGone || e.Status < 500 && resyncRequired.MatchString(e.Code) {
		e.Class, e.Detail = directory.Invalid, directory.ResyncRequired
	}
}

func refineAddition(e *directory.Error, exists *regexp.Regexp, detail directory.Detail) {
	switch {
	case e.Class == directory.NotFound:
		e.Detail = directory.ReferenceNotReady
	case e.Class == directory.Invalid && exists.MatchString(e.Message):
		e.Detail = detail
	}
}

func refineRemoval(e *directory.Error, missing *regexp.Regexp) {
	if e.Class == directory.Invalid && missing.MatchString(e.Message) {
		e.Class = directory.NotFound
	}
}

func refineRestoration(e *directory.Error) {
	if e.Class != directory.Invalid && e.Class != directory.Conflict {
		return
	}
	if e.Code == "ObjectConflict" || e.Code == "Request_MultipleObjectsWithSameKeyValue" || addressInUse.MatchString(e.Message) {
		e.Class, e.Detail = directory.Conflict, directory.AddressInUse
	}
}

func refineInvitation(e *directory.Error) {
	switch {
	case e.Class == directory.Unauthenticated && insufficientPrivileges.MatchString(e.Message):
		e.Class = directory.Denied
	case e.Class == directory.Denied && invitationsForbidden.MatchString(e.Message):
		e.Detail = directory.InvitationsNotAllowed
	case e.Class == directory.NotFound:
		e.Detail = directory.ReferenceNotReady // see refineInvitee
	case e.Class == directory.Invalid:
		refineInvitee(e)
	}
}

func refineInvitee(e *directory.Error) {
	switch {
	case objectMissing.MatchString(e.Message):
		e.Detail = directory.ReferenceNotReady // a sponsor: nothing else is referred to
	case verifiedDomain.MatchString(e.Message):
		e.Detail = directory.AddressInVerifiedDomain
	case userExists.MatchString(e.Message):
		e.Detail = directory.UserExists
		if signInBlocked.MatchString(e.Message) {
			e.Detail = directory.UserExistsDisabled
		}
		if match := existingUserID.FindStringSubmatch(e.Message); match != nil {
			e.UserID = match[1]
		}
	case addressRefused.MatchString(e.Message):
		e.Detail = directory.AddressRefused
	}
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
