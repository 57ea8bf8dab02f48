package graph_test

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const patches = "PATCH /users/{id}"

func TestOnlyTheFieldsOfAProfileThatAreNamedAreWritten(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	id := tenant.AddGuest("ada@partner.example", "Ada")
	g.Expect(tenant.PatchUser(id, map[string]json.RawMessage{"companyName": []byte(`"Partner"`), "jobTitle": []byte(`"Analyst"`)})).To(Succeed())

	all := directory.Profile{GivenName: "Ada", Surname: "Lovelace", CompanyName: "Partner", Department: "Engines", JobTitle: "Analyst",
		EmployeeType: "Contractor", UsageLocation: "GB"}
	changes := directory.ProfileChanges{}
	for _, field := range directory.ProfileFields() {
		if field != directory.CompanyName && field != directory.JobTitle {
			changes[field] = all.Value(field)
		}
	}
	g.Expect(client.UpdateProfile(ctx, id, changes)).To(Succeed())
	user, err := client.GetUser(ctx, id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user.Profile).To(Equal(all))

	g.Expect(client.UpdateProfile(ctx, id, directory.ProfileChanges{directory.JobTitle: "", directory.Department: "Looms"})).To(Succeed())
	user, err = client.GetUser(ctx, id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user.Profile).To(Equal(all.With(directory.ProfileChanges{directory.JobTitle: "", directory.Department: "Looms"})))

	writes := tenant.Ledger().WritesOf(patches)
	g.Expect(writes).To(HaveLen(2))
	g.Expect(writes[0].Properties).To(Equal([]string{"department", "employeeType", "givenName", "surname", "usageLocation"}))
	g.Expect(writes[1].Properties).To(Equal([]string{"department", "jobTitle"}))
}

func TestAValueThatTheDirectoryDoesNotTakeIsInvalid(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	id := tenant.AddGuest("ada@partner.example", "Ada")
	err := client.UpdateProfile(t.Context(), id, directory.ProfileChanges{directory.UsageLocation: "Germany", directory.JobTitle: "x"})
	g.Expect(directory.Is(err, directory.Invalid)).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("usageLocation")))
	err = client.UpdateProfile(t.Context(), nobody, directory.ProfileChanges{directory.JobTitle: "x"})
	g.Expect(directory.IsNotFound(err)).To(BeTrue(), "%v", err)
	g.Expect(tenant.Ledger().Writes).To(BeEmpty())
}

func TestTheProfileIsListedAndFollowed(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	id := tenant.AddGuest("ada@partner.example", "Ada")
	link, err := client.LatestUsers(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.UpdateProfile(ctx, id, directory.ProfileChanges{directory.CompanyName: "Partner"})).To(Succeed())
	want := directory.Profile{CompanyName: "Partner"}

	var followed, listed []directory.User
	link, err = client.UserChanges(ctx, link, func(page []directory.UserChange) error {
		for _, change := range page {
			followed = append(followed, change.User)
		}
		return nil
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.ListGuests(ctx, func(page []directory.User) error { listed = append(listed, page...); return nil })).To(Succeed())
	for _, users := range [][]directory.User{followed, listed} {
		g.Expect(users).To(HaveLen(1))
		g.Expect(users[0].Profile).To(Equal(want))
	}

	g.Expect(client.UpdateProfile(ctx, id, directory.ProfileChanges{directory.CompanyName: ""})).To(Succeed())
	_, err = client.UserChanges(ctx, link, func(page []directory.UserChange) error {
		g.Expect(page).To(HaveLen(1))
		g.Expect(page[0].User.Profile).To(BeZero())
		return nil
	})
	g.Expect(err).NotTo(HaveOccurred())
}

func TestABlockedUserIsSignedOutAndLetInAgain(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	id := tenant.AddGuest("ada@partner.example", "Ada")
	enabled := func() bool {
		user, err := client.GetUser(ctx, id)
		g.Expect(err).NotTo(HaveOccurred())
		return user.AccountEnabled
	}
	g.Expect(enabled()).To(BeTrue())
	g.Expect(client.SetAccountEnabled(ctx, id, false)).To(Succeed())
	g.Expect(enabled()).To(BeFalse())
	g.Expect(client.RevokeSignInSessions(ctx, id)).To(Succeed())
	g.Expect(client.SetAccountEnabled(ctx, id, true)).To(Succeed())
	g.Expect(enabled()).To(BeTrue())

	var states []string
	for _, change := range tenant.Ledger().States[id] {
		if change.By == graphsim.ByAPI {
			states = append(states, change.State)
		}
	}
	g.Expect(states).To(Equal([]string{"disabled", "sessionsRevoked", "enabled"}))
	for _, write := range tenant.Ledger().WritesOf(patches) {
		g.Expect(write.Properties).To(Equal([]string{"accountEnabled"}))
	}
	g.Expect(directory.IsNotFound(client.SetAccountEnabled(ctx, nobody, false))).To(BeTrue())
	g.Expect(directory.IsNotFound(client.RevokeSignInSessions(ctx, nobody))).To(BeTrue())
}

func TestARestoredUserIsWhoTheyWere(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	id, group := tenant.AddGuest("ada@partner.example", "Ada"), tenant.AddGroup(graphsim.Group{DisplayName: "partners"})
	g.Expect(client.AddMembers(ctx, group, []string{id})).To(Succeed())
	before, err := client.GetUser(ctx, id)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = client.RestoreUser(ctx, id)
	g.Expect(directory.IsNotFound(err)).To(BeTrue(), "not deleted: %v", err)

	g.Expect(client.DeleteUser(ctx, id)).To(Succeed())
	restored, err := client.RestoreUser(ctx, id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(restored.ID).To(Equal(id))
	after, err := client.GetUser(ctx, id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(after).To(Equal(before))
	member, err := client.IsMember(ctx, group, id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(member).To(BeTrue())
	_, err = client.RestoreUser(ctx, id)
	g.Expect(directory.IsNotFound(err)).To(BeTrue(), "not deleted any more: %v", err)
}

func TestAUserWhoseAddressIsTakenIsNotRestored(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	invited, err := client.Invite(ctx, invitationTo("ada@partner.example"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.DeleteUser(ctx, invited.UserID)).To(Succeed())
	another, err := client.Invite(ctx, invitationTo("ada@partner.example"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(another.UserID).NotTo(Equal(invited.UserID))

	_, err = client.RestoreUser(ctx, invited.UserID)
	g.Expect(directory.Is(err, directory.Conflict)).To(BeTrue(), "%v", err)
	g.Expect(directory.HasDetail(err, directory.AddressInUse)).To(BeTrue(), "%v", err)
	_, err = client.GetDeletedUser(ctx, invited.UserID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tenant.Ledger().WritesOf("POST /directory/deletedItems/{id}/restore")).To(BeEmpty())
}

func TestAWriteWithoutThePermissionIsDenied(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	id, owner := tenant.AddGuest("ada@partner.example", "Ada"), tenant.AddUser(graphsim.User{DisplayName: "Owner"})
	gone := tenant.AddGuest("bob@partner.example", "Bob")
	g.Expect(tenant.DeleteUser(gone)).To(Succeed())
	tenant.SetPermissions([]string{"User.Read.All", "User.Invite.All"})
	_, restored := client.RestoreUser(ctx, gone)
	for name, err := range map[string]error{
		"a profile": client.UpdateProfile(ctx, id, directory.ProfileChanges{directory.JobTitle: "x"}),
		"a block":   client.SetAccountEnabled(ctx, id, false),
		"sessions":  client.RevokeSignInSessions(ctx, id),
		"a sponsor": client.AddSponsor(ctx, id, directory.SponsorRef{ID: owner, Kind: directory.SponsorUser}),
		"restoring": restored,
	} {
		g.Expect(directory.Is(err, directory.Denied)).To(BeTrue(), "%s: %v", name, err)
	}
	g.Expect(tenant.Ledger().Writes).To(BeEmpty())
}
