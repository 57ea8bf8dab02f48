package graphsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// invitation is the body of POST /invitations.
type invitation struct {
	InvitedUserEmailAddress string       `json:"invitedUserEmailAddress"`
	InviteRedirectURL       string       `json:"inviteRedirectUrl"`
	InvitedUserDisplayName  string       `json:"invitedUserDisplayName"`
	InvitedUserType         string       `json:"invitedUserType"`
	SendInvitationMessage   bool         `json:"sendInvitationMessage"`
	ResetRedemption         bool         `json:"resetRedemption"`
	MessageInfo             *messageInfo `json:"invitedUserMessageInfo"`
	InvitedUser             *objectRef   `json:"invitedUser"`
	Sponsors                []objectRef  `json:"invitedUserSponsors"`
	ODataType               string       `json:"@odata.type"`
}

type messageInfo struct {
	CcRecipients          []recipient `json:"ccRecipients"`
	CustomizedMessageBody string      `json:"customizedMessageBody"`
	MessageLanguage       string      `json:"messageLanguage"`
	ODataType             string      `json:"@odata.type"`
}

type recipient struct {
	EmailAddress struct {
		Name      string `json:"name"`
		Address   string `json:"address"`
		ODataType string `json:"@odata.type"`
	} `json:"emailAddress"`
	ODataType string `json:"@odata.type"`
}

type objectRef struct {
	ID        string `json:"id"`
	ODataType string `json:"@odata.type"`
}

const (
	notAllowedForCompany = "Guest invitations not allowed for your company. Contact your company administrator for more details."
	blockedForActivity   = "Invitations are blocked for this directory due to suspicious activity."
	genericDenial        = "Generic authorization exception."
	invalidSMTPAddress   = "The Primary SMTP Address is an invalid value"
	verifiedDomain       = "This user cannot be invited because the domain of the user's email address is a verified domain of this directory."
	crossTenantBlocked   = "This invitation is blocked by cross-tenant access settings. Admins in both your organization and the invited user's organization must configure cross-tenant access settings to allow the invitation."
	alreadyExists        = "The invited user already exists in the directory as object ID: %s. They can use that account to sign in to shared apps and resources."
	alreadyExistsBlocked = "The invited user already exists in the directory as object ID: %s, but the account is blocked from signing in. If the account is unblocked, they can use that account to sign in to shared apps and resources."
	emailMismatch        = "The email you’re using to invite this user doesn’t match any emails on the user object. Please add this email to the user object and try again."
	groupAddress         = "Group email address is not supported."
)

func forbiddenInvitation(message string) *apiError {
	return refuse(http.StatusForbidden, "Forbidden", "%s", message)
}

// postInvitation creates a guest, or returns the one who has the address already
// with a new invitation and ticket: the operation is not idempotent.
func postInvitation(x *exchange) (*answer, *apiError) {
	in, err := x.readInvitation()
	if err != nil {
		return nil, err
	}
	guest, err := x.invitee(in)
	if err != nil {
		return nil, err
	}
	t, inv := x.t, x.t.newTicket(in)
	if x.t.faults.take(x, instead) != nil {
		return created(x.invitationBody(in, inv, t.ids.guid(), "PendingAcceptance")), nil
	}
	redeemed := guest != nil && guest.ExternalUserState == "Accepted"
	switch {
	case guest == nil:
		guest = t.createGuest(in)
	case in.InvitedUser != nil:
		t.changeUser(guest, func(u *User) { u.ExternalUserState, u.ExternalUserStateChangeDateTime = "PendingAcceptance", t.stamp() })
		redeemed = false
	}
	t.recordState(guest.ID, "invited", ByAPI)
	t.issue(inv, guest)
	address := strings.ToLower(in.InvitedUserEmailAddress)
	t.ledger.Invitations[address]++
	if in.SendInvitationMessage {
		t.sendMail(in, inv)
	}
	x.commit(address, guest.ID, "")
	status := "PendingAcceptance"
	if redeemed && t.behaviour.CompletedStatus {
		status = "Completed"
	}
	return created(x.invitationBody(in, inv, guest.ID, status)), nil
}

// readInvitation parses the body and refuses what the service refuses about it.
func (x *exchange) readInvitation() (*invitation, *apiError) {
	body, err := x.payload()
	if err != nil {
		return nil, err
	}
	in := &invitation{}
	if name := unknownField(body, in); name != "" {
		return nil, invitationRefused("The property '%s' does not exist on type 'microsoft.graph.invitation'. Make sure to only use property names that are defined by the type.", name)
	}
	decoder := json.NewDecoder(strings.NewReader(string(x.body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(in); err != nil {
		return nil, invitationRefused("Invalid value in the request body: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if in.InvitedUserType == "Member" && !x.grantsAny(writeUsers) && x.t.behaviour.MemberAsGuest {
		in.InvitedUserType = "Guest"
	}
	return in, x.checkInvitation(in)
}

func (x *exchange) checkInvitation(in *invitation) *apiError {
	redirect, parseErr := url.Parse(in.InviteRedirectURL)
	switch {
	case x.t.policy["allowInvitesFrom"] == "none":
		return forbiddenInvitation(notAllowedForCompany)
	case x.t.behaviour.InvitationsBlocked:
		return forbiddenInvitation(blockedForActivity)
	case in.InvitedUserEmailAddress == "":
		return invitationRefused("Property invitedUserEmailAddress is required.")
	case !validAddress(in.InvitedUserEmailAddress):
		return invitationRefused(invalidSMTPAddress)
	case parseErr != nil || redirect.Scheme == "" || redirect.Host == "":
		return invitationRefused("Property inviteRedirectUrl is required and must be an absolute URL.")
	case in.InvitedUserType != "" && in.InvitedUserType != "Guest" && in.InvitedUserType != "Member":
		return invitationRefused("Invalid value for property invitedUserType.")
	case in.InvitedUserType == "Member" && !x.grantsAny(writeUsers):
		return forbiddenInvitation(genericDenial)
	case in.MessageInfo != nil && len(in.MessageInfo.CcRecipients) > 1:
		return invitationRefused("Only one CC recipient is supported.")
	case in.ResetRedemption && (in.InvitedUser == nil || in.InvitedUser.ID == ""):
		return invitationRefused("Property invitedUser.id is required to reset the redemption.")
	}
	return x.checkInvitedSponsors(in)
}

// forbiddenInAddress may stand nowhere in an invited address.
const forbiddenInAddress = "~!#$%^&*()+=[]{}\\/|;:\"<>?, \t"

// validAddress follows the invitation resource's rules: forbidden characters, and
// no dot or hyphen at an end of the local part.
func validAddress(address string) bool {
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" || strings.Contains(domain, "@") || len(address) > 254 || strings.ContainsAny(address, forbiddenInAddress) {
		return false
	}
	if strings.Trim(local, ".-") != local {
		return false
	}
	return strings.Contains(domain, ".") && strings.Trim(domain, ".-") == domain
}

// invitee is the user whom the invitation concerns, nil for one to be created, or
// the refusal of an address that cannot be invited.
func (x *exchange) invitee(in *invitation) (*user, *apiError) {
	t, address := x.t, strings.ToLower(in.InvitedUserEmailAddress)
	if in.InvitedUser != nil && in.InvitedUser.ID != "" {
		return x.invitedUser(in)
	}
	_, domain, _ := strings.Cut(address, "@")
	if slices.ContainsFunc(t.domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return nil, invitationRefused(verifiedDomain)
	}
	if slices.ContainsFunc(t.behaviour.BlockedDomains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return nil, invitationRefused(crossTenantBlocked)
	}
	for _, g := range t.groups.items {
		if strings.EqualFold(g.Mail, address) {
			return nil, invitationRefused(groupAddress)
		}
	}
	existing := t.holder(address)
	switch {
	case existing == nil:
		return nil, nil
	case existing.Disabled:
		return nil, invitationRefused(alreadyExistsBlocked, existing.ID)
	case !existing.External(), existing.ExternalUserState != "PendingAcceptance" && t.behaviour.RefuseRedeemed:
		return nil, invitationRefused(alreadyExists, existing.ID)
	}
	return existing, nil
}

// invitedUser is the existing user whose redemption is reset, or who is to sign in
// from outside from now on.
func (x *exchange) invitedUser(in *invitation) (*user, *apiError) {
	u := x.t.users.byID[strings.ToLower(in.InvitedUser.ID)]
	switch {
	case u == nil || u.deleted:
		return nil, notFound(in.InvitedUser.ID)
	case u.DirectoryRole, !x.grantsAny(writeUsers):
		return nil, forbiddenInvitation(genericDenial)
	}
	mails := append(slices.Clone(u.OtherMails), u.Mail)
	if !slices.ContainsFunc(mails, func(m string) bool { return strings.EqualFold(m, in.InvitedUserEmailAddress) }) {
		return nil, invitationRefused(emailMismatch)
	}
	return u, nil
}

// holder is the live user who has the address, as the directory or only the home
// tenant knows it.
func (t *Tenant) holder(address string) *user {
	for _, u := range t.users.byAddress(address) {
		if !u.deleted {
			return u
		}
	}
	if u := t.users.byID[t.aliases[address]]; u != nil && !u.deleted {
		return u
	}
	return nil
}

// createGuest makes the user that an invitation brings about.
func (t *Tenant) createGuest(in *invitation) *user {
	address := in.InvitedUserEmailAddress
	guest := User{
		ID:                              t.ids.guid(),
		UserPrincipalName:               t.guestName(address),
		DisplayName:                     orElse(in.InvitedUserDisplayName, address[:strings.Index(address, "@")]),
		Mail:                            address,
		OtherMails:                      []string{address},
		UserType:                        orElse(in.InvitedUserType, "Guest"),
		CreationType:                    "Invitation",
		ExternalUserState:               "PendingAcceptance",
		ExternalUserStateChangeDateTime: t.stamp(),
		CreatedDateTime:                 t.stamp(),
	}
	guest.MailNickname, _, _ = strings.Cut(guest.UserPrincipalName, "@")
	guest.Identities = []Identity{{SignInType: "userPrincipalName", Issuer: t.options.InitialDomain, IssuerAssignedID: guest.UserPrincipalName}}
	guest.ProxyAddresses = proxiesFor(address)
	added := t.addUser(guest, ByAPI)
	for _, sponsor := range in.Sponsors {
		t.sponsor(added, strings.ToLower(sponsor.ID), ByAPI)
	}
	return added
}

// guestName is local_domain#EXT#@initial domain, with digits where that is taken.
func (t *Tenant) guestName(address string) string {
	local := strings.Replace(address, "@", "_", 1)
	name := local + "#EXT#@" + t.options.InitialDomain
	for i := 1; t.upnTaken(name); i++ {
		name = local + strconv.Itoa(i) + "#EXT#@" + t.options.InitialDomain
	}
	return name
}

func (x *exchange) invitationBody(in *invitation, inv *ticket, userID, status string) map[string]any {
	message := map[string]any{
		"messageLanguage": nil, "customizedMessageBody": nil,
		"ccRecipients": []any{map[string]any{"emailAddress": map[string]any{"name": nil, "address": nil}}},
	}
	if info := in.MessageInfo; info != nil {
		message["messageLanguage"] = nullable(info.MessageLanguage)
		message["customizedMessageBody"] = nullable(info.CustomizedMessageBody)
		if len(info.CcRecipients) == 1 {
			cc := info.CcRecipients[0].EmailAddress
			message["ccRecipients"] = []any{map[string]any{"emailAddress": map[string]any{"name": nullable(cc.Name), "address": nullable(cc.Address)}}}
		}
	}
	return map[string]any{
		"@odata.context":          x.context("invitations/$entity"),
		"id":                      inv.invitationID,
		"inviteRedeemUrl":         x.t.redeemURL(inv),
		"invitedUserDisplayName":  nullable(in.InvitedUserDisplayName),
		"invitedUserType":         orElse(in.InvitedUserType, "Guest"),
		"invitedUserEmailAddress": in.InvitedUserEmailAddress,
		"sendInvitationMessage":   in.SendInvitationMessage,
		"resetRedemption":         in.ResetRedemption,
		"inviteRedirectUrl":       in.InviteRedirectURL,
		"status":                  status,
		"invitedUserMessageInfo":  message,
		"invitedUser":             map[string]any{"id": userID},
	}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
