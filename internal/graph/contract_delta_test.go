package graph_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// follower follows a tenant's changes by a link.
type follower struct {
	g      Gomega
	t      *testing.T
	client *graph.Client
	link   directory.DeltaLink
}

func followUsers(t *testing.T, client *graph.Client) *follower {
	g := NewWithT(t)
	link, err := client.LatestUsers(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	return &follower{g: g, t: t, client: client, link: link}
}

func followMembers(t *testing.T, client *graph.Client, groupIDs ...string) *follower {
	g := NewWithT(t)
	link, err := client.LatestMembers(t.Context(), groupIDs)
	g.Expect(err).NotTo(HaveOccurred())
	return &follower{g: g, t: t, client: client, link: link}
}

// users gives the changes since the last time.
func (f *follower) users() (changes []directory.UserChange) {
	next, err := f.client.UserChanges(f.t.Context(), f.link, func(page []directory.UserChange) error {
		changes = append(changes, page...)
		return nil
	})
	f.g.Expect(err).NotTo(HaveOccurred())
	f.link = next
	return changes
}

func (f *follower) members() (changes []directory.MemberChange) {
	next, err := f.client.MemberChanges(f.t.Context(), f.link, func(page []directory.MemberChange) error {
		changes = append(changes, page...)
		return nil
	})
	f.g.Expect(err).NotTo(HaveOccurred())
	f.link = next
	return changes
}

func TestChangesOfUsersAreToldAsReadingThemShowsThem(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	tenant.AddGuest("before@partner.example", "Before")
	changes := followUsers(t, client)
	g.Expect(changes.users()).To(BeEmpty())

	invited, err := client.Invite(t.Context(), invitationTo("ada@partner.example"))
	g.Expect(err).NotTo(HaveOccurred())
	id := invited.UserID
	read, err := client.GetUser(t.Context(), id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.ExternalUserState).To(Equal(directory.PendingAcceptance))
	g.Expect(changes.users()).To(Equal([]directory.UserChange{{User: read}}))
	g.Expect(changes.users()).To(BeEmpty())

	_, err = tenant.Redeem("ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	redeemed := changes.users()
	g.Expect(redeemed).To(HaveLen(1))
	g.Expect(redeemed[0].User.ExternalUserState).To(Equal(directory.Accepted))

	g.Expect(tenant.DeleteUser(id)).To(Succeed())
	g.Expect(changes.users()).To(Equal([]directory.UserChange{{User: directory.User{ID: id}, Removed: true}}))
	g.Expect(tenant.RestoreUser(id)).To(Succeed())
	restored := changes.users()
	g.Expect(restored).To(HaveLen(1))
	g.Expect(restored[0].User.ExternalUserState).To(Equal(directory.Accepted))
}

func TestABlockedUserIsToldAsBlocked(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	id := tenant.AddGuest("ada@partner.example", "Ada")
	changes := followUsers(t, client)
	g.Expect(tenant.UpdateUser(id, func(user *graphsim.User) { user.Disabled = true })).To(Succeed())
	told := changes.users()
	g.Expect(told).To(HaveLen(1))
	g.Expect(told[0].User.AccountEnabled).To(BeFalse())
	g.Expect(told[0].User.UserPrincipalName).NotTo(BeEmpty())
}

func TestAThousandChangesComeInPages(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "g"})
	users, members := followUsers(t, client), followMembers(t, client, group)
	want := []string{}
	for i := range 1100 {
		id := tenant.AddGuest(fmt.Sprintf("guest%d@partner.example", i), "Guest")
		g.Expect(tenant.AddMember(group, id)).To(Succeed())
		want = append(want, id)
	}
	got := map[string]bool{}
	for _, change := range users.users() {
		got[change.User.ID] = true
	}
	g.Expect(got).To(HaveLen(len(want)))
	joined := map[string]bool{}
	for _, change := range members.members() {
		g.Expect(change).To(Equal(directory.MemberChange{GroupID: group, UserID: change.UserID}))
		joined[change.UserID] = true
	}
	g.Expect(joined).To(Equal(got))
}

func TestChangesOfTheMembersOfTheChosenGroupsAreTold(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	one, two := tenant.AddGroup(graphsim.Group{DisplayName: "1"}), tenant.AddGroup(graphsim.Group{DisplayName: "2"})
	other := tenant.AddGroup(graphsim.Group{DisplayName: "3"})
	ada, grace := tenant.AddGuest("ada@partner.example", "Ada"), tenant.AddGuest("grace@partner.example", "Grace")
	g.Expect(tenant.AddMember(one, ada)).To(Succeed())
	changes := followMembers(t, client, one, two)
	g.Expect(changes.members()).To(BeEmpty())

	g.Expect(tenant.RemoveMember(one, ada)).To(Succeed())
	for _, group := range []string{two, other} {
		g.Expect(tenant.AddMember(group, grace)).To(Succeed())
	}
	g.Expect(tenant.AddMember(two, other)).To(Succeed())
	g.Expect(changes.members()).To(ConsistOf(
		directory.MemberChange{GroupID: one, UserID: ada, Removed: true}, directory.MemberChange{GroupID: two, UserID: grace}))

	g.Expect(tenant.DeleteUser(grace)).To(Succeed())
	g.Expect(changes.members()).To(BeEmpty(), "whoever can be restored stays a member silently")
	g.Expect(tenant.DeleteGroup(two)).To(Succeed())
	g.Expect(changes.members()).To(Equal([]directory.MemberChange{{GroupID: two, Removed: true}}))
}

func TestALinkLastsSevenDays(t *testing.T) {
	for name, refusal := range map[string]string{"gone": "", "by code": "resyncRequired"} {
		t.Run(name, func(t *testing.T) {
			g, now := NewWithT(t), time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
			tenant, client := tenantAndClientAt(t, func() time.Time { return now })
			tenant.Configure(func(b *graphsim.Behaviour) { b.DeltaRefusal = refusal })
			group := tenant.AddGroup(graphsim.Group{DisplayName: "g"})
			users, members := followUsers(t, client), followMembers(t, client, group)
			now = now.Add(8 * 24 * time.Hour)
			_, err := client.UserChanges(t.Context(), users.link, func([]directory.UserChange) error { return nil })
			g.Expect(directory.HasDetail(err, directory.ResyncRequired)).To(BeTrue(), "%v", err)
			_, err = client.MemberChanges(t.Context(), members.link, func([]directory.MemberChange) error { return nil })
			g.Expect(directory.HasDetail(err, directory.ResyncRequired)).To(BeTrue(), "%v", err)
			g.Expect(followUsers(t, client).users()).To(BeEmpty(), "a new link holds")
		})
	}
}

func TestADeltaThatIsSilentAboutTheStateLeavesItEmpty(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	tenant.Configure(func(b *graphsim.Behaviour) { b.SilentDelta = true })
	changes := followUsers(t, client)
	tenant.AddGuest("ada@partner.example", "Ada")
	told := changes.users()
	g.Expect(told).To(HaveLen(1))
	g.Expect(told[0].User.ExternalUserState).To(BeEmpty())
	g.Expect(told[0].User.UserType).To(Equal(directory.UserTypeGuest))
	g.Expect(told[0].User.AccountEnabled).To(BeTrue())
}

func TestALinkOfATenantThatNamesAnotherHostIsRefused(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	tenant.Configure(func(b *graphsim.Behaviour) { b.DeltaLinkHost = "http://127.0.0.1:1" })
	_, err := client.LatestUsers(t.Context())
	g.Expect(directory.Is(err, directory.Unavailable)).To(BeTrue(), "%v", err)
}

func TestThePendingGuestsAreListedAlone(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	tenant.AddGuest("redeemed@partner.example", "Redeemed")
	tenant.AddUser(graphsim.User{DisplayName: "Employee"})
	want := []string{}
	for i := range 1001 {
		want = append(want, tenant.AddUser(graphsim.User{DisplayName: "Guest", Mail: fmt.Sprintf("guest%d@partner.example", i),
			UserType: "Guest", ExternalUserState: "PendingAcceptance"}))
	}

	got := []string{}
	g.Expect(client.ListPending(t.Context(), func(page []directory.User) error {
		got = append(got, idsOf(page)...)
		return nil
	})).To(Succeed())
	g.Expect(got).To(ConsistOf(want))
	g.Expect(tenant.Ledger().Requests).To(Equal(2))
}
