package controllers

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

// indexedCache is a cache with all the operator's indexes.
func indexedCache(g *WithT, objects ...client.Object) client.Reader {
	scheme, err := Scheme()
	g.Expect(err).NotTo(HaveOccurred())
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...)
	for _, index := range indexes() {
		builder = builder.WithIndex(index.object, index.name, index.keys)
	}
	return builder.Build()
}

// started gives the work queue that a feed puts its requests into.
func started(g *WithT, t *testing.T, feed source.Source) priorityqueue.PriorityQueue[reconcile.Request] {
	t.Helper()
	queue := priorityqueue.New[reconcile.Request]("")
	t.Cleanup(queue.ShutDown)
	g.Expect(feed.Start(t.Context(), queue)).To(Succeed())
	return queue
}

// drain gives the names of n requests with their priority, in the order of the queue.
func drain(g *WithT, queue priorityqueue.PriorityQueue[reconcile.Request], n int) (names []string) {
	g.Eventually(queue.Len).Should(Equal(n))
	for range n {
		request, priority, _ := queue.GetWithPriority()
		queue.Done(request)
		names = append(names, fmt.Sprintf("%s %d", request, priority))
	}
	return names
}

func guestWithUser(name, tenantName, userID string) *b2b.Guest {
	return &b2b.Guest{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       b2b.GuestSpec{TenantRef: b2b.TenantReference{Name: tenantName}},
		Status:     b2b.GuestStatus{UserID: userID},
	}
}

func membershipOf(namespace, name string, guest b2b.MembershipGuest, groupID, userID string) *b2b.GuestGroupMembership {
	return &b2b.GuestGroupMembership{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       b2b.GuestGroupMembershipSpec{Guest: guest},
		Status:     b2b.GuestGroupMembershipStatus{GroupID: groupID, UserID: userID},
	}
}

// shown is what the mirror knows of a user who has come to the tenant.
func shown(id string) (directory.User, bool) {
	if id != "u-mary" {
		return directory.User{}, false
	}
	return directory.User{ID: id, Mail: "Mary@partner.example", OtherMails: []string{"m.jackson@partner.example"}}, true
}

func TestFeedsWakeWhomAChangeConcernsAndNobodyElse(t *testing.T) {
	byInvitation := b2b.MembershipGuest{InvitationRef: &b2b.InvitationReference{Name: "ada"}}
	byAddress := b2b.MembershipGuest{EmailAddress: "grace@partner.example"}
	elsewhere := b2b.MembershipGuest{EmailAddress: "grace@partner.example", TenantRef: &b2b.TenantReference{Name: "other"}}
	waiting := guestWithUser("mary", "default", "")
	waiting.Spec.EmailAddress = "m.jackson@partner.example"
	objects := []client.Object{
		waiting, guestWithUser("ada", "default", "u-ada"), guestWithUser("grace", "default", "u-grace"), guestWithUser("alan", "other", "u-alan"),
		&b2b.GuestInvitation{
			ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "ada"},
			Spec:       b2b.GuestInvitationSpec{TenantRef: b2b.TenantReference{Name: "default"}, EmailAddress: "ada@partner.example"},
		},
		membershipOf("team", "ada-in-x", byInvitation, "x", "u-ada"), membershipOf("team", "ada-in-y", byInvitation, "y", "u-ada"),
		membershipOf("team", "grace-in-x", byAddress, "x", "u-grace"), membershipOf("team", "grace-elsewhere", elsewhere, "", ""),
		membershipOf("other-team", "ada-in-x", byInvitation, "", ""), // names an invitation that is not there
	}
	cases := map[string]struct {
		changes             []mirror.Change
		guests, memberships []string
	}{
		"a user":                    {[]mirror.Change{{UserID: "u-ada"}}, []string{"/ada 0"}, nil},
		"a user who was waited for": {[]mirror.Change{{UserID: "u-mary"}}, []string{"/mary 0"}, nil},
		"a user of whom no Guest":   {[]mirror.Change{{UserID: "u-nobody"}}, nil, nil},
		"a member":                  {[]mirror.Change{{UserID: "u-ada", GroupID: "x"}}, nil, []string{"team/ada-in-x 0"}},
		"a member of no interest":   {[]mirror.Change{{UserID: "u-ada", GroupID: "z"}}, nil, nil},
		"everything of the tenant":  {[]mirror.Change{{Everything: true}}, []string{"/ada -100", "/grace -100", "/mary -100"}, []string{"team/ada-in-x -100", "team/ada-in-y -100", "team/grace-in-x -100"}},
		"everything and a user":     {[]mirror.Change{{Everything: true}, {UserID: "u-grace"}}, []string{"/grace 0", "/ada -100", "/mary -100"}, []string{"team/ada-in-x -100", "team/ada-in-y -100", "team/grace-in-x -100"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			feeds := NewFeeds(indexedCache(g, objects...))
			guests, memberships := started(g, t, feeds.Guests()), started(g, t, feeds.Memberships())
			feeds.Of(t.Context(), "default", shown)(c.changes)
			g.Expect(drain(g, guests, len(c.guests))).To(ConsistOf(c.guests))
			g.Expect(drain(g, memberships, len(c.memberships))).To(ConsistOf(c.memberships))
		})
	}
}

func TestAGroupThatCanBeReadWakesWhoeverWaitsForItOnce(t *testing.T) {
	g := NewWithT(t)
	feeds := NewFeeds(indexedCache(g))
	memberships := started(g, t, feeds.Memberships())
	feeds.groups.add("x", in("team", "ada-in-x"), noon)
	feeds.groups.add("y", in("team", "ada-in-y"), noon)
	readable := []mirror.Change{{GroupID: "x", Everything: true}}
	feeds.Of(t.Context(), "default", shown)(readable)
	g.Expect(drain(g, memberships, 1)).To(Equal([]string{"team/ada-in-x 0"}))
	feeds.Of(t.Context(), "default", shown)(readable)
	g.Expect(memberships.Len()).To(BeZero())
	g.Expect(feeds.groups.wanted("x", noon.Add(askedFor))).To(BeTrue(), "no status may name it yet")
	g.Expect(feeds.groups.wanted("x", noon.Add(askedFor+1))).To(BeFalse())
}

func TestWhoeverIsCalledIsWokenByItsOwnController(t *testing.T) {
	g := NewWithT(t)
	feeds := NewFeeds(indexedCache(g))
	guests, memberships := started(g, t, feeds.Guests()), started(g, t, feeds.Memberships())
	feeds.Wake(turnKey(guestWithUser("ada", "default", "")))
	feeds.Wake(turnKey(membershipOf("team", "ada-in-x", b2b.MembershipGuest{}, "", "")))
	g.Expect(drain(g, guests, 1)).To(Equal([]string{"/ada 0"}))
	g.Expect(drain(g, memberships, 1)).To(Equal([]string{"team/ada-in-x 0"}))
}

func TestFeedsThatNobodyListensToYetDoNotBlock(t *testing.T) {
	g := NewWithT(t)
	feeds := NewFeeds(indexedCache(g, guestWithUser("ada", "default", "u-ada")))
	feeds.Of(t.Context(), "default", shown)([]mirror.Change{{Everything: true}, {UserID: "u-ada"}})
	queue := started(g, t, feeds.Guests())
	g.Expect(queue.Len()).To(BeZero())
}
