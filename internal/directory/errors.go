package directory

import (
	"errors"
	"fmt"
	"time"
)

// Class says what an error means for the caller. Every error that leaves an implementation of this package's interfaces has
// one; the caller branches on it and never on text.
type Class int

const (
	// Unavailable: the directory could not be reached or was not able to answer, and nothing was carried out. Try again later.
	Unavailable Class = iota
	// NotFound: the object is not there, or not there yet on the replica that answered.
	NotFound
	// Conflict: a concurrent request, or a state that the request does not fit. Not carried out; try again later.
	Conflict
	// Throttled: not carried out; nothing may be sent in this scope before RetryAfter has passed.
	Throttled
	// Denied: the application lacks a permission, or the tenant's settings forbid it.
	Denied
	// Unauthenticated: the credential was refused; no request was carried out.
	Unauthenticated
	// Invalid: the request itself was refused; repeating it unchanged is pointless.
	Invalid
	// OutcomeUnknown: the request may have been carried out: no answer, a server error, or an answer that cannot be read.
	// Only requests that write have this class.
	OutcomeUnknown
)

// String is the class's name, for logs and metric labels.
func (c Class) String() string {
	return [...]string{"Unavailable", "NotFound", "Conflict", "Throttled", "Denied", "Unauthenticated", "Invalid", "OutcomeUnknown"}[c]
}

// Detail names the refusals that callers treat apart within a class.
type Detail string

const (
	// AlreadyMember (Invalid): the user is in the group already.
	AlreadyMember Detail = "AlreadyMember"
	// AddressInVerifiedDomain (Invalid): the address belongs to a domain of the tenant, so it is an employee's.
	AddressInVerifiedDomain Detail = "AddressInVerifiedDomain"
	// AddressRefused (Invalid): the directory does not accept the address as an e-mail address.
	AddressRefused Detail = "AddressRefused"
	// UserExists (Invalid): somebody in the tenant has this address; Error.UserID tells who where the directory says so.
	UserExists Detail = "UserExists"
	// UserExistsDisabled (Invalid): as UserExists, and the account is blocked from signing in.
	UserExistsDisabled Detail = "UserExistsDisabled"
	// InvitationsNotAllowed (Denied): the tenant's settings forbid invitations, or Entra has blocked them for the whole tenant.
	InvitationsNotAllowed Detail = "InvitationsNotAllowed"
	// ReferenceNotReady (Invalid, NotFound): an object that the request refers to does not exist, or has not reached this replica yet.
	ReferenceNotReady Detail = "ReferenceNotReady"
	// GroupNotWritable (Invalid): members must not be added to a group of this kind; the message says why. Nothing was sent.
	GroupNotWritable Detail = "GroupNotWritable"
	// AlreadySponsor (Invalid): the one to be added is a sponsor of the user already.
	AlreadySponsor Detail = "AlreadySponsor"
	// AssignmentExists (Invalid): the user has this role of the application already.
	AssignmentExists Detail = "AssignmentExists"
	// RoleUnknown (Invalid): the application has no such role, or none that users can have.
	RoleUnknown Detail = "RoleUnknown"
	// AddressInUse (Conflict): somebody else has taken the name or an address of the user who is to be restored.
	AddressInUse Detail = "AddressInUse"
	// ResyncRequired (Invalid): the directory does not know a delta link any more; everything has to be listed anew.
	ResyncRequired Detail = "ResyncRequired"
)

// Error is a failed request to the directory.
type Error struct {
	Class  Class
	Detail Detail
	// RetryAfter is how long the directory asked to wait; 0 where it did not say.
	RetryAfter time.Duration
	// Status and Code are the HTTP status and Graph's error code; 0 and "" where there was no such answer.
	Status int
	Code   string
	// Message is the directory's own text. It can name an address: not for logs above debug.
	Message string
	// RequestID finds the request in Microsoft's logs.
	RequestID string
	// UserID is the user that the error speaks of, with UserExists.
	UserID string
	// Err is the cause below, if there is one.
	Err error
}

// Error is the text for a condition: the directory's words with the code to search for.
func (e *Error) Error() string {
	switch {
	case e.Code != "" && e.Message != "":
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	case e.Message != "":
		return e.Message
	case e.Err != nil:
		return e.Err.Error()
	case e.Status != 0:
		return fmt.Sprintf("HTTP %d", e.Status)
	}
	return e.Class.String()
}

// Unwrap gives the cause below.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf gives the class of err. An error without one is Unavailable: nothing is known against trying again.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return Unavailable
}

// Is reports whether err has the class.
func Is(err error, class Class) bool { return err != nil && ClassOf(err) == class }

// IsNotFound reports whether err says that the object is not there.
func IsNotFound(err error) bool { return Is(err, NotFound) }

// IgnoreNotFound is nil for an error that says that the object is not there.
func IgnoreNotFound(err error) error {
	if IsNotFound(err) {
		return nil
	}
	return err
}

// HasDetail reports whether err is the refusal that detail names.
func HasDetail(err error, detail Detail) bool {
	var e *Error
	return errors.As(err, &e) && e.Detail == detail
}

// RetryAfter is how long the directory asked to wait before the next try, 0 where it did not say.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// RequestID is the directory's id of the failed request, for a support case.
func RequestID(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RequestID
	}
	return ""
}
