package mirror_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

const pageSize = 999

// tenant is a directory that lists what is there and tells what has changed since a link was taken.
type tenant struct {
	mu      sync.Mutex
	users   map[string]directory.User
	members map[string]map[string]bool
	told    []event
	// calls are the pages that were asked for, by the names of the methods; a listing of members has the group's id behind it.
	calls []string
	// fails says how calls fail.
	fails map[string]error
	// silent: changes say nothing of externalUserState.
	silent bool
	// replays is how many changes from before a link are told again.
	replays int
	// forgotten are the links from before, which are of no use any more.
	forgotten int
	// during is called before the last page of a call is given.
	during map[string]func()
}

// event is a change of a user or of a member.
type event struct {
	user   *directory.UserChange
	member *directory.MemberChange
}

func newTenant(users ...directory.User) *tenant {
	d := &tenant{users: map[string]directory.User{}, members: map[string]map[string]bool{}, fails: map[string]error{}, during: map[string]func(){}}
	for _, user := range users {
		d.users[user.ID] = user
	}
	return d
}

// set has users as they are given.
func (d *tenant) set(users ...directory.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, user := range users {
		d.users[user.ID] = user
		d.told = append(d.told, event{user: &directory.UserChange{User: user}})
	}
}

func (d *tenant) remove(ids ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		delete(d.users, id)
		d.told = append(d.told, event{user: &directory.UserChange{User: directory.User{ID: id}, Removed: true}})
	}
}

// tell tells of changes that are not so, or not so any more.
func (d *tenant) tell(events ...event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, events...)
}

// group has a group with these members, of which no change tells.
func (d *tenant) group(id string, members ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members[id] = map[string]bool{}
	for _, member := range members {
		d.members[id][member] = true
	}
}

func (d *tenant) join(group, user string) { d.change(group, user, true) }

func (d *tenant) leave(group, user string) { d.change(group, user, false) }

func (d *tenant) change(group, user string, member bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members[group][user] = member
	d.told = append(d.told, event{member: &directory.MemberChange{GroupID: group, UserID: user, Removed: !member}})
}

func (d *tenant) deleteGroup(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.members, id)
	d.told = append(d.told, event{member: &directory.MemberChange{GroupID: id, Removed: true}})
}

// resync has all links be of no use.
func (d *tenant) resync() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgotten = len(d.told) + 1
	d.told = append(d.told, event{})
}

// asked gives the calls since the last time, and counted how many there were of each.
func (d *tenant) asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	calls := d.calls
	d.calls = nil
	return calls
}

func counted(calls []string) map[string]int {
	counts := map[string]int{}
	for _, call := range calls {
		counts[call]++
	}
	return counts
}

func (d *tenant) fail(call string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails[call] = err
}

func (d *tenant) begin(call string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, call)
	return d.fails[call]
}

// pages gives the items of one call page by page. A call that fails does so after its first pages.
func pages[T any](d *tenant, call string, items []T, yield func([]T) error) error {
	for {
		err := d.begin(call)
		page := items[:min(len(items), pageSize)]
		if items = items[len(page):]; len(items) == 0 && d.during[call] != nil {
			d.during[call]()
		}
		if err := yield(page); err != nil {
			return err
		}
		if err != nil || len(items) == 0 {
			return err
		}
	}
}

func (d *tenant) usersThat(are func(directory.User) bool) (found []directory.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(d.users)) {
		if are(d.users[id]) {
			found = append(found, d.users[id])
		}
	}
	return found
}

func (d *tenant) ListGuests(_ context.Context, yield func([]directory.User) error) error {
	return pages(d, "ListGuests", d.usersThat(func(user directory.User) bool {
		return user.UserType == directory.UserTypeGuest || user.CreationType == "Invitation" || user.SignedUp()
	}), yield)
}

func (d *tenant) ListPending(_ context.Context, yield func([]directory.User) error) error {
	return pages(d, "ListPending", d.usersThat(func(user directory.User) bool {
		return user.ExternalUserState == directory.PendingAcceptance
	}), yield)
}

func (d *tenant) ListMembers(_ context.Context, groupID string, yield func([]string) error) error {
	d.mu.Lock()
	members, found := d.members[groupID]
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(members)), func(id string) bool { return !members[id] })
	d.mu.Unlock()
	if !found {
		_ = d.begin("ListMembers " + groupID)
		return &directory.Error{Class: directory.NotFound}
	}
	return pages(d, "ListMembers "+groupID, ids, yield)
}

func (d *tenant) LatestUsers(context.Context) (directory.DeltaLink, error) {
	return d.latest("users"), d.begin("LatestUsers")
}

func (d *tenant) LatestMembers(_ context.Context, groupIDs []string) (directory.DeltaLink, error) {
	if len(groupIDs) > directory.MaxGroupsPerDelta || slices.Contains(groupIDs, "") {
		_ = d.begin("LatestMembers")
		return "", &directory.Error{Class: directory.Invalid}
	}
	return d.latest(strings.Join(groupIDs, ",")), d.begin("LatestMembers")
}

func (d *tenant) latest(of string) directory.DeltaLink {
	d.mu.Lock()
	defer d.mu.Unlock()
	return directory.DeltaLink(fmt.Sprintf("%d %s", len(d.told), of))
}

func (d *tenant) since(link directory.DeltaLink) (events []event, of string, next directory.DeltaLink, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	from := 0
	if n, err := fmt.Sscanf(string(link), "%d %s", &from, &of); n != 2 {
		return nil, "", "", err
	}
	if from < d.forgotten {
		return nil, "", "", &directory.Error{Class: directory.Invalid, Detail: directory.ResyncRequired}
	}
	return d.told[max(from-d.replays, 0):], of, directory.DeltaLink(fmt.Sprintf("%d %s", len(d.told), of)), nil
}

func (d *tenant) UserChanges(_ context.Context, from directory.DeltaLink, yield func([]directory.UserChange) error) (directory.DeltaLink, error) {
	events, _, next, err := d.since(from)
	if err != nil {
		_ = d.begin("UserChanges")
		return "", err
	}
	var changes []directory.UserChange
	for _, e := range events {
		if e.user == nil {
			continue
		}
		change := *e.user
		if d.silent {
			change.User.ExternalUserState = ""
		}
		changes = append(changes, change)
	}
	return next, pages(d, "UserChanges", changes, yield)
}

func (d *tenant) MemberChanges(_ context.Context, from directory.DeltaLink, yield func([]directory.MemberChange) error) (directory.DeltaLink, error) {
	events, of, next, err := d.since(from)
	if err != nil {
		_ = d.begin("MemberChanges")
		return "", err
	}
	var changes []directory.MemberChange
	for _, e := range events {
		if e.member != nil && slices.Contains(strings.Split(of, ","), e.member.GroupID) {
			changes = append(changes, *e.member)
		}
	}
	return next, pages(d, "MemberChanges", changes, yield)
}
