package policy

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// Invitation is what a GuestInvitation asks for.
type Invitation struct {
	EmailAddress string
	// RedirectURL is where the guest is to land; empty for the tenant's own.
	RedirectURL string
	// UserType is Guest where empty.
	UserType b2b.UserType
	// MessageBody is set where the mail is to have a text of its own.
	MessageBody bool
	// CcRecipients are the addresses that are to get a copy of the mail.
	CcRecipients []string
	// TenantRedirectURL is the tenant's own, which is always allowed.
	TenantRedirectURL string
	// Sponsored is set where somebody answers for the guest: sponsors are named and, as far as that is known, one of them is there.
	Sponsored bool
	// ProfileFields are the properties of the profile that are to be set.
	ProfileFields []b2b.ProfileField
	// AdoptedWrites is set where the sponsors or the profile of a guest are to be written who was in the tenant before.
	AdoptedWrites bool
	Lifetime
}

// Invitation decides whether the namespace may invite.
func (g Grants) Invitation(invitation Invitation) Decision {
	return g.judge(func(policy *b2b.GuestPolicy) verdict {
		said := verdict{objections: invitationObjections(policy.Spec.Invitations, invitation)}
		invitation.limit(&said, policy.Spec.Invitations)
		return said
	})
}

func invitationObjections(grant *b2b.InvitationGrant, invitation Invitation) (objections []string) {
	if grant == nil {
		return []string{"any invitation"}
	}
	if domain := domainOf(invitation.EmailAddress); !allowsDomain(grant, domain) {
		objections = append(objections, domainObjection(domain))
	}
	if invitation.UserType == b2b.UserTypeMember && !grant.AllowMemberUserType {
		objections = append(objections, "userType Member")
	}
	objections = append(objections, messageObjections(grant, invitation)...)
	objections = append(objections, upkeepObjections(grant, invitation)...)
	return append(objections, redirectObjections(grant, invitation)...)
}

// messageObjections are those to the mail. They name the field of the policy that would grant it: whoever asks cannot read policies.
func messageObjections(grant *b2b.InvitationGrant, invitation Invitation) (objections []string) {
	if invitation.MessageBody && !grant.AllowMessageBody {
		objections = append(objections, "a message.body (allowMessageBody)")
	}
	for _, address := range invitation.CcRecipients {
		if domain := domainOf(address); !anyMatchesDomain(grant.AllowedCcDomains, domain) {
			objections = append(objections, fmt.Sprintf("a copy of the mail to the domain %q (allowedCcDomains)", domain))
		}
	}
	return objections
}

// upkeepObjections are those to who answers for the guest, and to what is to be written about them. They name the field of the policy,
// as messageObjections do.
func upkeepObjections(grant *b2b.InvitationGrant, invitation Invitation) (objections []string) {
	if grant.RequireSponsor && !invitation.Sponsored {
		objections = append(objections, "an invitation without a sponsor (requireSponsor)")
	}
	for _, field := range invitation.ProfileFields {
		if !slices.Contains(grant.AllowedProfileFields, field) {
			objections = append(objections, fmt.Sprintf("setting profile.%s (allowedProfileFields)", field))
		}
	}
	if invitation.AdoptedWrites && !grant.AllowAdoptedWrites {
		objections = append(objections, "writing to a guest who was in the tenant before (allowAdoptedWrites)")
	}
	return objections
}

func domainObjection(domain string) string { return fmt.Sprintf("the e-mail domain %q", domain) }

func redirectObjections(grant *b2b.InvitationGrant, invitation Invitation) []string {
	if invitation.RedirectURL == "" || invitation.RedirectURL == invitation.TenantRedirectURL {
		return nil
	}
	host, plain := redirectHost(invitation.RedirectURL)
	switch {
	case !plain:
		return []string{"a redirectURL that is not https and a host name"}
	case !slices.Contains(grant.AllowedRedirectHosts, host):
		return []string{fmt.Sprintf("the redirect host %q", host)}
	}
	return nil
}

// redirectHost gives the host in lower case. Plain is false where a browser could read another host out of the URL than we do.
func redirectHost(redirectURL string) (host string, plain bool) {
	u, err := url.Parse(redirectURL)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Host == "" || u.Port() != "" || strings.ContainsAny(redirectURL, "\\ \t\r\n") {
		return "", false
	}
	return strings.ToLower(u.Hostname()), true
}
