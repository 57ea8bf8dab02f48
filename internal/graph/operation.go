package graph

import (
	"context"
	"time"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// operation names a kind of request for errors, logs and metrics.
type operation string

const (
	findUsers        operation = "FindUsers"
	findDeletedUsers operation = "FindDeletedUsers"
	getUser          operation = "GetUser"
	getDeletedUser   operation = "GetDeletedUser"
	deleteUser       operation = "DeleteUser"
	listGuests       operation = "ListGuests"
	listPending      operation = "ListPending"
	latestUsers      operation = "LatestUsers"
	userChanges      operation = "UserChanges"
	invite           operation = "Invite"
	getGroup         operation = "GetGroup"
	findGroups       operation = "FindGroups"
	isMember         operation = "IsMember"
	listMembers      operation = "ListMembers"
	latestMembers    operation = "LatestMembers"
	memberChanges    operation = "MemberChanges"
	addMember        operation = "AddMember"
	addMembers       operation = "AddMembers"
	removeMember     operation = "RemoveMember"
	updateProfile    operation = "UpdateProfile"
	disableUser      operation = "DisableUser"
	enableUser       operation = "EnableUser"
	revokeSessions   operation = "RevokeSignInSessions"
	restoreUser      operation = "RestoreUser"
	getUserByName    operation = "GetUserByName"
	listSponsors     operation = "ListSponsors"
	addSponsor       operation = "AddSponsor"
	removeSponsor    operation = "RemoveSponsor"
	getOrganization  operation = "GetOrganization"
	getPolicy        operation = "GetAuthorizationPolicy"

	getServicePrincipal   operation = "GetServicePrincipal"
	findServicePrincipals operation = "FindServicePrincipals"
	listAppRoles          operation = "ListAppRoleAssignments"
	grantAppRole          operation = "GrantAppRole"
	revokeAppRole         operation = "RevokeAppRole"
	// batch is the HTTP request around the items of a $batch.
	batch operation = "Batch"
)

// demand is how urgent a kind of request is, where the caller's turn does not say, and what it costs: the one table of that.
// Selecting properties makes a read cheaper by a unit, to one at least.
// https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
func (op operation) demand(method string) (budget.Class, budget.Cost) {
	switch op {
	case deleteUser, removeMember, disableUser, revokeSessions, revokeAppRole:
		return budget.TakeAway, budget.Cost{Writes: 1, Units: 1}
	case invite:
		return budget.Grant, budget.Cost{Writes: 1, Units: 1, Invitations: 1} // that it is a write too is not documented
	case addMember, addMembers, enableUser, restoreUser, updateProfile, addSponsor, removeSponsor, grantAppRole:
		return budget.Grant, budget.Cost{Writes: 1, Units: 1}
	case findUsers, findDeletedUsers, getUser, getDeletedUser, getGroup, findGroups,
		getUserByName, listSponsors, getServicePrincipal, findServicePrincipals, listAppRoles:
		return budget.Grant, budget.Cost{Units: 1}
	case isMember:
		return budget.Grant, budget.Cost{Units: 2}
	case listMembers:
		return budget.Routine, budget.Cost{Units: 2}
	case listGuests, getOrganization, getPolicy:
		return budget.Routine, budget.Cost{Units: 1}
	}
	if writes(method) {
		return budget.Grant, budget.Cost{Writes: 1, Units: 1}
	}
	return budget.Routine, budget.Cost{Units: 1}
}

// batchable reports whether requests of this operation may share a $batch: reads with a single answer, and removals. An
// invitation never does, so that each has one outcome; nor do listings, whose answers are large, and what is asked once.
func (op operation) batchable() bool {
	switch op {
	case findUsers, findDeletedUsers, getUser, getDeletedUser, getGroup, isMember, removeMember, deleteUser,
		getUserByName, listSponsors, removeSponsor, getServicePrincipal, findServicePrincipals, listAppRoles, revokeAppRole:
		return true
	}
	return false
}

// exchange is what the layers around one request tell each other.
type exchange struct {
	operation operation
	// method is the HTTP method, "" before there is a request.
	method string
	// date is the directory's time in the last answer of success.
	date time.Time
	// follows is set for a request to a next link.
	follows bool
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// exchangeOf never gives nil: a request outside of a call has an exchange of its own.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{operation: "Other"}
}

// unreadable is the error for a request that failed outside of HTTP: it could not be built, or its answer, which said
// success, could not be read. A write is in doubt as soon as there was a request.
func (x *exchange) unreadable(cause error) *directory.Error {
	if x.operation == invite {
		// A complaint about the answer could quote it, and the answer holds the redeem link.
		cause = errNotAnInvitation
	}
	class := directory.Unavailable
	if writes(x.method) {
		class = directory.OutcomeUnknown
	}
	return &directory.Error{Class: class, Err: &unreadableError{cause}}
}

// unreadableError is an answer that makes no sense.
type unreadableError struct{ cause error }

func (e *unreadableError) Error() string {
	return "the directory's answer cannot be read: " + e.cause.Error()
}

func (e *unreadableError) Unwrap() error { return e.cause }

func writes(method string) bool { return method != "" && method != "GET" && method != "HEAD" }
