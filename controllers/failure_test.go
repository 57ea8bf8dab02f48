package controllers

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

func TestEveryClassOfErrorsIsWaitedOutForAReasonOfTheAPI(t *testing.T) {
	reasons := map[directory.Class]string{
		directory.Unavailable:     b2b.ReasonDirectoryUnavailable,
		directory.NotFound:        b2b.ReasonDirectoryUnavailable,
		directory.Conflict:        b2b.ReasonDirectoryUnavailable,
		directory.Throttled:       b2b.ReasonThrottled,
		directory.Denied:          b2b.ReasonPermissionMissing,
		directory.Unauthenticated: b2b.ReasonCredentialInvalid,
		directory.Invalid:         b2b.ReasonDirectoryUnavailable,
		directory.OutcomeUnknown:  b2b.ReasonOutcomeUnknown,
	}
	for class := directory.Unavailable; class <= directory.OutcomeUnknown; class++ {
		t.Run(class.String(), func(t *testing.T) {
			g := NewWithT(t)
			err := fmt.Errorf("wrapped: %w", &directory.Error{Class: class, Status: 418, RequestID: "request-1"})
			v := failure(err, "inviting the guest", permissionInvite)
			g.Expect(v.Reason).To(Equal(reasons[class]))
			g.Expect(v.Outcome).To(Equal(lifecycle.Waiting), "none is Stalled: outages explain themselves")
			g.Expect(v.After).To(BeNumerically(">=", lifecycle.Soon), "and each is tried again by itself")
			g.Expect(v.Message).NotTo(ContainSubstring("request-1"))
			if class != directory.Throttled {
				g.Expect(v.Message).To(ContainSubstring("inviting the guest"))
			}
			g.Expect(*failureOf(err, "inviting the guest", permissionInvite)).To(Equal(v))
		})
	}
}

func TestThePauseThatTheDirectoryAskedForIsKept(t *testing.T) {
	for _, class := range []directory.Class{directory.Throttled, directory.Unavailable} {
		for _, asked := range []time.Duration{time.Minute, time.Hour} {
			err := &directory.Error{Class: class, RetryAfter: asked}
			NewWithT(t).Expect(failure(err, "reading", permissionReadUsers).After).To(Equal(asked), class.String())
		}
	}
	throttled := &directory.Error{Class: directory.Throttled, RetryAfter: time.Millisecond}
	NewWithT(t).Expect(failure(throttled, "reading", permissionReadUsers).After).To(Equal(lifecycle.Soon))
}

func TestAPermissionThatIsMissingIsNamed(t *testing.T) {
	v := failure(&directory.Error{Class: directory.Denied, Code: "Authorization_RequestDenied", Message: "Insufficient privileges"},
		"deleting the user", permissionDeleteUsers)
	NewWithT(t).Expect(v.Message).To(And(ContainSubstring("User.DeleteRestore.All"), ContainSubstring("Authorization_RequestDenied")))
}

func TestADescriptionDoesNotChangeWithEachTry(t *testing.T) {
	dial := func(port int) error {
		return &directory.Error{Class: directory.Unavailable, Err: fmt.Errorf("read tcp 10.0.0.1:%d: connection reset by peer", port)}
	}
	cases := map[string]struct {
		err  error
		want string
	}{
		"a connection that broke": {dial(40001), "no answer"},
		"another port":            {dial(40002), "no answer"},
		"a status":                {&directory.Error{Status: 503, RequestID: "request-1"}, "HTTP 503"},
		"the directory's words":   {&directory.Error{Status: 400, Code: "Code", Message: "words", RequestID: "request-1"}, "Code: words"},
		"an error of our own":     {errors.New("words"), "words"},
		"a cause below a status":  {&directory.Error{Status: 200, Err: io.ErrUnexpectedEOF}, "unexpected EOF"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(describe(c.err)).To(Equal(c.want))
		})
	}
}
