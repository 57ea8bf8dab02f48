package controllers

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

// oneGroup is a tenant with one writable group. Whatever else it is asked panics.
type oneGroup struct {
	directory.Directory
	member bool
	fails  error // of the next additions
	added  int
}

func (d *oneGroup) GetGroup(context.Context, string) (directory.Group, error) {
	return directory.Group{ID: "readers", SecurityEnabled: true}, nil
}

func (d *oneGroup) IsMember(context.Context, string, string) (bool, error) { return d.member, nil }

func (d *oneGroup) AddMember(context.Context, string, string) error {
	if d.fails != nil {
		return d.fails
	}
	d.added, d.member = d.added+1, true
	return nil
}

func (d *oneGroup) ListMembers(context.Context, string, func([]string) error) error { return nil }

// givenRemoved is a membership whose guest was in the group since noon, until somebody else removed them.
func givenRemoved(g Gomega, tenantDirectory *oneGroup) (*membershipKind, *wanted) {
	scheme, err := Scheme()
	g.Expect(err).NotTo(HaveOccurred())
	want, since := wants(), metav1.NewTime(noon)
	want.membership.Status.MemberSince = &since
	want.life.guest.Status.UserID = "ada"
	store := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&b2b.Guest{}, &b2b.GuestGroupMembership{}).
		WithObjects(want.membership, want.life.guest).Build()
	now := func() time.Time { return noon.Add(time.Hour) }
	want.tenant = tenant{Connection: &Connection{Directory: tenantDirectory, Mirror: mirror.New(tenantDirectory, mirror.Options{Settle: window, Now: now})}}
	want.tenant.Mirror.SawMember("readers", "ada", false)
	kind := &membershipKind{Dependencies: Dependencies{Client: store, Now: now, ReplicationWindow: window,
		Users: newKeyedMutex(), Events: NewEvents(&events.FakeRecorder{})}}
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
	kind, want := givenRemoved(g, group)
	g.Expect(kind.decide(g, want).Verdict.Reason).To(Equal(b2b.ReasonRemovedExternally))
	want.membership.Spec.RegrantToken = ""
	g.Expect(kind.decide(g, want).Verdict.Reason).To(Equal(b2b.ReasonRemovedExternally))
}

func TestARegrantThatFailsIsTriedAgain(t *testing.T) {
	g, group := NewWithT(t), &oneGroup{fails: &directory.Error{Class: directory.Throttled, RetryAfter: time.Minute}}
	kind, want := givenRemoved(g, group)
	want.membership.Spec.RegrantToken = "2"
	g.Expect(kind.Client.Update(context.Background(), want.membership)).To(Succeed())
	kind.reread(g, want)
	step := kind.decide(g, want).Step
	g.Expect(step.Announce(context.Background())).To(Succeed())
	g.Expect(step.Act(context.Background()).Reason).To(Equal(b2b.ReasonThrottled))

	kind.reread(g, want) // whether the process goes on or begins anew
	g.Expect(want.life.record.pair("readers").Claimants[0].RegrantToken).To(Equal("2"))
	group.fails = nil
	step = kind.decide(g, want).Step
	g.Expect(step).NotTo(BeNil(), "the failure was no removal by others")
	g.Expect(step.Announce(context.Background())).To(Succeed())
	g.Expect(step.Act(context.Background())).To(BeNil())
	g.Expect(group.added).To(Equal(1))
	g.Expect(kind.decide(g, want).Verdict.Reason).To(Equal(b2b.ReasonGranted))
	g.Expect(want.membership.Status.MemberSince.Time).To(BeTemporally("==", noon.Add(time.Hour)), "it begins anew")
}
