package graphsim

import (
	"fmt"
	"slices"
	"strings"
)

// The methods of this file are an administrator at work: they take effect at once
// unless said otherwise, and are no calls or writes of the API.

// AddUser adds an employee, or whatever the fields say, and returns the id. What is
// empty is filled in: id, user principal name, mail, user type Member, creation time.
func (t *Tenant) AddUser(u User) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.addUserAsAdmin(u).ID
}

// AddGuest adds a guest who accepted an invitation before anybody counted, and
// returns the id.
func (t *Tenant) AddGuest(address, displayName string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.addGuestAsAdmin(address, displayName).ID
}

func (t *Tenant) addGuestAsAdmin(address, displayName string) *user {
	local, domain, _ := strings.Cut(address, "@")
	upn := t.guestName(address)
	return t.addUserAsAdmin(User{
		DisplayName: orElse(displayName, nameFrom(local)), UserPrincipalName: upn,
		Mail: address, OtherMails: []string{address}, UserType: "Guest", CreationType: "Invitation",
		ExternalUserState: "Accepted", ExternalUserStateChangeDateTime: t.stamp(),
		Identities: []Identity{{"userPrincipalName", t.options.InitialDomain, upn}, {"federated", providerOf(strings.ToLower(domain)), ""}},
	})
}

func (t *Tenant) addUserAsAdmin(u User) *user {
	if u.ID == "" {
		u.ID = t.ids.guid()
	}
	if u.UserPrincipalName == "" {
		local, _, _ := strings.Cut(orElse(u.Mail, strings.ReplaceAll(strings.ToLower(u.DisplayName), " ", ".")), "@")
		u.UserPrincipalName = local + "@" + t.defaultDomain()
	}
	u.UserType = orElse(u.UserType, "Member")
	if u.ProxyAddresses == nil {
		u.ProxyAddresses = proxiesFor(u.Mail)
	}
	added := t.addUser(u, ByAdmin)
	added.reads, added.writes = veil{}, veil{}
	return added
}

// addUser puts a user into the directory, behind the veil of replication.
func (t *Tenant) addUser(u User, by string) *user {
	u.ID = strings.ToLower(u.ID)
	if u.CreatedDateTime.IsZero() {
		u.CreatedDateTime = t.stamp()
	}
	if u.SignInSessionsValidFromDateTime.IsZero() {
		u.SignInSessionsValidFromDateTime = u.CreatedDateTime
	}
	added := &user{User: u, seq: t.nextSeq(), reads: t.veil(t.lag.Reads), writes: t.veil(t.lag.Writes)}
	for _, alias := range u.Aliases {
		t.aliases[strings.ToLower(alias)] = u.ID
	}
	for name := range u.Other {
		if userResource.byName[name] == nil {
			t.extensions[name] = true
		}
	}
	t.users.add(added)
	t.logUser(u.ID)
	t.recordState(u.ID, "created", by)
	return added
}

// AddAlias gives a guest's home account a further address that the directory does
// not know: inviting it returns that guest.
func (t *Tenant) AddAlias(userID, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.aliases[strings.ToLower(address)] = userID
}

// AddGroup adds a group and returns its id. One without any type is a security group.
func (t *Tenant) AddGroup(g Group) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	g.ID = strings.ToLower(orElse(g.ID, t.ids.guid()))
	if !g.MailEnabled && !g.unified() {
		g.SecurityEnabled = true
	}
	if g.unified() {
		g.MailEnabled = true
		g.Visibility = orElse(g.Visibility, "Private")
	}
	g.MailNickname = orElse(g.MailNickname, strings.ReplaceAll(strings.ToLower(g.DisplayName), " ", "-"))
	if g.MailEnabled {
		g.Mail = orElse(g.Mail, g.MailNickname+"@"+t.defaultDomain())
	}
	if g.CreatedDateTime.IsZero() {
		g.CreatedDateTime = t.stamp()
	}
	t.addGroup(&group{Group: g})
	return g.ID
}

// DeleteGroup deletes a group.
func (t *Tenant) DeleteGroup(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.groupByID[strings.ToLower(id)]
	if g == nil {
		return absent("group", id)
	}
	t.deleteGroup(g)
	return nil
}

// UpdateGroup changes a group by hand, for example its kind.
func (t *Tenant) UpdateGroup(id string, change func(*Group)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.groupByID[strings.ToLower(id)]
	if g == nil {
		return absent("group", id)
	}
	t.changeGroup(g, change)
	return nil
}

func absent(kind, id string) error { return fmt.Errorf("no such %s: %s", kind, id) }

// AddMember puts a user or group into a group of any kind. It is no error if it is
// in already.
func (t *Tenant) AddMember(groupID, memberID string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, member := t.groupByID[strings.ToLower(groupID)], t.object(strings.ToLower(memberID))
	switch {
	case g == nil:
		return absent("group", groupID)
	case member == nil:
		return absent("member", memberID)
	case !g.has(member.objectID()):
		t.join(g, member.objectID(), ByAdmin)
	}
	return nil
}

// RemoveMember takes a member out of a group.
func (t *Tenant) RemoveMember(groupID, memberID string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.groupByID[strings.ToLower(groupID)]
	switch {
	case g == nil:
		return absent("group", groupID)
	case !g.has(strings.ToLower(memberID)):
		return absent("member", memberID)
	}
	t.part(g, strings.ToLower(memberID), ByAdmin)
	return nil
}

// liveUser is a user that is not deleted.
func (t *Tenant) liveUser(id string) (*user, error) {
	if u := t.users.byID[strings.ToLower(id)]; u != nil && !u.deleted {
		return u, nil
	}
	return nil, absent("user", id)
}

// DeleteUser soft-deletes a user, with the lag that is set for deletions.
func (t *Tenant) DeleteUser(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, err := t.liveUser(id)
	if err == nil {
		t.deleteUser(u, ByAdmin)
	}
	return err
}

// UpdateUser changes a user by hand.
func (t *Tenant) UpdateUser(id string, change func(*User)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, err := t.liveUser(id)
	if err != nil {
		return err
	}
	was := u.Disabled
	t.changeUser(u, change)
	t.recordState(u.ID, patchState(was, u.Disabled), ByAdmin)
	return nil
}

// DisableUser blocks a user's sign-in.
func (t *Tenant) DisableUser(id string) error {
	return t.UpdateUser(id, func(u *User) { u.Disabled = true })
}

// RestoreUser brings a soft-deleted user back.
func (t *Tenant) RestoreUser(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle()
	u := t.deleted.byID[strings.ToLower(id)]
	if u == nil {
		return absent("deleted user", id)
	}
	if err := t.restore(u, ByAdmin); err != nil {
		return err
	}
	u.reads, u.writes = veil{}, veil{}
	return nil
}

// PurgeDeleted ends all soft-deleted users for good.
func (t *Tenant) PurgeDeleted() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle()
	for _, u := range slices.Clone(t.deleted.ordered.items) {
		t.purge(u, ByAdmin)
	}
}
