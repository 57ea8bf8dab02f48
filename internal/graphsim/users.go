package graphsim

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func listUsers(x *exchange) (*answer, *apiError) { return x.list(x.liveUsers()) }

func countUsers(x *exchange) (*answer, *apiError) { return x.countOnly(x.liveUsers()) }

func (x *exchange) liveUsers() source { return x.userSource(x.t.users, x.t.canRead) }

// userSource draws from a set of users, by its indexes where the filter allows.
func (x *exchange) userSource(set *userSet, visible func(*user) bool) source {
	return source{resource: userResource, context: "users", after: func(seq uint64, filter predicate) iter.Seq[entry] {
		users := set.ordered.after(seq)
		if narrowed, ok := set.candidates(filter); ok {
			users = inOrder(narrowed, seq)
		}
		return func(yield func(entry) bool) {
			for _, u := range users {
				if !yield(entry{u, u.seq, func() bool { return visible(u) }}) {
					return
				}
			}
		}
	}}
}

// inOrder sorts the few users that an index named, each once, those after seq.
func inOrder(users []*user, seq uint64) []*user {
	users = slices.DeleteFunc(users, func(u *user) bool { return u.seq <= seq })
	slices.SortFunc(users, func(a, b *user) int { return cmp.Compare(a.seq, b.seq) })
	return slices.Compact(users)
}

// pathUser is the user that the path names by id or user principal name, as far as
// the replica that answers a read can see it.
func (x *exchange) pathUser() (*user, *apiError) {
	u := x.t.userNamed(x.params["id"])
	if u == nil || !x.t.canRead(u) {
		return nil, notFound(x.params["id"])
	}
	return u, nil
}

// pathUserForWrite is pathUser for a write. A user that exists and has not yet
// reached the replica is refused in other words than one that does not exist.
func (x *exchange) pathUserForWrite() (*user, *apiError) {
	u := x.t.userNamed(x.params["id"])
	switch {
	case u == nil || u.deleted:
		return nil, notFound(x.params["id"])
	case !x.t.canWrite(u):
		return nil, refuse(http.StatusNotFound, "Directory_ObjectNotFound", "Unable to read the company information from the directory.")
	}
	return u, nil
}

func (t *Tenant) userNamed(name string) *user {
	if u := t.users.byID[strings.ToLower(name)]; u != nil {
		return u
	}
	var named *user
	for _, u := range t.users.byUPN.find(name) {
		if named == nil || !u.deleted { // a live one rather than one that is leaving
			named = u
		}
	}
	return named
}

func getUser(x *exchange) (*answer, *apiError) {
	q, err := x.itemQuery(userResource)
	if err != nil {
		return nil, err
	}
	u, err := x.pathUser()
	if err != nil {
		return nil, err
	}
	return x.item(u, q, "users", false), nil
}

func patchUser(x *exchange) (*answer, *apiError) {
	body, err := x.payload()
	if err != nil {
		return nil, err
	}
	u, err := x.pathUserForWrite()
	if err != nil {
		return nil, err
	}
	if err := x.authorizeUserPatch(u, body); err != nil {
		return nil, err
	}
	if err := x.t.patchUser(u, body, ByAPI); err != nil {
		return nil, err
	}
	x.record(WriteEvent{Target: u.ID, UserID: u.ID, Properties: slices.Sorted(maps.Keys(body))})
	return noContent(), nil
}

// patchUser changes the properties that the body names, by their Graph names, all or
// none.
func (t *Tenant) patchUser(u *user, body map[string]json.RawMessage, by string) *apiError {
	if u.OnPremisesSyncEnabled {
		return onPremises()
	}
	changed := &user{User: u.snapshot(), seq: u.seq}
	if err := userResource.apply(changed, body); err != nil {
		return err
	}
	if err := t.checkUser(u, &changed.User, body); err != nil {
		return err
	}
	was := u.Disabled
	t.changeUser(u, func(into *User) { *into = changed.User })
	t.recordState(u.ID, patchState(was, u.Disabled), by)
	return nil
}

// sensitive properties of an administrator are not for an application to write.
var sensitive = []string{
	"accountEnabled", "businessPhones", "mobilePhone", "onPremisesImmutableId", "otherMails", "passwordProfile", "userPrincipalName",
}

// authorizeUserPatch lets the narrow permissions change only what they are for.
func (x *exchange) authorizeUserPatch(u *user, body map[string]json.RawMessage) *apiError {
	if u.DirectoryRole && slices.ContainsFunc(sensitive, func(name string) bool { return body[name] != nil }) {
		return requestDenied()
	}
	if x.grantsAny(writeUsers) {
		return nil
	}
	allowed := map[string]string{
		"accountEnabled": "User.EnableDisableAccount.All",
		"otherMails":     "User-Mail.ReadWrite.All",
		"identities":     "User.ManageIdentities.All",
	}
	for name := range body {
		if permission, narrow := allowed[name]; !narrow || !x.grants(permission) {
			return requestDenied()
		}
	}
	if _, given := body["accountEnabled"]; given && !x.grantsAny([]string{"User.Read.All", "Directory.Read.All"}) {
		return requestDenied()
	}
	return nil
}

func patchState(was, is bool) string {
	switch {
	case !was && is:
		return "disabled"
	case was && !is:
		return "enabled"
	}
	return "updated"
}

// checkUser refuses values that the directory does not hold, and keeps the proxy
// addresses in step with the mail.
func (t *Tenant) checkUser(old *user, changed *User, body map[string]json.RawMessage) *apiError {
	if changed.UserType != "Guest" && changed.UserType != "Member" && changed.UserType != "" {
		return badRequest("Invalid value specified for property 'userType' of resource 'User'.")
	}
	if changed.UserPrincipalName != old.UserPrincipalName && t.upnTaken(changed.UserPrincipalName) {
		return badRequest("Another object with the same value for property userPrincipalName already exists.")
	}
	if _, mail := body["mail"]; mail && changed.Mail != old.Mail {
		for _, holder := range t.users.byProxy.find("smtp:" + changed.Mail) {
			if holder != old && !holder.deleted {
				return badRequest("Another object with the same value for property proxyAddresses already exists.")
			}
		}
		changed.ProxyAddresses = proxiesFor(changed.Mail)
	}
	return nil
}

func proxiesFor(mail string) []string {
	if mail == "" {
		return nil
	}
	return []string{"SMTP:" + mail}
}

func (t *Tenant) upnTaken(upn string) bool {
	return slices.ContainsFunc(t.users.byUPN.find(upn), func(u *user) bool { return !u.deleted })
}

func deleteUser(x *exchange) (*answer, *apiError) {
	u, err := x.pathUserForWrite()
	if err != nil {
		return nil, err
	}
	return x.deleteUser(u)
}

func (x *exchange) deleteUser(u *user) (*answer, *apiError) {
	if u.DirectoryRole {
		return nil, requestDenied()
	}
	x.t.deleteUser(u, ByAPI)
	x.commit(u.ID, u.ID, "")
	return noContent(), nil
}

// deleteUser soft-deletes: the user moves to the deleted items once the replicas
// agree, and stays a member of its groups until it is purged.
func (t *Tenant) deleteUser(u *user, by string) {
	u.deleted, u.died, u.leaving = true, t.stamp(), t.veil(t.lag.Deletions)
	t.recordState(u.ID, "deleted", by)
	t.logUser(u.ID)
	t.leavers = append(t.leavers, u)
	t.settle()
}

// bury moves a deleted user to the deleted items. The name is freed for others by
// putting the id before it, as the directory does.
func (t *Tenant) bury(u *user) {
	t.users.remove(u)
	u.DeletedDateTime = u.died
	u.UserPrincipalName = strings.ReplaceAll(u.ID, "-", "") + u.UserPrincipalName
	t.deleted.add(u)
	t.graves = append(t.graves, grave{u, u.DeletedDateTime})
}

func (t *Tenant) revokeSessions(u *user, by string) {
	t.changeUser(u, func(u *User) { u.SignInSessionsValidFromDateTime = t.stamp() })
	t.recordState(u.ID, "sessionsRevoked", by)
}

func revokeSignInSessions(x *exchange) (*answer, *apiError) {
	u, err := x.pathUserForWrite()
	if err != nil {
		return nil, err
	}
	x.t.revokeSessions(u, ByAPI)
	x.commit(u.ID, u.ID, "")
	return ok(map[string]any{"@odata.context": x.context("Edm.Boolean"), "value": true}), nil
}
