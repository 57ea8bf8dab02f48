package controllers

import (
	"context"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/additions"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

// oneGroup is a tenant with one writable group and one user. Whatever else it is asked panics.
type oneGroup struct {
	directory.Directory
	user   error // why the user cannot be read
	mu     sync.Mutex
	member bool
	fails  error // of the next additions
	added  int
}

func (d *oneGroup) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = err
}

func (d *oneGroup) GetGroup(context.Context, string) (directory.Group, error) {
	return directory.Group{ID: "readers", SecurityEnabled: true}, nil
}

func (d *oneGroup) IsMember(context.Context, string, string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.member, nil
}

func (d *oneGroup) GetUser(_ context.Context, id string) (directory.User, error) {
	return directory.User{ID: id, UserType: directory.UserTypeGuest, AccountEnabled: true}, d.user
}

func (d *oneGroup) AddMembers(context.Context, string, []string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != nil {
		return d.fails
	}
	d.added, d.member = d.added+1, true
	return nil
}

// givenRemoved is a membership whose guest was in the group since noon, until somebody else removed them.
func givenRemoved(t *testing.T, g Gomega, tenantDirectory *oneGroup) (*membershipKind, *wanted) {
	scheme, err := Scheme()
	g.Expect(err).NotTo(HaveOccurred())
	want, since := wants(), metav1.NewTime(noon)
	want.membership.Status.MemberSince = &since
	want.life.guest.Status.UserID = "ada"
	store := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&b2b.Guest{}, &b2b.GuestGroupMembership{}).
		WithObjects(want.membership, want.life.guest).Build()
	now := func() time.Time { return noon.Add(time.Hour) }
	view := mirror.New(tenantDirectory, mirror.Options{Settle: window, Now: now})
	view.SawMember("readers", "ada", false)
	queue := additions.New(additions.Options{Groups: tenantDirectory, Budget: budget.New(budget.Options{}),
		Added: func(groupID, userID string) { view.SawMember(groupID, userID, true) }})
	go queue.Run(t.Context())
	want.tenant = tenant{Connection: &Connection{Directory: tenantDirectory, Mirror: view, Additions: queue}}
	kind := &membershipKind{newAccesses(Dependencies{Client: store, Now: now, ReplicationWindow: window,
		Users: newKeyedMutex(), Records: newKeyedMutex(), Events: NewEvents(&events.FakeRecorder{})})}
	kind.reread(g, want)
	return kind, want
}

// reread reads what is stored, as a restarted process does.
func (k *membershipKind) reread(g Gomega, want *wanted) {
	for _, object := range []client.Object{want.membership, want.life.guest} {
		g.Expect(k.Client.Get(context.Background(), client.ObjectKeyFromObject(object), object)).To(Succeed())
	}
}

func (k *membershipKind) decide(g Gomega, want *wanted) lifecycle.Decision {
	decision, err := k.decideMember(context.Background(), want)
	g.Expect(err).NotTo(HaveOccurred())
	return decision
}

func TestAGuestWhomOthersRemovedIsNotAddedWithoutANewToken(t *testing.T) {
	g, group := NewWithT(t), &oneGroup{}
	kind, want := givenRemoved(t, g, group)
	g.Expect(kind.decide(g, want).Verdict.Reason).To(Equal(b2b.ReasonRemovedExternally))
	want.membership.Spec.RegrantToken = ""
	g.Expect(kind.decide(g, want).Verdict.Reason).To(Equal(b2b.ReasonRemovedExternally))
}

func TestAGuestWhoIsGoneAltogetherWasNotRemovedFromTheGroup(t *testing.T) {
	g := NewWithT(t)
	kind, want := givenRemoved(t, g, &oneGroup{user: &directory.Error{Class: directory.NotFound}})
	g.Expect(kind.decide(g, want).Verdict.Reason).To(BeEmpty(), "the Guest says what has become of them")
}

func TestNobodyIsSaidToHaveRemovedAGuestWhoCannotBeRead(t *testing.T) {
	g := NewWithT(t)
	kind, want := givenRemoved(t, g, &oneGroup{user: &directory.Error{Class: directory.Unavailable}})
	g.Expect(kind.decide(g, want).Verdict.Reason).To(Equal(b2b.ReasonDirectoryUnavailable))
}

func TestARegrantThatFailsIsTriedAgain(t *testing.T) {
	g, group := NewWithT(t), &oneGroup{fails: &directory.Error{Class: directory.Throttled, RetryAfter: time.Minute}}
	kind, want := givenRemoved(t, g, group)
	want.membership.Spec.RegrantToken = "2"
	g.Expect(kind.Client.Update(context.Background(), want.membership)).To(Succeed())
	kind.reread(g, want)
	kind.add(g, want)
	kind.expectVerdict(g, want, b2b.ReasonThrottled)

	kind.reread(g, want) // whether the process goes on or begins anew
	g.Expect(want.life.record.pair(inGroup("readers")).Claimants[0].RegrantToken).To(Equal("2"))
	group.fail(nil)
	kind.add(g, want) // the failure was no removal by others
	kind.expectVerdict(g, want, b2b.ReasonGranted)
	g.Expect(group.added).To(Equal(1))
	g.Expect(want.membership.Status.MemberSince.Time).To(BeTemporally("==", noon.Add(time.Hour)), "it begins anew")
}

// add decides until the addition is about to leave, and goes with it.
func (k *membershipKind) add(g Gomega, want *wanted) {
	var step *lifecycle.Step
	g.Eventually(func() *lifecycle.Step {
		step = k.decide(g, want).Step
		return step
	}, patience, time.Millisecond).ShouldNot(BeNil())
	g.Expect(step.Announce(context.Background())).To(Succeed())
	g.Expect(step.Act(context.Background()).Outcome).To(Equal(lifecycle.Unchanged))
}

// expectVerdict decides until there is something to say.
func (k *membershipKind) expectVerdict(g Gomega, want *wanted, reason string) {
	g.Eventually(func() string { return k.decide(g, want).Verdict.Reason }, patience, time.Millisecond).Should(Equal(reason))
}
