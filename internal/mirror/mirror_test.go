package mirror_test

import (
	"context"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

const settle = 5 * time.Minute

var throttled = &directory.Error{Class: directory.Throttled, RetryAfter: time.Minute}

// tenant is a directory that lists what it is given.
type tenant struct {
	mu      sync.Mutex
	users   []directory.User
	members map[string][]string
	fails   error // of every listing
	listed  map[string]int
	// listing, where set, is called in the middle of each listing.
	listing func()
}

func (d *tenant) begin(what string) error {
	d.mu.Lock()
	d.listed[what]++
	fails := d.fails
	d.mu.Unlock()
	return fails
}

// ListGuests yields a page for each user.
func (d *tenant) ListGuests(_ context.Context, yield func([]directory.User) error) error {
	if err := d.begin("guests"); err != nil {
		return err
	}
	for _, user := range d.users {
		if err := yield([]directory.User{user}); err != nil {
			return err
		}
	}
	if d.listing != nil {
		d.listing()
	}
	return nil
}

func (d *tenant) ListMembers(_ context.Context, groupID string, yield func([]string) error) error {
	if err := d.begin(groupID); err != nil {
		return err
	}
	members, found := d.members[groupID]
	if !found {
		return &directory.Error{Class: directory.NotFound}
	}
	for _, id := range members {
		if err := yield([]string{id}); err != nil {
			return err
		}
	}
	if d.listing != nil {
		d.listing()
	}
	return nil
}

// world is a mirror of a tenant, with its clock and what it has told so far.
type world struct {
	*mirror.Mirror
	tenant *tenant
	inUse  map[string]bool // nil: all
	now    time.Time
	told   []mirror.Change
}

func givenMirror(users ...directory.User) *world {
	w := &world{
		tenant: &tenant{users: users, members: map[string][]string{}, listed: map[string]int{}},
		now:    time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC),
	}
	w.Mirror = mirror.New(w.tenant, mirror.Options{
		Interval: time.Minute,
		Settle:   settle,
		Notify:   func(changes []mirror.Change) { w.told = append(w.told, changes...) },
		InUse:    func(groupID string) bool { return w.inUse == nil || w.inUse[groupID] },
		Now:      func() time.Time { return w.now },
	})
	return w
}

// round makes one round and gives what it told.
func (w *world) round(g Gomega) []mirror.Change {
	w.told = nil
	g.Expect(w.Sync(context.Background())).To(Succeed())
	return w.told
}

func (w *world) member(g Gomega, groupID, userID string) bool {
	member, err := w.Member(context.Background(), groupID, userID)
	g.Expect(err).NotTo(HaveOccurred())
	return member
}

func pending(id string) directory.User {
	return directory.User{ID: id, ExternalUserState: directory.PendingAcceptance, OtherMails: []string{id + "@partner.example"}}
}

func accepted(id string) directory.User {
	user := pending(id)
	user.ExternalUserState = directory.Accepted
	return user
}

func TestTheFirstListingWakesEverybodyAndLaterOnesWhomTheyConcern(t *testing.T) {
	g, w := NewWithT(t), givenMirror(pending("ada"), pending("grace"), pending("edsger"))
	g.Expect(w.Listed()).To(BeFalse())
	g.Expect(w.round(g)).To(ConsistOf(mirror.Change{Everything: true}))
	g.Expect(w.Listed()).To(BeTrue())
	g.Expect(w.round(g)).To(BeEmpty(), "nothing has changed")

	w.tenant.users = []directory.User{accepted("ada"), pending("edsger"), pending("alan")}
	g.Expect(w.round(g)).To(ConsistOf(mirror.Change{UserID: "ada"}, mirror.Change{UserID: "grace"}, mirror.Change{UserID: "alan"}))
	ada, found := w.User("ada")
	g.Expect(found).To(BeTrue())
	g.Expect(ada).To(Equal(accepted("ada")))
	_, found = w.User("grace")
	g.Expect(found).To(BeFalse())
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestTheFirstListingOfAnEmptyTenantWakesEverybodyToo(t *testing.T) {
	g, w := NewWithT(t), givenMirror()
	g.Expect(w.round(g)).To(ConsistOf(mirror.Change{Everything: true}))
	g.Expect(w.round(g)).To(BeEmpty())
}

func TestAListingThatBeganBeforeAnOwnWriteDoesNotUndoIt(t *testing.T) {
	g, w := NewWithT(t), givenMirror(pending("ada"))
	w.tenant.members["readers"] = []string{"ada"}
	w.round(g)
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue())

	w.tenant.listing = func() { // the pages are on their way already
		w.SawGone("ada")
		w.Saw(pending("grace"))
		w.SawMember("readers", "ada", false)
		w.SawMember("readers", "grace", true)
	}
	g.Expect(w.round(g)).To(BeEmpty())
	_, found := w.User("ada")
	g.Expect(found).To(BeFalse())
	_, found = w.User("grace")
	g.Expect(found).To(BeTrue())
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
	g.Expect(w.member(g, "readers", "grace")).To(BeTrue())
}

func TestAnOwnWriteThatNeverShowsIsGivenUpAndTold(t *testing.T) {
	g, w := NewWithT(t), givenMirror()
	w.tenant.members["readers"] = nil
	w.round(g)
	g.Expect(w.member(g, "readers", "ada")).To(BeFalse())
	w.Saw(pending("ada"))
	w.SawMember("readers", "ada", true)
	w.now = w.now.Add(settle - time.Second)
	g.Expect(w.round(g)).To(BeEmpty())
	w.now = w.now.Add(time.Second)
	g.Expect(w.round(g)).To(ConsistOf(mirror.Change{UserID: "ada"}, mirror.Change{UserID: "ada", GroupID: "readers"}))
}

func TestAListingThatFailsLeavesTheViewAsItWas(t *testing.T) {
	g, w := NewWithT(t), givenMirror(pending("ada"))
	w.tenant.members["readers"] = []string{"ada"}
	w.round(g)
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue())
	complete := w.Stats()
	g.Expect(complete.Round).To(Equal(w.now))

	w.tenant.users, w.tenant.members["readers"], w.tenant.fails, w.told = nil, nil, throttled, nil
	w.now = w.now.Add(time.Hour)
	g.Expect(w.Sync(context.Background())).To(MatchError(throttled))
	g.Expect(w.told).To(BeEmpty())
	_, found := w.User("ada")
	g.Expect(found).To(BeTrue())
	g.Expect(w.member(g, "readers", "ada")).To(BeTrue())
	g.Expect(w.Stats().Err).To(MatchError(throttled))
	g.Expect(w.Stats().Round).To(Equal(complete.Round))
	g.Expect(w.tenant.listed["readers"]).To(Equal(1), "a round ends at its first failure")

	w.tenant.fails = nil
	w.round(g)
	g.Expect(w.Stats().Err).NotTo(HaveOccurred())
	g.Expect(w.Stats().Round).To(Equal(w.now))
}

func TestAListingThatBreaksOffIsNotTakenInHalf(t *testing.T) {
	g, w := NewWithT(t), givenMirror(pending("ada"), pending("grace"))
	w.round(g)
	broken := mirror.New(brokenOff{w.tenant}, mirror.Options{Interval: time.Minute, Settle: settle})
	g.Expect(broken.Sync(context.Background())).To(MatchError(throttled))
	g.Expect(broken.Listed()).To(BeFalse())
	g.Expect(broken.Stats().Guests).To(BeZero())
}

// brokenOff fails after the pages of a listing.
type brokenOff struct{ *tenant }

func (b brokenOff) ListGuests(ctx context.Context, yield func([]directory.User) error) error {
	_ = b.tenant.ListGuests(ctx, yield)
	return throttled
}

func TestGuestsAreCountedByWhatTheyHaveDone(t *testing.T) {
	g, w := NewWithT(t), givenMirror(pending("ada"), accepted("grace"), accepted("edsger"))
	w.round(g)
	w.Saw(pending("alan"))
	w.SawGone("edsger")
	g.Expect(w.Stats().Guests).To(Equal(3))
	g.Expect(w.Stats().Pending).To(Equal(2))
}
