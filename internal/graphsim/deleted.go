package graphsim

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// retention is how long a deleted object can be restored.
const retention = 30 * 24 * time.Hour

func listDeleted(kind string) handler {
	return func(x *exchange) (*answer, *apiError) {
		if kind == "group" {
			return x.list(groupSource(&x.t.deadGroups))
		}
		return x.list(x.userSource(x.t.deleted, func(*user) bool { return true }))
	}
}

// expire purges what was deleted longer ago than the retention.
func (t *Tenant) expire() {
	oldest := t.now().Add(-retention)
	for len(t.graves) > 0 && t.graves[0].time.Before(oldest) {
		dug := t.graves[0]
		t.graves = t.graves[1:]
		if u := dug.user; t.deleted.byID[u.ID] == u && u.DeletedDateTime.Equal(dug.time) { // neither restored nor purged since
			t.purge(u, "retention")
		}
	}
}

// grave is one deletion; graves are in order of time.
type grave struct {
	user *user
	time time.Time
}

// pathDeleted is the deleted object that the path names.
func (x *exchange) pathDeleted() (object, *apiError) {
	id := strings.ToLower(x.params["id"])
	if u := x.t.deleted.byID[id]; u != nil {
		return u, nil
	}
	for _, g := range x.t.deadGroups.items {
		if g.ID == id {
			return g, nil
		}
	}
	return nil, notFound(x.params["id"])
}

// getDeleted reads one deleted object, of the kind that a cast asks for if any.
func getDeleted(kind string) handler {
	return func(x *exchange) (*answer, *apiError) {
		o, err := x.pathDeleted()
		if err != nil {
			return nil, err
		}
		if kind != "" && o.resource().name != kind {
			return nil, notFound(x.params["id"])
		}
		q, err := x.itemQuery(o.resource())
		if err != nil {
			return nil, err
		}
		if kind != "" {
			return x.item(o, q, o.resource().set, false), nil
		}
		return x.item(o, q, "directoryObjects", true), nil
	}
}

func restoreDeleted(x *exchange) (*answer, *apiError) {
	o, err := x.pathDeleted()
	if err != nil {
		return nil, err
	}
	switch o := o.(type) {
	case *user:
		if o.DirectoryRole {
			return nil, requestDenied()
		}
		if err := x.t.restore(o, ByAPI); err != nil {
			return nil, err
		}
		x.commit(o.ID, o.ID, "")
	case *group:
		x.t.deadGroups.remove(o)
		o.DeletedDateTime = time.Time{}
		x.t.addGroup(o)
		x.commit(o.ID, "", o.ID)
	}
	q, err := x.itemQuery(o.resource())
	if err != nil {
		return nil, err
	}
	return x.item(o, q, "directoryObjects", true), nil
}

// restore brings a user back with id, name and groups. There is no automatic
// resolution of conflicts in v1.0.
func (t *Tenant) restore(u *user, by string) *apiError {
	upn := strings.TrimPrefix(u.UserPrincipalName, strings.ReplaceAll(u.ID, "-", ""))
	if t.upnTaken(upn) {
		return badRequest("Another object with the same value for property userPrincipalName already exists.")
	}
	for _, proxy := range u.ProxyAddresses {
		if slices.ContainsFunc(t.users.byProxy.find(proxy), func(u *user) bool { return !u.deleted }) {
			return badRequest("Another object with the same value for property proxyAddresses already exists.")
		}
	}
	t.deleted.remove(u)
	u.UserPrincipalName, u.DeletedDateTime, u.deleted = upn, time.Time{}, false
	u.reads, u.writes = t.veil(t.lag.Restores), t.veil(t.lag.Restores)
	t.users.add(u)
	t.recordState(u.ID, "restored", by)
	t.logUser(u.ID)
	return nil
}

func purgeDeleted(x *exchange) (*answer, *apiError) {
	o, err := x.pathDeleted()
	if err != nil {
		return nil, err
	}
	switch o := o.(type) {
	case *user:
		x.t.purge(o, ByAPI)
		x.commit(o.ID, o.ID, "")
	case *group:
		x.t.deadGroups.remove(o)
		x.t.logGroup(o.ID)
		x.commit(o.ID, "", o.ID)
	}
	return noContent(), nil
}

// purge ends a deleted user for good, and its memberships with it.
func (t *Tenant) purge(u *user, by string) {
	t.deleted.remove(u)
	t.recordState(u.ID, "purged", by)
	t.logUser(u.ID)
	t.leaveAll(u.ID)
	t.apps.dropAll(u.ID)
}

func groupSource(groups *ordered[*group]) source {
	return source{resource: groupResource, context: "groups", after: func(seq uint64, _ predicate) iter.Seq[entry] {
		return func(yield func(entry) bool) {
			for _, g := range groups.after(seq) {
				if !yield(entry{g, g.seq, func() bool { return true }}) {
					return
				}
			}
		}
	}}
}
