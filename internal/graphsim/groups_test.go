package graphsim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestAMemberIsAddedListedAndRemoved(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, group := graph.inviteID("ada@partner.example"), tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})

	added := graph.addMember(group, id)
	g.Expect(added.status).To(Equal(http.StatusNoContent), added.raw)
	g.Expect(tenant.Members(group)).To(Equal([]string{id}))
	listed := graph.get("/v1.0/groups/" + group + "/members?$select=id")
	g.Expect(listed.values()).To(Equal([]map[string]any{{"@odata.type": "#microsoft.graph.user", "id": id}}))
	g.Expect(graph.filter("groups/"+group+"/members", "id eq '"+id+"'").column("id")).To(Equal([]string{id}))
	g.Expect(graph.filter("groups/"+group+"/members", "id eq 'other'").values()).To(BeEmpty())
	g.Expect(graph.get("/v1.0/users/" + id + "/memberOf").column("displayName")).To(Equal([]string{"Partners"}))

	again := graph.addMember(group, id)
	g.Expect(again.status).To(Equal(http.StatusBadRequest))
	g.Expect(again.code()).To(Equal("Request_BadRequest"))
	g.Expect(again.message()).To(Equal("One or more added object references already exist for the following modified properties: 'members'."))

	path := "/v1.0/groups/" + group + "/members/" + id + "/$ref"
	g.Expect(graph.do("DELETE", path, "").status).To(Equal(http.StatusNoContent))
	g.Expect(tenant.Members(group)).To(BeEmpty())
	gone := graph.do("DELETE", path, "")
	g.Expect(gone.status).To(Equal(http.StatusNotFound))
	g.Expect(gone.message()).To(Equal("Resource '" + id + "' does not exist or one of its queried reference-property objects are not present."))
	_, stays := tenant.User(id)
	g.Expect(stays).To(BeTrue())
}

func TestGroupsWhoseMembersSomethingElseGoverns(t *testing.T) {
	const denied = "Insufficient privileges to complete the operation."
	tests := []struct {
		name        string
		group       graphsim.Group
		permissions []string
		status      int
		code        string
		message     string
	}{
		{"assigned security group", graphsim.Group{}, nil, 204, "", ""},
		{"Microsoft 365 group", graphsim.Group{GroupTypes: []string{"Unified"}}, nil, 204, "", ""},
		{"dynamic group", graphsim.Group{GroupTypes: []string{"DynamicMembership"}}, nil, 403, "Authorization_RequestDenied", denied},
		{"mail-enabled security group", graphsim.Group{MailEnabled: true, SecurityEnabled: true}, nil, 400, "Request_BadRequest", "Cannot Update a mail-enabled security groups and or distribution list."},
		{"distribution list", graphsim.Group{MailEnabled: true}, nil, 400, "Request_BadRequest", "Cannot Update a mail-enabled security groups and or distribution list."},
		{"synced group", graphsim.Group{OnPremisesSyncEnabled: true}, nil, 400, "Request_BadRequest",
			"Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."},
		{"restricted management", graphsim.Group{ManagementRestricted: true}, nil, 403, "Authorization_RequestDenied", denied},
		{"role-assignable group, without the role permission", graphsim.Group{AssignableToRole: true}, []string{"GroupMember.ReadWrite.All"}, 403, "Authorization_RequestDenied", denied},
		{"role-assignable group, with the role permission", graphsim.Group{AssignableToRole: true}, []string{"GroupMember.ReadWrite.All", "RoleManagement.ReadWrite.Directory"}, 204, "", ""},
		{"no permission at all", graphsim.Group{}, []string{"User.Invite.All"}, 403, "Authorization_RequestDenied", denied},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := NewWithT(t)
			tenant, graph := newTenant(t)
			id, old := graph.inviteID("ada@partner.example"), graph.inviteID("old@partner.example")
			test.group.DisplayName = "Group"
			group := tenant.AddGroup(test.group)
			g.Expect(tenant.AddMember(group, old)).To(Succeed())
			tenant.SetPermissions(test.permissions)
			tenant.ResetCounters()

			for _, answer := range []response{
				graph.addMember(group, id),
				graph.do("DELETE", "/v1.0/groups/"+group+"/members/"+old+"/$ref", ""),
				graph.do("PATCH", "/v1.0/groups/"+group, `{"members@odata.bind":["`+graph.url+`/v1.0/users/`+old+`"]}`),
			} {
				g.Expect(answer.status).To(Equal(test.status), answer.raw)
				g.Expect(answer.code()).To(Equal(test.code))
				g.Expect(answer.message()).To(Equal(test.message))
			}
			if test.status != 204 {
				g.Expect(tenant.Members(group)).To(Equal([]string{old}))
				g.Expect(tenant.Ledger().Writes).To(BeEmpty())
			}
		})
	}
}

func TestMembersAreAddedTogetherOrNotAtAll(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	var ids []string
	for i := range 21 {
		ids = append(ids, graph.inviteID(fmt.Sprintf("user%d@partner.example", i)))
	}
	bind := func(ids ...string) response {
		links := []string{}
		for _, id := range ids {
			links = append(links, `"`+graph.url+`/v1.0/directoryObjects/`+id+`"`)
		}
		return graph.do("PATCH", "/v1.0/groups/"+group, `{"members@odata.bind":[`+strings.Join(links, ",")+`]}`)
	}
	g.Expect(bind(ids...).status).To(Equal(http.StatusBadRequest), "21 are too many")
	twice := bind(ids[0], ids[0])
	g.Expect(twice.message()).To(Equal(fmt.Sprintf("Object '[ResourceType=User,Id=%s]' referenced from '[ResourceType=Group,Id=%s]' can only be present once as an add/remove change.", ids[0], group)))
	g.Expect(bind(ids[0], "nobody").status).To(Equal(http.StatusNotFound))
	g.Expect(tenant.Members(group)).To(BeEmpty())

	g.Expect(bind(ids[:20]...).status).To(Equal(http.StatusNoContent))
	g.Expect(tenant.Members(group)).To(Equal(ids[:20]))
	g.Expect(bind(ids[20], ids[0]).message()).To(HavePrefix("One or more added object references already exist"))
	g.Expect(tenant.Members(group)).NotTo(ContainElement(ids[20]))
}

func TestDeletingAMemberWithoutRefDeletesTheUser(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, group := graph.inviteID("ada@partner.example"), tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	g.Expect(tenant.AddMember(group, id)).To(Succeed())
	path := "/v1.0/groups/" + group + "/members/" + id

	tenant.SetPermissions([]string{"GroupMember.ReadWrite.All"})
	g.Expect(graph.do("DELETE", path, "").status).To(Equal(http.StatusForbidden))
	tenant.SetPermissions(nil)
	g.Expect(graph.do("DELETE", path, "").status).To(Equal(http.StatusNoContent))
	_, found := tenant.User(id)
	g.Expect(found).To(BeFalse())
	g.Expect(tenant.Ledger().UsersDeleted).To(HaveLen(1))
}

func TestReferencesThatAreRefused(t *testing.T) {
	tenant, graph := newTenant(t)
	id, group := graph.inviteID("ada@partner.example"), tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	for body, status := range map[string]int{
		`{"@odata.id":"https://graph.microsoft.us/v1.0/directoryObjects/` + id + `"}`: 400,
		`{"@odata.id":"https://graph.microsoft.com/v1.0/devices/` + id + `"}`:         400,
		`{"@odata.id":"` + id + `"}`: 400,
		`{"id":"` + id + `"}`:        400,
		`{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/` + id + `","x":1}`: 400,
		`not json`: 400,
		`{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/00000000-0000-0000-0000-000000000000"}`: 404,
		`{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/` + id + `"}`:                           204,
	} {
		t.Run(body, func(t *testing.T) {
			answer := graph.do("POST", "/v1.0/groups/"+group+"/members/$ref", body)
			NewWithT(t).Expect(answer.status).To(Equal(status), answer.raw)
		})
	}
}

func TestCallsThatTheServiceDoesNotSupport(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	g.Expect(graph.do("PATCH", "/v1.0/groups/"+group+"/members/$ref", "{}").message()).To(Equal("The request is currently not supported on the targeted entity set"))
	g.Expect(graph.do("POST", "/v1.0/groups/"+group+"/members", "{}").message()).To(Equal("Write requests are only supported on contained entities"))
}

func TestMembersComeInPagesAndCastsNeedAnAdvancedQuery(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	nested := tenant.AddGroup(graphsim.Group{DisplayName: "Nested"})
	g.Expect(tenant.AddMember(group, nested)).To(Succeed())
	for i := range 150 {
		g.Expect(tenant.AddMember(group, tenant.AddUser(graphsim.User{DisplayName: fmt.Sprintf("User %d", i)}))).To(Succeed())
	}
	inner := tenant.AddUser(graphsim.User{DisplayName: "Inner"})
	g.Expect(tenant.AddMember(nested, inner)).To(Succeed())

	items, pages := follow(graph, "/v1.0/groups/"+group+"/members")
	g.Expect(items).To(HaveLen(151))
	g.Expect(pages).To(Equal(2))
	items, _ = follow(graph, "/v1.0/groups/"+group+"/transitiveMembers?$top=999")
	g.Expect(items).To(SatisfyAll(HaveLen(152), ContainElement("Inner")))

	cast := "/v1.0/groups/" + group + "/members/graph.user"
	g.Expect(graph.get(cast).code()).To(Equal("Request_UnsupportedQuery"))
	g.Expect(graph.get(cast+"?$count=true&$top=999", advanced).body).To(HaveKeyWithValue("@odata.count", float64(150)))
	g.Expect(graph.get("/v1.0/groups/"+group+"/members/$count", advanced).raw).To(Equal("151"))
	g.Expect(graph.filter("groups/"+group+"/members", "displayName eq 'User 7'").code()).To(Equal("Request_UnsupportedQuery"))

	checked := graph.do("POST", "/v1.0/users/"+inner+"/checkMemberGroups", `{"groupIds":["`+group+`","other"]}`)
	g.Expect(checked.body["value"]).To(ConsistOf(group), "transitive")
	g.Expect(graph.do("POST", "/v1.0/users/"+inner+"/getMemberGroups", `{"securityEnabledOnly":true}`).body["value"]).To(ConsistOf(group, nested))
}

func TestGroupsAreCreatedChangedFoundAndDeleted(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	created := graph.do("POST", "/v1.0/groups", `{"displayName":"Team","mailNickname":"team","mailEnabled":false,"securityEnabled":true}`)
	g.Expect(created.status).To(Equal(http.StatusCreated), created.raw)
	id := created.text("id")
	g.Expect(graph.filter("groups", "displayName eq 'team'").column("id")).To(Equal([]string{id}))
	g.Expect(graph.get("/v1.0/groups/" + id + "?$select=id,groupTypes,isAssignableToRole,onPremisesSyncEnabled,isManagementRestricted").body).To(SatisfyAll(
		HaveKeyWithValue("groupTypes", BeEmpty()), HaveKeyWithValue("isAssignableToRole", BeNil()), HaveKeyWithValue("onPremisesSyncEnabled", BeNil())))
	g.Expect(graph.do("PATCH", "/v1.0/groups/"+id, `{"description":"x"}`).status).To(Equal(http.StatusNoContent))
	g.Expect(graph.do("PATCH", "/v1.0/groups/"+id, `{"isAssignableToRole":true}`).status).To(Equal(http.StatusBadRequest), "set at creation only")
	g.Expect(graph.do("DELETE", "/v1.0/groups/"+id, "").status).To(Equal(http.StatusNoContent))
	_, found := tenant.Group(id)
	g.Expect(found).To(BeFalse())
	g.Expect(graph.do("POST", "/v1.0/groups", `{"displayName":"Team"}`).status).To(Equal(http.StatusBadRequest))
	g.Expect(graph.do("POST", "/v1.0/groups", `{"displayName":"Team","mailNickname":"team","mailEnabled":true,"securityEnabled":true}`).status).To(Equal(http.StatusBadRequest))
}

func TestADeletedUserCannotJoin(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, group := graph.inviteID("ada@partner.example"), tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	g.Expect(tenant.DeleteUser(id)).To(Succeed())
	g.Expect(graph.addMember(group, id).status).To(Equal(http.StatusNotFound))
}
