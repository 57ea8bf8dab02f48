package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestEveryStatusHasAClassForReadsAndWrites(t *testing.T) {
	for _, tt := range []struct {
		status      int
		read, write directory.Class
	}{
		{400, directory.Invalid, directory.Invalid},
		{401, directory.Unauthenticated, directory.Unauthenticated},
		{403, directory.Denied, directory.Denied},
		{404, directory.NotFound, directory.NotFound},
		{407, directory.Unavailable, directory.Unavailable},
		{408, directory.Unavailable, directory.OutcomeUnknown},
		{409, directory.Conflict, directory.Conflict},
		{412, directory.Conflict, directory.Conflict},
		{415, directory.Invalid, directory.Invalid},
		{422, directory.Invalid, directory.Invalid},
		{423, directory.Conflict, directory.Conflict},
		{500, directory.Unavailable, directory.OutcomeUnknown},
		{501, directory.Unavailable, directory.OutcomeUnknown},
		{502, directory.Unavailable, directory.OutcomeUnknown},
		{503, directory.Unavailable, directory.OutcomeUnknown},
		{504, directory.Unavailable, directory.OutcomeUnknown},
		{302, directory.Unavailable, directory.OutcomeUnknown},
		{307, directory.Unavailable, directory.OutcomeUnknown},
	} {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			g := NewWithT(t)
			client := clientOf(t, refusing(tt.status, "SomeCode", "Some words."))
			for op, err := range everything(context.Background(), client) {
				want := tt.read
				if isWrite(op) {
					want = tt.write
				}
				g.Expect(directory.ClassOf(err)).To(Equal(want), "%s: %v", op, err)
				var e *directory.Error
				g.Expect(errors.As(err, &e)).To(BeTrue(), "%s: %T", op, err)
				g.Expect(e.Status).To(Equal(tt.status))
				g.Expect(e.Code).To(Equal("SomeCode"))
				g.Expect(e.Message).To(Equal("Some words."))
				g.Expect(e.RequestID).To(Equal("r-1"))
			}
		})
	}
}

const insufficient = "Insufficient privileges to perform requested operation by the application '00000003-0000-0000-c000-000000000000'. ControllerName=MSGraphInviteAPI, ActionName=CreateInvite, URL absolute path=/api/x/invites"

func TestRefusalsAreToldApartByTheDirectorysWords(t *testing.T) {
	ctx := context.Background()
	inviteAda := func(c *Client) error { _, err := c.Invite(ctx, ada); return err }
	add := func(c *Client) error { return c.AddMembers(ctx, groupID, []string{userID}) }
	remove := func(c *Client) error { return c.RemoveMember(ctx, groupID, userID) }
	read := func(c *Client) error { _, err := c.GetUser(ctx, userID); return err }
	sponsor := func(c *Client) error {
		return c.AddSponsor(ctx, userID, directory.SponsorRef{ID: otherID, Kind: directory.SponsorUser})
	}
	unsponsor := func(c *Client) error { return c.RemoveSponsor(ctx, userID, otherID) }
	grant := func(c *Client) error { _, err := c.GrantAppRole(ctx, appID, userID, roleID); return err }
	revoke := func(c *Client) error { return c.RevokeAppRole(ctx, appID, assignmentID) }
	restore := func(c *Client) error { _, err := c.RestoreUser(ctx, userID); return err }
	update := func(c *Client) error {
		return c.UpdateProfile(ctx, userID, directory.ProfileChanges{directory.UsageLocation: "Germany"})
	}
	const missing = "Resource 'x' does not exist or one of its queried reference-property objects are not present."
	exists := "The invited user already exists in the directory as object ID: " + userID

	for name, tt := range map[string]struct {
		do            func(*Client) error
		status        int
		code, message string
		class         directory.Class
		detail        directory.Detail
		userID        string
	}{
		"no permission to invite":                               {inviteAda, 401, "Unauthorized", insufficient, directory.Denied, "", ""},
		"the same words elsewhere are an authentication matter": {read, 401, "Unauthorized", insufficient, directory.Unauthenticated, "", ""},
		"token refused":                                         {inviteAda, 401, "InvalidAuthenticationToken", "Access token has expired.", directory.Unauthenticated, "", ""},
		"invitations forbidden": {inviteAda, 403, "Forbidden", "Guest invitations not allowed for your company. Contact your company administrator for more details.",
			directory.Denied, directory.InvitationsNotAllowed, ""},
		"invitations blocked by Entra": {inviteAda, 403, "Forbidden", "Invitations are blocked for this directory due to suspicious activity.",
			directory.Denied, directory.InvitationsNotAllowed, ""},
		"plain 403": {inviteAda, 403, "Forbidden", "Generic authorization exception.", directory.Denied, "", ""},
		"employee's domain": {inviteAda, 400, "BadRequest", "This user cannot be invited because the domain of the user's email address is a verified domain of this directory.",
			directory.Invalid, directory.AddressInVerifiedDomain, ""},
		"exists": {inviteAda, 400, "BadRequest", exists + ". They can use that account to sign in to shared apps and resources.",
			directory.Invalid, directory.UserExists, userID},
		"exists, in other words": {inviteAda, 400, "BadRequest", "Non-external user already exists with the given mail address and can't be invited.",
			directory.Invalid, directory.UserExists, ""},
		"exists and is disabled": {inviteAda, 400, "BadRequest", exists + ", but the account is blocked from signing in. If the account is unblocked, they can use that account to sign in to shared apps and resources.",
			directory.Invalid, directory.UserExistsDisabled, userID},
		"address refused":              {inviteAda, 400, "BadRequest", "The Primary SMTP Address is an invalid value", directory.Invalid, directory.AddressRefused, ""},
		"cross-tenant block":           {inviteAda, 400, "BadRequest", "This invitation is blocked by cross-tenant access settings.", directory.Invalid, "", ""},
		"converted to internal before": {inviteAda, 412, "PreconditionFailed", "x", directory.Conflict, "", ""},
		"quota":                        {inviteAda, 403, "Directory_QuotaExceeded", "The directory object quota limit for the Tenant has been exceeded.", directory.Conflict, "", ""},
		"concurrency as 409":           {add, 409, "Directory_ConcurrencyViolation", "x", directory.Conflict, "", ""},
		"concurrency as 503":           {add, 503, "Directory_ConcurrencyViolation", "x", directory.OutcomeUnknown, "", ""},
		"already a member": {add, 400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.",
			directory.Invalid, directory.AlreadyMember, ""},
		"user not there yet": {add, 400, "Request_BadRequest", "Not a valid reference update.", directory.Invalid, directory.ReferenceNotReady, ""},
		"user not found": {add, 404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried reference-property objects are not present.",
			directory.NotFound, directory.ReferenceNotReady, ""},
		"mail-enabled group": {add, 400, "Request_BadRequest", "Cannot Update a mail-enabled security groups and or distribution list.", directory.Invalid, "", ""},
		"not a member": {remove, 404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried reference-property objects are not present.",
			directory.NotFound, "", ""},
		"not a member, in other words": {remove, 400, "Request_BadRequest", "One or more removed object references do not exist for the following modified properties: 'members'.",
			directory.NotFound, "", ""},
		"a sponsor of an invitation is unknown":  {inviteAda, 400, "BadRequest", missing, directory.Invalid, directory.ReferenceNotReady, ""},
		"the same as the directory's own answer": {inviteAda, 404, "Request_ResourceNotFound", missing, directory.NotFound, directory.ReferenceNotReady, ""},
		"a sponsor already": {sponsor, 400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'sponsors'.",
			directory.Invalid, directory.AlreadySponsor, ""},
		"a sponsor or a user that is not there": {sponsor, 404, "Request_ResourceNotFound", missing, directory.NotFound, directory.ReferenceNotReady, ""},
		"a sponsor too many":                    {sponsor, 400, "Request_BadRequest", "No more than 5 sponsors can be assigned.", directory.Invalid, "", ""},
		"not a sponsor":                         {unsponsor, 404, "Request_ResourceNotFound", missing, directory.NotFound, "", ""},
		"not a sponsor, in other words": {unsponsor, 400, "Request_BadRequest", "One or more removed object references do not exist for the following modified properties: 'sponsors'.",
			directory.NotFound, "", ""},
		"a role already":                            {grant, 400, "Request_BadRequest", "Permission being assigned already exists on the object", directory.Invalid, directory.AssignmentExists, ""},
		"a role already, in other words":            {grant, 400, "Request_BadRequest", "EntitlementGrant entry already exists.", directory.Invalid, directory.AssignmentExists, ""},
		"the same with a code of its own":           {grant, 400, "Request_MultipleObjectsWithSameKeyValue", "EntitlementGrant entry already exists.", directory.Invalid, directory.AssignmentExists, ""},
		"a role for a user who is not there yet":    {grant, 400, "Request_BadRequest", "Not a valid reference update.", directory.Invalid, directory.ReferenceNotReady, ""},
		"an application that is not there":          {grant, 404, "Request_ResourceNotFound", missing, directory.NotFound, directory.ReferenceNotReady, ""},
		"a role that the application does not have": {grant, 400, "Request_BadRequest", "Permission being assigned was not found on application 'x'.", directory.Invalid, directory.RoleUnknown, ""},
		"no assignment":                             {revoke, 404, "Request_ResourceNotFound", missing, directory.NotFound, "", ""},
		"a name that is taken": {restore, 400, "Request_BadRequest", "Another object with the same value for property userPrincipalName already exists.",
			directory.Conflict, directory.AddressInUse, ""},
		"no assignment, in other words": {revoke, 400, "Request_BadRequest", "EntitlementGrant being updated or deleted is not found.",
			directory.NotFound, "", ""},
		"an address that is taken": {restore, 400, "Request_BadRequest", "Another object with the same value for property proxyAddresses already exists.",
			directory.Conflict, directory.AddressInUse, ""},
		"an address that is taken, by its code": {restore, 400, "Request_MultipleObjectsWithSameKeyValue", "x", directory.Conflict, directory.AddressInUse, ""},
		"an object in conflict": {restore, 409, "ObjectConflict", "A conflicting object with one or more of the specified property values is present in the directory.",
			directory.Conflict, directory.AddressInUse, ""},
		"a conflict with another request": {restore, 409, "Directory_ConcurrencyViolation", "x", directory.Conflict, "", ""},
		"not among the deleted":           {restore, 404, "Request_ResourceNotFound", missing, directory.NotFound, "", ""},
		"a property that is refused": {update, 400, "Request_BadRequest", "Invalid value specified for property 'usageLocation' of resource 'User'.",
			directory.Invalid, "", ""},
		"a 404 that is not the directory's": {read, 404, "", "", directory.Unavailable, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			err := tt.do(clientOf(t, refusing(tt.status, tt.code, tt.message)))
			var e *directory.Error
			g.Expect(errors.As(err, &e)).To(BeTrue())
			g.Expect(e.Class).To(Equal(tt.class))
			g.Expect(e.Detail).To(Equal(tt.detail))
			g.Expect(e.UserID).To(Equal(tt.userID))
			g.Expect(e.Message).To(Equal(tt.message))
		})
	}
}

var oddBodies = []string{
	"", " ", "null", "0", `"x"`, "[]", "{}", "{", "<html><body>502</body></html>", "\x00\xff",
	`{"error":null}`, `{"error":"x"}`, `{"error":[]}`, `{"error":{}}`, `{"error":{"code":null,"message":null}}`,
	`{"error":{"code":7,"message":{}}}`, `{"error":{"code":"X","message":{"lang":"en","value":"words"}}}`,
	`{"error":{"code":"X","message":"words","details":{},"innerError":"x"}}`, `{"error":{"code":"X","innerError":{"date":"never"}}}`,
	`{"odata.error":{"code":"X","message":{"lang":"en","value":"words"}}}`,
	`{"value":null}`, `{"value":{}}`, `{"value":[null]}`, `{"value":["x"]}`, `{"value":[{}]}`, `{"value":[{"id":7}]}`, `{"value":[{"id":null}]}`,
	`{"value":[{"id":"x","createdDateTime":"yesterday"}]}`, `{"value":[],"@odata.nextLink":7}`, `{"value":[],"@odata.nextLink":"::"}`,
	`{"id":{}}`, `{"id":"x","identities":[null,7,{"issuer":[]}],"otherMails":7,"proxyAddresses":[7,null]}`,
	`{"invitedUser":null}`, `{"invitedUser":[]}`, `{"invitedUser":{"id":7}}`, `{"invitedUser":{"id":"not-a-guid"}}`, `{"invitedUser":{"id":null},"inviteRedeemUrl":7}`,
}

func TestAnswersThatCannotBeReadAreErrorsAndNeverPanics(t *testing.T) {
	for _, status := range []int{200, 201, 202, 204, 400, 404, 429, 500} {
		for i, body := range oddBodies {
			for _, contentType := range []string{"application/json", "text/html", ""} {
				t.Run(fmt.Sprintf("%d/%d/%s", status, i, contentType), func(t *testing.T) {
					g := NewWithT(t)
					client := clientOf(t, nil, func(c *Config) { c.Transport = canned(status, contentType, body, "") })
					for op, err := range everything(context.Background(), client) {
						switch {
						case err != nil:
							var e *directory.Error
							g.Expect(errors.As(err, &e)).To(BeTrue(), "%s: %T %v", op, err, err)
							g.Expect(e.Error()).NotTo(BeEmpty())
							if status < 300 && op == invite {
								g.Expect(e.Class).To(Equal(directory.OutcomeUnknown))
							}
						default:
							g.Expect(status).To(BeNumerically("<", 300))
							g.Expect(op).NotTo(Equal(invite), "an invitation without a user is not one")
							g.Expect(op).NotTo(Equal(getUser))
						}
					}
				})
			}
		}
	}
}

// FuzzAnswers holds every method against any answer at all.
func FuzzAnswers(f *testing.F) {
	for i, body := range oddBodies {
		f.Add(200+i*7, "application/json", body, "Bearer claims=eyJ9", "1e9")
	}
	f.Add(401, "", "", `Bearer realm="", claims="e30="`, "")
	f.Add(401, "", "", `Bearer realm="", claims=e30=, error=x`, "")
	f.Fuzz(func(t *testing.T, status int, contentType, body, challenge, retryAfter string) {
		if status < 200 || status > 999 {
			return
		}
		client := clientOf(t, nil, func(c *Config) {
			c.Transport = canned(status, contentType, body, challenge, "Retry-After", retryAfter)
		})
		for op, err := range everything(context.Background(), client) {
			var e *directory.Error
			if err != nil && !errors.As(err, &e) {
				t.Fatalf("%s: %T %v", op, err, err)
			}
			if err != nil && !isWrite(op) && e.Class == directory.OutcomeUnknown {
				t.Fatalf("%s: a read has no unknown outcome", op)
			}
		}
	})
}

// canned is a transport that answers by itself.
func canned(status int, contentType, body, challenge string, headers ...string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		return response(r, status, body, append(headers, "Content-Type", contentType, "WWW-Authenticate", challenge)...), nil
	})
}

func TestTheDirectorysTextIsOneBoundedLine(t *testing.T) {
	g := NewWithT(t)
	long := strings.Repeat("é", 3000)
	_, err := clientOf(t, answer(400, `{"error":{"code":"X","message":"a\r\n\tb\u0000c `+long+`"}}`)).GetUser(context.Background(), userID)
	var e *directory.Error
	g.Expect(errors.As(err, &e)).To(BeTrue())
	g.Expect(e.Message).To(HavePrefix("a b c é"))
	g.Expect([]rune(e.Message)).To(HaveLen(maxMessage))
}
