package graphsim

// DemoWikiAppID is the application id of the wiki that Seed adds.
const DemoWikiAppID = "8a1e0f3c-52d7-4b6a-9c41-7e2d90b5a613"

// Seed fills a tenant with the demonstration data: employees, one group of every
// kind, a guest who accepted long ago, and two applications, one of them with roles.
func Seed(t *Tenant) {
	domain := t.defaultDomain()
	owner := t.AddUser(User{DisplayName: "Megan Bowen", GivenName: "Megan", Surname: "Bowen", JobTitle: "Project lead", Mail: "megan.bowen@" + domain})
	admin := t.AddUser(User{DisplayName: "Adele Vance", GivenName: "Adele", Surname: "Vance", JobTitle: "Directory administrator", Mail: "adele.vance@" + domain, DirectoryRole: true})
	lee := t.AddUser(User{DisplayName: "Lee Gu", GivenName: "Lee", Surname: "Gu", JobTitle: "Engineer", Mail: "lee.gu@" + domain, OnPremisesSyncEnabled: true})
	guest := t.AddGuest("sara.davis@fabrikam.example", "Sara Davis")

	groups := []struct {
		group   Group
		members []string
	}{
		{Group{DisplayName: "sg-project-42-partners", Description: "Partners who work on project 42"}, nil},
		{Group{DisplayName: "sg-wiki-readers", Description: "Everyone who may read the wiki"}, []string{owner, guest}},
		{Group{DisplayName: "Project 42", Description: "The team of project 42", GroupTypes: []string{"Unified"}}, []string{owner, lee}},
		{Group{DisplayName: "dyn-all-guests", GroupTypes: []string{"DynamicMembership"}, MembershipRule: `(user.userType -eq "Guest")`}, []string{guest}},
		{Group{DisplayName: "sg-helpdesk-admins", AssignableToRole: true}, []string{admin}},
		{Group{DisplayName: "sg-synced-finance", OnPremisesSyncEnabled: true}, []string{lee}},
		{Group{DisplayName: "dl-announcements", MailEnabled: true}, []string{owner, lee}},
		{Group{DisplayName: "sg-restricted", ManagementRestricted: true}, []string{admin}},
	}
	for _, g := range groups {
		id := t.AddGroup(g.group)
		for _, member := range g.members {
			// Both were added above.
			_ = t.AddMember(id, member)
		}
	}
	wiki := t.AddServicePrincipal(ServicePrincipal{
		DisplayName: "Project Wiki", Description: "The wiki of project 42", AppID: DemoWikiAppID, AppRoleAssignmentRequired: true,
		AppRoles: []AppRole{
			{Value: "Reader", DisplayName: "Readers", Description: "May read pages"},
			{Value: "Editor", DisplayName: "Editors", Description: "May write pages"},
			{Value: "Wiki.Export", DisplayName: "Export", Description: "May export all pages", AllowedMemberTypes: []string{"Application"}},
		},
	})
	t.AddServicePrincipal(ServicePrincipal{
		DisplayName: "Partner Portal", Description: "Where partners report", AppRoleAssignmentRequired: true,
	})
	_, _ = t.AssignAppRole(wiki, owner, "Editor") // both were added above
}
