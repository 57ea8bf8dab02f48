package graphsim_test

import (
	"math"
	"strings"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const (
	library   = "b320ee12-b1cd-4cca-b648-a437be61c5cd"
	addMember = "b269b48d-afa4-49ed-a26e-d684531b62c7"
	addTo     = "4938ba57-5e96-4a3e-b069-a066dd194a55"
)

// arrange makes what an example presupposes.
func arrange(t *graphsim.Tenant, e example) {
	for _, special := range []map[string]func(*graphsim.Tenant){arrangements, applicationArrangements} {
		if make, known := special[e.file]; known {
			make(t)
			return
		}
	}
	switch path := e.Request.URL; {
	case strings.Contains(path, "/groups/{"), e.file == "group-list-01.json":
		partners(t)
	case strings.Contains(path, "/users"):
		t.AddUser(graphsim.User{ID: placeholder, DisplayName: "Adele Vance", Mail: "adele@contoso.example"})
	}
}

// partners is a group with a member, under the placeholder's id.
func partners(t *graphsim.Tenant) {
	t.AddGroup(graphsim.Group{ID: placeholder, DisplayName: "Partners"})
	_ = t.AddMember(placeholder, t.AddUser(graphsim.User{DisplayName: "Joseph Price", Mail: "joseph@contoso.example"}))
	_ = t.AddMember(placeholder, t.AddUser(graphsim.User{DisplayName: "Tierney Price", Mail: "tierney@contoso.example"}))
}

func person(id string) func(*graphsim.Tenant) {
	return func(t *graphsim.Tenant) {
		t.AddUser(graphsim.User{ID: id, DisplayName: "Grady Archie", Mail: "gradya@contoso.com"})
	}
}

func deletedTeam(t *graphsim.Tenant) {
	t.AddGroup(graphsim.Group{ID: placeholder, DisplayName: "SampleGroup", GroupTypes: []string{"Unified"}})
	_ = t.DeleteGroup(placeholder)
}

func inGroups(user string, ids ...string) func(*graphsim.Tenant) {
	return func(t *graphsim.Tenant) {
		person(user)(t)
		for _, id := range ids {
			t.AddGroup(graphsim.Group{ID: id, DisplayName: "All Users"})
			_ = t.AddMember(id, user)
		}
	}
}

func groupToJoin(g graphsim.Group) func(*graphsim.Tenant) {
	return func(t *graphsim.Tenant) {
		g.ID, g.DisplayName = addTo, "Group"
		t.AddGroup(g)
		person(addMember)(t)
	}
}

func sponsored(user string) func(*graphsim.Tenant) {
	return func(t *graphsim.Tenant) {
		t.AddUser(graphsim.User{ID: user, DisplayName: "Guest", Sponsors: []string{placeholder, library}})
		person(placeholder)(t)
		t.AddGroup(graphsim.Group{ID: library, DisplayName: "Sponsors", GroupTypes: []string{"Unified"}})
	}
}

func onePerPage(t *graphsim.Tenant) {
	t.Configure(func(b *graphsim.Behaviour) { b.DeltaPage = 1 })
}

// deltaOfTeams is two groups of which the documentation shows one on the first page.
func deltaOfTeams(t *graphsim.Tenant) {
	for _, name := range []string{"All Company", "Everyone"} {
		id := t.AddGroup(graphsim.Group{DisplayName: name, Description: "Everyone in the network", GroupTypes: []string{"Unified"}})
		for _, member := range []string{"a", "b"} {
			_ = t.AddMember(id, t.AddUser(graphsim.User{DisplayName: member}))
		}
	}
	onePerPage(t)
}

// toSponsor is a user without sponsors, and a user or group to become one.
func toSponsor(t *graphsim.Tenant) {
	person("d8ab5060-f636-4cff-ae97-d4687f5c83f3")(t)
	person(placeholder)(t)
}

var arrangements = map[string]func(*graphsim.Tenant){
	"user-get-01.json": person("87d349ed-44d7-43e1-9a83-5f2406dee5bd"),
	"user-get-04.json": func(t *graphsim.Tenant) {
		t.AddUser(graphsim.User{ID: "4562bcc8-c436-4f95-b7c0-4f8ce89dca5e", DisplayName: "MOD Administrator", Other: map[string]any{
			"ext55gb1l09_msLearnCourses": map[string]any{"@odata.type": "#microsoft.graph.ComplexExtensionValue", "courseType": "Developer", "courseName": "Introduction to Microsoft Graph", "courseId": 1},
		}})
	},
	"user-list-03.json": person("e8b753b5-4117-464e-9a08-713e1ff266b3"),
	"user-list-04.json": func(t *graphsim.Tenant) {
		t.AddUser(graphsim.User{DisplayName: "Oscar Ward", Mail: "oscarward@contoso.com"})
	},
	"user-delta-01.json": func(t *graphsim.Tenant) {
		for range 2 {
			t.AddUser(graphsim.User{
				DisplayName: "Adele Vance", GivenName: "Adele", Surname: "Vance", JobTitle: "Retail Manager", Mail: "adele@contoso.example",
				MobilePhone: "+1 425 555 0109", BusinessPhones: []string{"+1 425 555 0109"}, OfficeLocation: "18/2111", PreferredLanguage: "en-US",
			})
		}
		onePerPage(t)
	},
	"group-delta-01.json": deltaOfTeams,
	"group-delta-02.json": deltaOfTeams,
	"group-delta-03.json": deltaOfTeams,
	"extra-batch-01.json": func(t *graphsim.Tenant) {
		t.AddGroup(graphsim.Group{ID: "0e226165-c685-41ce-8bfc-df8360ab325d", DisplayName: "Partners"})
		t.AddUser(graphsim.User{DisplayName: "Lynne Robbins"})
		t.SetPermissions([]string{"User.Read.All"})
		t.SetQuota(graphsim.Quota{ResourceUnits: 8000})
	},
	"user-list-memberof-01.json": inGroups(placeholder, library),
	"user-post-manager-01.json": func(t *graphsim.Tenant) {
		person("10f17b99-784c-4526-8747-aec8a3159d6a")(t)
		person("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0")(t)
	},
	"directoryobject-checkmembergroups-01.json": inGroups("4562bcc8-c436-4f95-b7c0-4f8ce89dca5e", "f448435d-3ca7-4073-8152-a1fd73c0fd09", "93670da6-d731-4366-94b5-abed40b6016b"),
	"directoryobject-getmembergroups-01.json":   inGroups("0049d944-a805-4680-9f54-3ab292090309", "a8daa1fb-d24c-47d0-9e9e-c99e83394e3e"),
	"directoryobject-getbyids-01.json":          person("84b80893874940a3-97b7-68513b600544"),
	"directory-deleteditems-get-01.json":        deletedTeam,
	"directory-deleteditems-list-01.json":       deletedTeam,
	"directory-deleteditems-restore-01.json":    deletedTeam,
	"directory-deleteditems-delete-01.json":     deletedTeam,
	"group-get-01.json": func(t *graphsim.Tenant) {
		t.AddGroup(graphsim.Group{ID: library, DisplayName: "Library Assist", GroupTypes: []string{"Unified"}})
	},
	"group-list-02.json": func(t *graphsim.Tenant) {
		t.AddGroup(graphsim.Group{DisplayName: "Contoso Group 1", LicenseErrors: true})
	},
	"group-list-04.json": func(t *graphsim.Tenant) { t.AddGroup(graphsim.Group{DisplayName: "SFA Videos"}) },
	"group-post-groups-03.json": func(t *graphsim.Tenant) {
		person("99e44b05-c10b-4e95-a523-e2732bbaba1e")(t)
		person("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0")(t)
		person("4562bcc8-c436-4f95-b7c0-4f8ce89dca5e")(t)
	},
	"group-update-01.json": func(t *graphsim.Tenant) {
		t.AddGroup(graphsim.Group{ID: placeholder, DisplayName: "Library", GroupTypes: []string{"Unified"}})
	},
	"group-post-members-01.json": func(t *graphsim.Tenant) {
		t.AddGroup(graphsim.Group{ID: placeholder, DisplayName: "Group"})
	},
	"group-delete-members-01.json":     func(t *graphsim.Tenant) { memberOfItself(t) },
	"extra-user-post-sponsors-01.json": toSponsor,
	"extra-user-post-sponsors-02.json": toSponsor,
	"extra-user-list-sponsors-01.json": sponsored("025e5e3e-e5b7-4eb4-ba1f-4e5b0579f1a2"),

	"error-invitation-reset-email-mismatch.json": person(placeholder),
	"error-invitation-reset-forbidden.json": func(t *graphsim.Tenant) {
		t.AddUser(graphsim.User{ID: placeholder, Mail: "john@fabrikam.net", DirectoryRole: true})
	},
	"error-invitation-not-allowed-for-company.json": func(t *graphsim.Tenant) { t.SetAllowInvitesFrom("none") },
	"error-invitation-app-lacks-permission.json":    func(t *graphsim.Tenant) { t.SetPermissions([]string{"User.Read.All"}) },
	"error-invitation-bad-smtp.json":                func(*graphsim.Tenant) {},
	"error-invitation-verified-domain.json":         func(t *graphsim.Tenant) { t.AddVerifiedDomain("contoso.com") },
	"error-invitation-existing-internal.json": func(t *graphsim.Tenant) {
		t.AddUser(graphsim.User{ID: placeholder, DisplayName: "Bob", Mail: "bob@other.example"})
	},
	"error-group-add-existing-member.json": func(t *graphsim.Tenant) {
		t.AddGroup(graphsim.Group{ID: "62727b72-49a1-45bd-9570-6677ac87e62a", DisplayName: "Group"})
		person("56bc8f87-b25e-463d-88ef-1a243acccebd")(t)
		_ = t.AddMember("62727b72-49a1-45bd-9570-6677ac87e62a", "56bc8f87-b25e-463d-88ef-1a243acccebd")
	},
	"error-not-found.json": func(*graphsim.Tenant) {},
	"error-throttled.json": func(t *graphsim.Tenant) { t.Inject(graphsim.Fault{Effect: graphsim.Throttle("10")}) },
	"error-guest-not-ready.json": func(t *graphsim.Tenant) {
		person(placeholder)(t)
		t.SetUserLag(placeholder, graphsim.Replication{}, graphsim.Replication{Misses: math.MaxInt})
	},
	"error-group-add-mail-enabled.json": groupToJoin(graphsim.Group{MailEnabled: true, SecurityEnabled: true}),
	"error-group-add-dynamic.json":      groupToJoin(graphsim.Group{GroupTypes: []string{"DynamicMembership"}}),
}

// memberOfItself serves an example whose group and member share a placeholder.
func memberOfItself(t *graphsim.Tenant) {
	t.AddGroup(graphsim.Group{ID: placeholder, DisplayName: "Group"})
	_ = t.AddMember(placeholder, placeholder)
}
