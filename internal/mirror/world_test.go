package mirror_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

const settle = 5 * time.Minute

var (
	throttled   = &directory.Error{Class: directory.Throttled, RetryAfter: time.Minute}
	unavailable = &directory.Error{Class: directory.Unavailable}
	everything  = mirror.Change{Everything: true}
)

// world is a mirror of a tenant, with its clock and what it has told so far.
type world struct {
	*mirror.Mirror
	tenant *tenant
	inUse  map[string]bool // nil: all
	now    time.Time
	told   []mirror.Change
}

func givenMirror(users ...directory.User) *world {
	w := &world{tenant: newTenant(users...), now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	w.Mirror = mirror.New(w.tenant, mirror.Options{
		Interval: time.Minute,
		Settle:   settle,
		Notify:   func(changes []mirror.Change) { w.told = append(w.told, changes...) },
		InUse:    func(groupID string) bool { return w.inUse == nil || w.inUse[groupID] },
		Now:      func() time.Time { return w.now },
	})
	return w
}

// givenListed is a mirror that has made its first round.
func givenListed(g Gomega, users ...directory.User) *world {
	w := givenMirror(users...)
	g.Expect(w.round(g)).To(ConsistOf(everything))
	w.tenant.asked()
	return w
}

// givenGroups is a mirror that shows groups, each with ada in it.
func givenGroups(g Gomega, ids ...string) *world {
	w := givenListed(g, pending("ada"), pending("grace"))
	for _, id := range ids {
		w.tenant.group(id, "ada")
		w.Member(id, "ada")
	}
	w.round(g)
	for _, id := range ids {
		g.Expect(w.member(g, id, "ada")).To(BeTrue())
	}
	w.tenant.asked()
	return w
}

// round makes one round, a minute after the last, and gives what it told.
func (w *world) round(g Gomega) []mirror.Change { return w.roundAfter(g, time.Minute) }

func (w *world) roundAfter(g Gomega, pause time.Duration) []mirror.Change {
	w.told, w.now = nil, w.now.Add(pause)
	g.Expect(w.Sync(context.Background())).To(Succeed())
	return w.told
}

// fails makes a round that fails.
func (w *world) fails(g Gomega, err error) {
	w.told, w.now = nil, w.now.Add(time.Minute)
	g.Expect(w.Sync(context.Background())).To(MatchError(err))
	g.Expect(w.Stats().Err).To(MatchError(err))
}

// member is the answer about a group that is listed.
func (w *world) member(g Gomega, groupID, userID string) bool {
	member, known := w.Member(groupID, userID)
	g.Expect(known).To(BeTrue())
	return member
}

func (w *world) state(g Gomega, id string) directory.ExternalUserState {
	user, found := w.User(id)
	g.Expect(found).To(BeTrue())
	return user.ExternalUserState
}

func (w *world) shows(id string) bool {
	_, found := w.User(id)
	return found
}

func pending(id string) directory.User {
	return directory.User{ID: id, UserPrincipalName: id + "_partner.example#EXT#@contoso.onmicrosoft.com", Mail: id + "@partner.example",
		UserType: directory.UserTypeGuest, CreationType: "Invitation", ExternalUserState: directory.PendingAcceptance, AccountEnabled: true}
}

func accepted(id string) directory.User {
	user := pending(id)
	user.ExternalUserState = directory.Accepted
	return user
}

// created is a user as the answer to the invitation shows it.
func created(id string) directory.User { return directory.User{ID: id, Mail: id + "@partner.example"} }

func employee(id string) directory.User {
	return directory.User{ID: id, UserPrincipalName: id + "@contoso.example", Mail: id + "@contoso.example",
		UserType: directory.UserTypeMember, AccountEnabled: true}
}

func user(ids ...string) (changes []mirror.Change) {
	for _, id := range ids {
		changes = append(changes, mirror.Change{UserID: id})
	}
	return changes
}

func member(groupID string, ids ...string) (changes []mirror.Change) {
	for _, id := range ids {
		changes = append(changes, mirror.Change{UserID: id, GroupID: groupID})
	}
	return changes
}

func readable(groupID string) mirror.Change { return mirror.Change{GroupID: groupID, Everything: true} }

// numbered gives n ids.
func numbered(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("%08x-0000-4000-8000-000000000000", i))
	}
	return ids
}

func guests(n int) (users []directory.User) {
	for _, id := range numbered(n) {
		users = append(users, pending(id))
	}
	return users
}
