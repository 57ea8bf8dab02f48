package graph_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestAMembershipComesAndGoesAndTheUserStays(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	user, group := tenant.AddGuest("ada@partner.example", "Ada"), tenant.AddGroup(graphsim.Group{DisplayName: "partners"})
	isMember := func() bool {
		is, err := client.IsMember(ctx, group, user)
		g.Expect(err).NotTo(HaveOccurred())
		return is
	}

	g.Expect(isMember()).To(BeFalse())
	g.Expect(directory.IsNotFound(client.RemoveMember(ctx, group, user))).To(BeTrue())
	g.Expect(client.AddMembers(ctx, group, []string{user})).To(Succeed())
	g.Expect(isMember()).To(BeTrue())
	err := client.AddMembers(ctx, group, []string{user})
	g.Expect(directory.Is(err, directory.Invalid)).To(BeTrue())
	g.Expect(directory.HasDetail(err, directory.AlreadyMember)).To(BeTrue(), "%v", err)
	g.Expect(client.RemoveMember(ctx, group, user)).To(Succeed())
	g.Expect(isMember()).To(BeFalse())

	_, alive := tenant.User(user)
	g.Expect(alive).To(BeTrue(), "the reference was removed, not the user")
	g.Expect(tenant.Ledger().UsersDeleted).To(BeEmpty())
}

func TestMembershipOfWhatDoesNotExistIsNotFound(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	user, group := tenant.AddGuest("ada@partner.example", "Ada"), tenant.AddGroup(graphsim.Group{DisplayName: "partners"})
	_, err := client.IsMember(ctx, nobody, user)
	g.Expect(directory.IsNotFound(err)).To(BeTrue())
	g.Expect(directory.IsNotFound(client.ListMembers(ctx, nobody, func([]string) error { return nil }))).To(BeTrue())
	for _, pair := range [][2]string{{nobody, user}, {group, nobody}} {
		err := client.AddMembers(ctx, pair[0], []string{pair[1]})
		g.Expect(directory.IsNotFound(err)).To(BeTrue(), "%v", err)
		g.Expect(directory.HasDetail(err, directory.ReferenceNotReady)).To(BeTrue())
		g.Expect(directory.IsNotFound(client.RemoveMember(ctx, pair[0], pair[1]))).To(BeTrue())
	}
}

func TestEveryKindOfGroupIsRecognised(t *testing.T) {
	for name, tt := range map[string]struct {
		group   graphsim.Group
		because string
	}{
		"security":              {graphsim.Group{DisplayName: "g", SecurityEnabled: true}, ""},
		"Microsoft 365":         {graphsim.Group{DisplayName: "g", GroupTypes: []string{"Unified"}, MailEnabled: true}, ""},
		"role-assignable":       {graphsim.Group{DisplayName: "g", SecurityEnabled: true, AssignableToRole: true}, "role-assignable"},
		"dynamic":               {graphsim.Group{DisplayName: "g", SecurityEnabled: true, GroupTypes: []string{"DynamicMembership"}, MembershipRule: `user.userType -eq "Guest"`}, "dynamic"},
		"synced":                {graphsim.Group{DisplayName: "g", SecurityEnabled: true, OnPremisesSyncEnabled: true}, "on-premises"},
		"management-restricted": {graphsim.Group{DisplayName: "g", SecurityEnabled: true, ManagementRestricted: true}, "restricted management"},
		"mail-enabled security": {graphsim.Group{DisplayName: "g", SecurityEnabled: true, MailEnabled: true}, "distribution list"},
		"distribution list":     {graphsim.Group{DisplayName: "g", MailEnabled: true}, "distribution list"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, client := tenantAndClient(t)
			id := tenant.AddGroup(tt.group)
			group, err := client.GetGroup(t.Context(), id)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(group.ID).To(Equal(id))
			g.Expect(group.DisplayName).To(Equal("g"))
			g.Expect(group.SecurityEnabled).To(Equal(tt.group.SecurityEnabled))
			g.Expect(group.MailEnabled).To(Equal(tt.group.MailEnabled))
			if tt.because == "" {
				g.Expect(group.NotWritableBecause()).To(BeEmpty())
				return
			}
			g.Expect(group.NotWritableBecause()).To(ContainSubstring(tt.because))
			tenant.SetPermissions([]string{"GroupMember.ReadWrite.All", "User.Read.All"})
			err = client.AddMembers(t.Context(), id, []string{tenant.AddGuest("ada@partner.example", "Ada")})
			g.Expect(directory.ClassOf(err)).To(BeElementOf(directory.Denied, directory.Invalid), "%v", err)
			g.Expect(directory.HasDetail(err, directory.AlreadyMember)).To(BeFalse())
		})
	}
}

func TestGroupsAreFoundByTheirExactName(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	one := tenant.AddGroup(graphsim.Group{DisplayName: "O'Brien & partners"})
	two := tenant.AddGroup(graphsim.Group{DisplayName: "O'Brien & partners"})
	tenant.AddGroup(graphsim.Group{DisplayName: "O'Brien & partners of old"})

	found, err := client.FindGroups(t.Context(), "O'Brien & partners")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(HaveLen(2))
	g.Expect([]string{found[0].ID, found[1].ID}).To(ConsistOf(one, two))
	found, err = client.FindGroups(t.Context(), "nobody's")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeEmpty())
	_, err = client.GetGroup(t.Context(), nobody)
	g.Expect(directory.IsNotFound(err)).To(BeTrue())
}

func TestOnlyTheUsersAmongTheMembersAreListed(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	group, nested := tenant.AddGroup(graphsim.Group{DisplayName: "g"}), tenant.AddGroup(graphsim.Group{DisplayName: "nested"})
	g.Expect(tenant.AddMember(group, nested)).To(Succeed())
	want := []string{}
	for i := range 1100 {
		id := tenant.AddGuest(fmt.Sprintf("guest%d@partner.example", i), "Guest")
		g.Expect(tenant.AddMember(group, id)).To(Succeed())
		want = append(want, id)
	}
	indirect := tenant.AddGuest("indirect@partner.example", "Indirect")
	g.Expect(tenant.AddMember(nested, indirect)).To(Succeed())

	got := []string{}
	g.Expect(client.ListMembers(t.Context(), group, func(page []string) error {
		got = append(got, page...)
		return nil
	})).To(Succeed())
	g.Expect(got).To(ConsistOf(want))
	g.Expect(tenant.Ledger().Requests).To(Equal(2))

	is, err := client.IsMember(t.Context(), group, indirect)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(is).To(BeFalse(), "a member of a nested group is not a direct member")
}
