package directory_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestEveryClassHasAName(t *testing.T) {
	g, seen := NewWithT(t), map[string]bool{}
	for class := directory.Unavailable; class <= directory.OutcomeUnknown; class++ {
		g.Expect(class.String()).NotTo(BeEmpty())
		seen[class.String()] = true
	}
	g.Expect(seen).To(HaveLen(8))
	g.Expect(directory.Throttled.String()).To(Equal("Throttled"))
	g.Expect(directory.OutcomeUnknown.String()).To(Equal("OutcomeUnknown"))
}

func TestWhatAnErrorSaysIsFoundThroughItsWrapping(t *testing.T) {
	g := NewWithT(t)
	err := fmt.Errorf("inviting guest: %w", &directory.Error{
		Class: directory.Throttled, Detail: directory.UserExists, RetryAfter: 7 * time.Second, RequestID: "request-1", Err: io.ErrUnexpectedEOF,
	})
	g.Expect(directory.ClassOf(err)).To(Equal(directory.Throttled))
	g.Expect(directory.Is(err, directory.Throttled)).To(BeTrue())
	g.Expect(directory.Is(err, directory.Conflict)).To(BeFalse())
	g.Expect(directory.HasDetail(err, directory.UserExists)).To(BeTrue())
	g.Expect(directory.HasDetail(err, directory.AlreadyMember)).To(BeFalse())
	g.Expect(directory.RetryAfter(err)).To(Equal(7 * time.Second))
	g.Expect(directory.RequestID(err)).To(Equal("request-1"))
	g.Expect(errors.Is(err, io.ErrUnexpectedEOF)).To(BeTrue())
}

func TestAnErrorWithoutAClassMayBeTriedAgain(t *testing.T) {
	g := NewWithT(t)
	g.Expect(directory.Is(io.EOF, directory.Unavailable)).To(BeTrue())
	g.Expect(directory.HasDetail(io.EOF, "")).To(BeFalse())
	g.Expect(directory.RetryAfter(io.EOF)).To(BeZero())
	g.Expect(directory.RequestID(io.EOF)).To(BeEmpty())
}

func TestNoErrorHasNoClass(t *testing.T) {
	g := NewWithT(t)
	for class := directory.Unavailable; class <= directory.OutcomeUnknown; class++ {
		g.Expect(directory.Is(nil, class)).To(BeFalse(), class.String())
	}
	g.Expect(directory.HasDetail(nil, "")).To(BeFalse())
	g.Expect(directory.RetryAfter(nil)).To(BeZero())
}

func TestOnlyNotFoundIsIgnored(t *testing.T) {
	g := NewWithT(t)
	absent := fmt.Errorf("reading: %w", &directory.Error{Class: directory.NotFound})
	denied := &directory.Error{Class: directory.Denied}
	g.Expect(directory.IsNotFound(absent)).To(BeTrue())
	g.Expect(directory.IgnoreNotFound(absent)).To(Succeed())
	g.Expect(directory.IsNotFound(denied)).To(BeFalse())
	g.Expect(directory.IgnoreNotFound(denied)).To(BeIdenticalTo(denied))
	g.Expect(directory.IgnoreNotFound(nil)).To(Succeed())
	g.Expect(directory.IgnoreNotFound(io.EOF)).To(BeIdenticalTo(io.EOF))
}

func TestAnErrorSpeaksTheDirectorysOwnWords(t *testing.T) {
	cases := map[string]struct {
		err  directory.Error
		want string
	}{
		"code and message": {directory.Error{Code: "Request_BadRequest", Message: "no such domain", Status: 400, Err: io.EOF},
			"Request_BadRequest: no such domain"},
		"a message alone":                     {directory.Error{Message: "no such domain", Status: 400, Err: io.EOF}, "no such domain"},
		"a code alone":                        {directory.Error{Code: "UnknownError", Status: 503}, "HTTP 503"},
		"a cause":                             {directory.Error{Status: 503, Err: io.EOF}, "EOF"},
		"a status":                            {directory.Error{Class: directory.Conflict, Status: 409}, "HTTP 409"},
		"nothing but a class":                 {directory.Error{Class: directory.Conflict}, "Conflict"},
		"a Retry-After is for nobody to read": {directory.Error{RetryAfter: time.Second}, "Unavailable"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(c.err.Error()).To(Equal(c.want))
		})
	}
}
