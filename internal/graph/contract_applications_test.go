package graph_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func wikiOf(tenant *graphsim.Tenant) string {
	return tenant.AddServicePrincipal(graphsim.ServicePrincipal{
		DisplayName: "Project's Wiki", AppRoleAssignmentRequired: true, AppRoles: []graphsim.AppRole{
			{Value: "Reader", DisplayName: "Readers"}, {Value: "Writer", DisplayName: "Writers"},
			{Value: "Old", Disabled: true}, {Value: "Robot", AllowedMemberTypes: []string{"Application"}},
		},
	})
}

func TestAnApplicationIsFoundByIDAndByName(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	id := wikiOf(tenant)
	shown, _ := tenant.ServicePrincipal(id)
	app, err := client.GetServicePrincipal(ctx, shown.AppID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(app.ID).To(Equal(id))
	g.Expect(app.DisplayName).To(Equal("Project's Wiki"))
	g.Expect(app.AssignmentRequired).To(BeTrue())
	g.Expect(app.AppRoles).To(HaveLen(4))
	g.Expect(app.AppRoles[0]).To(Equal(directory.AppRole{ID: shown.AppRoles[0].ID, Value: "Reader", DisplayName: "Readers", Enabled: true, ForUsers: true}))
	g.Expect(app.AppRoles[2].Enabled).To(BeFalse())
	g.Expect(app.AppRoles[3].ForUsers).To(BeFalse())

	named, err := client.FindServicePrincipals(ctx, "Project's Wiki")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(named).To(Equal([]directory.ServicePrincipal{app}))
	tenant.AddServicePrincipal(graphsim.ServicePrincipal{DisplayName: "Project's Wiki"})
	named, err = client.FindServicePrincipals(ctx, "Project's Wiki")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(named).To(HaveLen(2), "names are not unique")
	named, err = client.FindServicePrincipals(ctx, "Project's Wik")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(named).To(BeEmpty())
	_, err = client.GetServicePrincipal(ctx, id)
	g.Expect(directory.IsNotFound(err)).To(BeTrue(), "the object id is not the application's: %v", err)
}

func TestARoleIsGrantedAndRevoked(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	wiki, ada := wikiOf(tenant), tenant.AddGuest("ada@partner.example", "Ada")
	other := tenant.AddServicePrincipal(graphsim.ServicePrincipal{DisplayName: "Other"})
	shown, _ := tenant.ServicePrincipal(wiki)
	reader := shown.AppRoles[0].ID
	list := func(app string) []directory.AppRoleAssignment {
		found, err := client.ListAppRoleAssignments(ctx, ada, app)
		g.Expect(err).NotTo(HaveOccurred())
		return found
	}

	g.Expect(list(wiki)).To(BeEmpty())
	granted, err := client.GrantAppRole(ctx, wiki, ada, reader)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(granted.RoleID).To(Equal(reader))
	g.Expect(granted.CreatedDateTime).NotTo(BeZero())
	g.Expect(list(wiki)).To(Equal([]directory.AppRoleAssignment{granted}))
	_, err = client.GrantAppRole(ctx, wiki, ada, reader)
	g.Expect(directory.HasDetail(err, directory.AssignmentExists)).To(BeTrue(), "%v", err)
	tenant.Configure(func(b *graphsim.Behaviour) { b.EntitlementGrantWording = true })
	_, err = client.GrantAppRole(ctx, wiki, ada, reader)
	g.Expect(directory.HasDetail(err, directory.AssignmentExists)).To(BeTrue(), "%v", err)

	access, err := client.GrantAppRole(ctx, other, ada, directory.DefaultAccess)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list(other)).To(Equal([]directory.AppRoleAssignment{access}), "each application by itself")

	g.Expect(client.RevokeAppRole(ctx, wiki, granted.ID)).To(Succeed())
	g.Expect(list(wiki)).To(BeEmpty())
	g.Expect(list(other)).To(HaveLen(1))
	g.Expect(directory.IsNotFound(client.RevokeAppRole(ctx, wiki, granted.ID))).To(BeTrue())
	g.Expect(directory.IsNotFound(client.RevokeAppRole(ctx, wiki, access.ID))).To(BeTrue(), "another application's")
	g.Expect(tenant.Assignments(ada)).To(HaveLen(1))
}

func TestWhatComesByAGroupIsNotTheUsersOwn(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	wiki, ada, group := wikiOf(tenant), tenant.AddGuest("ada@partner.example", "Ada"), tenant.AddGroup(graphsim.Group{DisplayName: "readers"})
	g.Expect(tenant.AddMember(group, ada)).To(Succeed())
	_, err := tenant.AssignAppRole(wiki, group, "Reader")
	g.Expect(err).NotTo(HaveOccurred())
	own, err := tenant.AssignAppRole(wiki, ada, "Writer")
	g.Expect(err).NotTo(HaveOccurred())
	found, err := client.ListAppRoleAssignments(t.Context(), ada, wiki)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(HaveLen(1))
	g.Expect(found[0].ID).To(Equal(own))
}

func TestRefusedRolesSayWhy(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	wiki, ada := wikiOf(tenant), tenant.AddGuest("ada@partner.example", "Ada")
	shown, _ := tenant.ServicePrincipal(wiki)
	for name, tt := range map[string]struct {
		app, user, role string
		detail          directory.Detail
	}{
		"a role that is not there":     {wiki, ada, nobody, directory.RoleUnknown},
		"a role for applications":      {wiki, ada, shown.AppRoles[3].ID, directory.RoleUnknown},
		"a user who is not there":      {wiki, nobody, shown.AppRoles[0].ID, directory.ReferenceNotReady},
		"an application that is not":   {nobody, ada, shown.AppRoles[0].ID, directory.ReferenceNotReady},
		"default access beside a role": {wiki, ada, directory.DefaultAccess, directory.RoleUnknown},
	} {
		_, err := client.GrantAppRole(ctx, tt.app, tt.user, tt.role)
		g.Expect(directory.HasDetail(err, tt.detail)).To(BeTrue(), "%s: %v", name, err)
	}
	g.Expect(tenant.Ledger().Writes).To(BeEmpty())
	_, err := client.ListAppRoleAssignments(ctx, nobody, wiki)
	g.Expect(directory.IsNotFound(err)).To(BeTrue(), "%v", err)
}

func TestAnInvitedGuestCanHaveNoRoleUntilTheyAreEverywhere(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	wiki := wikiOf(tenant)
	shown, _ := tenant.ServicePrincipal(wiki)
	tenant.SetLag(graphsim.Lag{Writes: graphsim.Replication{Misses: 2}})
	invited, err := client.Invite(ctx, invitationTo("ada@partner.example"))
	g.Expect(err).NotTo(HaveOccurred())
	for range 2 {
		_, err = client.GrantAppRole(ctx, wiki, invited.UserID, shown.AppRoles[0].ID)
		g.Expect(directory.HasDetail(err, directory.ReferenceNotReady)).To(BeTrue(), "%v", err)
	}
	_, err = client.GrantAppRole(ctx, wiki, invited.UserID, shown.AppRoles[0].ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tenant.Assignments(invited.UserID)).To(HaveLen(1))
}

func TestARoleWhoseAnswerIsLostIsInDoubt(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	wiki, ada := wikiOf(tenant), tenant.AddGuest("ada@partner.example", "Ada")
	shown, _ := tenant.ServicePrincipal(wiki)
	tenant.Inject(graphsim.Fault{Method: "POST", Path: "/servicePrincipals/" + wiki + "/appRoleAssignedTo", Times: 1,
		Effect: graphsim.AfterCommit(graphsim.ResetConnection())})
	_, err := client.GrantAppRole(ctx, wiki, ada, shown.AppRoles[0].ID)
	g.Expect(directory.ClassOf(err)).To(Equal(directory.OutcomeUnknown), "%v", err)
	found, err := client.ListAppRoleAssignments(ctx, ada, wiki)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(HaveLen(1))
	g.Expect(found[0].CreatedDateTime).To(BeTemporally("~", tenant.Now(), time.Minute))
}

func TestRolesNeedTheirOwnPermissions(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	wiki, ada := wikiOf(tenant), tenant.AddGuest("ada@partner.example", "Ada")
	shown, _ := tenant.ServicePrincipal(wiki)
	grant := func() error { _, err := client.GrantAppRole(ctx, wiki, ada, shown.AppRoles[0].ID); return err }
	for _, granted := range [][]string{{"User.ReadWrite.All"}, {"Application.Read.All"}, {"AppRoleAssignment.ReadWrite.All"}} {
		tenant.SetPermissions(granted)
		g.Expect(directory.Is(grant(), directory.Denied)).To(BeTrue(), "%v", granted)
	}
	tenant.SetPermissions([]string{"Application.Read.All", "AppRoleAssignment.ReadWrite.All"})
	g.Expect(grant()).To(Succeed())
	found, err := client.ListAppRoleAssignments(ctx, ada, wiki)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.RevokeAppRole(ctx, wiki, found[0].ID)).To(Succeed())
	_, err = client.GetServicePrincipal(ctx, shown.AppID)
	g.Expect(err).NotTo(HaveOccurred())
}
