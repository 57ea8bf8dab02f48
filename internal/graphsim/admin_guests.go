package graphsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The methods of this file are an administrator, or an access review, at work on
// guests. See admin.go.

// EnableUser lets a user sign in again.
func (t *Tenant) EnableUser(id string) error {
	return t.UpdateUser(id, func(u *User) { u.Disabled = false })
}

// PatchUser changes a user's properties by their Graph names, under the rules of
// PATCH /users/{id}: null clears, what is unknown or read-only is refused.
func (t *Tenant) PatchUser(id string, properties map[string]json.RawMessage) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, err := t.liveUser(id)
	if err != nil {
		return err
	}
	if refusal := t.patchUser(u, properties, ByAdmin); refusal != nil {
		return refusal
	}
	return nil
}

// AddSponsor makes a user or group a sponsor of a user. It is no error if it is one
// already.
func (t *Tenant) AddSponsor(userID, sponsorID string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, err := t.liveUser(userID)
	sponsorID = strings.ToLower(sponsorID)
	switch {
	case err != nil:
		return err
	case t.object(sponsorID) == nil:
		return absent("sponsor", sponsorID)
	case !slices.Contains(u.Sponsors, sponsorID) && len(t.sponsorsOf(u)) >= maxSponsors:
		return fmt.Errorf("user %s: %s", u.ID, tooManySponsors)
	}
	t.sponsor(u, sponsorID, ByAdmin)
	return nil
}

// RemoveSponsor takes a sponsor from a user.
func (t *Tenant) RemoveSponsor(userID, sponsorID string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, err := t.liveUser(userID)
	sponsorID = strings.ToLower(sponsorID)
	switch {
	case err != nil:
		return err
	case !slices.Contains(u.Sponsors, sponsorID):
		return absent("sponsor", sponsorID)
	}
	t.unsponsor(u, sponsorID, ByAdmin)
	return nil
}

// SignUp brings in a guest by a self-service sign-up flow, whom nobody invited: there
// is no invitation, no mail and no externalUserState. It returns the id.
func (t *Tenant) SignUp(address, displayName string) (id string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if holder := t.holder(strings.ToLower(address)); holder != nil {
		return "", fmt.Errorf("user %s has the address already", holder.ID)
	}
	local, domain, _ := strings.Cut(address, "@")
	name := t.guestName(address)
	guest := t.addUser(User{
		ID: t.ids.guid(), DisplayName: orElse(displayName, nameFrom(local)), UserPrincipalName: name,
		Mail: address, OtherMails: []string{address}, ProxyAddresses: proxiesFor(address),
		UserType: "Guest", CreationType: "SelfServiceSignUp",
		Identities: []Identity{{"userPrincipalName", t.options.InitialDomain, name}, {"federated", providerOf(strings.ToLower(domain)), ""}},
	}, ByGuest)
	guest.reads, guest.writes = veil{}, veil{}
	return guest.ID, nil
}
