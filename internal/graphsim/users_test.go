package graphsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestOnlyWhatIsSelectedIsReturned(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")

	g.Expect(graph.get("/v1.0/users/" + id).body).To(SatisfyAll(HaveKey("displayName"), HaveKey("mail"), Not(HaveKey("userType")), Not(HaveKey("externalUserState"))))
	selected := graph.get("/v1.0/users/" + id + "?$select=userType,externalUserState").body
	g.Expect(selected).To(HaveLen(3))
	g.Expect(selected).To(HaveKeyWithValue("externalUserState", "PendingAcceptance"))
	g.Expect(selected).To(HaveKeyWithValue("@odata.context", HaveSuffix("/v1.0/$metadata#users(userType,externalUserState)/$entity")))
	g.Expect(graph.get("/v1.0/users?$select=userType").values()).To(Equal([]map[string]any{{"userType": "Guest"}}))
}

func TestAnUnknownPropertyInSelectIsRefused(t *testing.T) {
	_, graph := newTenant(t)
	for _, path := range []string{"/users?$select=colour", "/users/x?$select=id,colour", "/groups?$select=colour"} {
		t.Run(path, func(t *testing.T) {
			g := NewWithT(t)
			answer := graph.get("/v1.0" + path)
			g.Expect(answer.status).To(Equal(http.StatusBadRequest))
			g.Expect(answer.message()).To(ContainSubstring("Could not find a property named 'colour' on type 'microsoft.graph."))
		})
	}
}

func TestAUserIsFoundByIDAndByName(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	for _, name := range []string{id, strings.ToUpper(id), "ada_partner.example%23EXT%23@contoso.onmicrosoft.com", "ADA_partner.example%23ext%23%40contoso.onmicrosoft.com"} {
		g.Expect(graph.get("/v1.0/users/"+name).text("id")).To(Equal(id), name)
	}
	g.Expect(graph.get("/v1.0/users('" + id + "')").text("id")).To(Equal(id))
	absent := graph.get("/v1.0/users/nobody")
	g.Expect(absent.status).To(Equal(http.StatusNotFound))
	g.Expect(absent.code()).To(Equal("Request_ResourceNotFound"))
}

func TestAPatchChangesWritablePropertiesOrNothing(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	patched := graph.do("PATCH", "/v1.0/users/"+id, `{"companyName":"Partner","accountEnabled":false,"userType":"Member","otherMails":["ada@home.example"],"city":"London"}`)
	g.Expect(patched.status).To(Equal(http.StatusNoContent), patched.raw)
	g.Expect(patched.raw).To(BeEmpty())
	user, _ := tenant.User(id)
	g.Expect(user.CompanyName).To(Equal("Partner"))
	g.Expect(user.Disabled).To(BeTrue())
	g.Expect(graph.filter("users", "otherMails/any(m:m eq 'ada@home.example')").values()).To(HaveLen(1))
	g.Expect(graph.filter("users", "otherMails/any(m:m eq 'ada@partner.example')").values()).To(BeEmpty())
	g.Expect(graph.get("/v1.0/users/" + id + "?$select=city").body).To(HaveKeyWithValue("city", "London"))

	const unknown = "Property '%s' does not exist as a declared property or extension property."
	const readOnly = "Property '%s' is read-only and cannot be set."
	const invalid = "Invalid value specified for property '%s' of resource 'User'."
	for _, test := range []struct{ property, value, message string }{
		{"colour", `"blue"`, unknown},
		{"externalUserState", `"Accepted"`, readOnly},
		{"creationType", "null", readOnly},
		{"proxyAddresses", "[]", readOnly},
		{"accountEnabled", "null", invalid},
		{"jobTitle", "7", invalid},
		{"userType", `"Owner"`, invalid},
		{"companyName", `""`, invalid},
		{"displayName", "null", invalid},
		{"usageLocation", `"Germany"`, invalid},
		{"givenName", `"` + strings.Repeat("ä", 65) + `"`, invalid},
	} {
		body := `{"department":"x","` + test.property + `":` + test.value + `}`
		answer := graph.do("PATCH", "/v1.0/users/"+id, body)
		g.Expect(answer.status).To(Equal(http.StatusBadRequest), body)
		g.Expect(answer.message()).To(Equal(fmt.Sprintf(test.message, test.property)))
		user, _ = tenant.User(id)
		g.Expect(user.Department).To(BeEmpty(), "nothing is changed by %s", body)
	}
}

func TestAChangedMailMovesTheProxyAddressAndConflictsAreRefused(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, other := graph.inviteID("ada@partner.example"), graph.inviteID("bob@partner.example")
	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, `{"mail":"ada@new.example"}`).status).To(Equal(http.StatusNoContent))
	user, _ := tenant.User(id)
	g.Expect(user.ProxyAddresses).To(Equal([]string{"SMTP:ada@new.example"}))
	g.Expect(graph.filter("users", "mail eq 'ada@new.example'").column("id")).To(Equal([]string{id}))
	g.Expect(graph.do("PATCH", "/v1.0/users/"+other, `{"mail":"ada@new.example"}`).message()).To(ContainSubstring("proxyAddresses already exists"))
}

func TestNarrowPermissionsChangeOnlyWhatTheyAreFor(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	tenant.SetPermissions([]string{"User.EnableDisableAccount.All", "User.Read.All"})
	g.Expect(graph.do("PATCH", "/v1.0/users/"+id, `{"accountEnabled":false}`).status).To(Equal(http.StatusNoContent))
	denied := graph.do("PATCH", "/v1.0/users/"+id, `{"accountEnabled":true,"jobTitle":"x"}`)
	g.Expect(denied.status).To(Equal(http.StatusForbidden))
	g.Expect(denied.code()).To(Equal("Authorization_RequestDenied"))
	g.Expect(denied.message()).To(Equal("Insufficient privileges to complete the operation."))
}

func TestADeletedUserMovesToTheDeletedItemsAndBack(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	id := graph.inviteID("o'brien@partner.example")
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	g.Expect(tenant.AddMember(group, id)).To(Succeed())

	g.Expect(graph.do("DELETE", "/v1.0/users/"+id, "").status).To(Equal(http.StatusNoContent))
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.get("/v1.0/groups/" + group + "/members").values()).To(BeEmpty())
	for _, cast := range []string{"graph.user", "microsoft.graph.user"} {
		items := graph.filter("directory/deletedItems/"+cast, "mail eq 'o''brien@partner.example'")
		g.Expect(items.column("id")).To(Equal([]string{id}))
		g.Expect(items.column("userPrincipalName")[0]).To(HavePrefix(strings.ReplaceAll(id, "-", "")), "the name is free for another")
	}
	item := graph.get("/v1.0/directory/deletedItems/" + id + "?$select=id,deletedDateTime,userType")
	g.Expect(item.body).To(HaveKeyWithValue("deletedDateTime", clock.Format(time.RFC3339)))
	g.Expect(item.body).To(HaveKeyWithValue("@odata.type", "#microsoft.graph.user"))

	restored := graph.do("POST", "/v1.0/directory/deletedItems/"+id+"/restore", "")
	g.Expect(restored.status).To(Equal(http.StatusOK), restored.raw)
	g.Expect(restored.text("userPrincipalName")).To(Equal("o'brien_partner.example#EXT#@contoso.onmicrosoft.com"))
	g.Expect(graph.get("/v1.0/groups/"+group+"/members").column("id")).To(Equal([]string{id}), "still a member")
	g.Expect(graph.get("/v1.0/directory/deletedItems/" + id).status).To(Equal(http.StatusNotFound))
}

func TestAPurgedUserIsGoneAndInNoGroup(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	group := tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	g.Expect(tenant.AddMember(group, id)).To(Succeed())
	graph.do("DELETE", "/v1.0/users/"+id, "")
	g.Expect(graph.do("DELETE", "/v1.0/directory/deletedItems/"+id, "").status).To(Equal(http.StatusNoContent))
	g.Expect(graph.do("POST", "/v1.0/directory/deletedItems/"+id+"/restore", "").status).To(Equal(http.StatusNotFound))
	_, found := tenant.DeletedUser(id)
	g.Expect(found).To(BeFalse())
}

func TestADeletedUserIsPurgedAfterThirtyDays(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	first, second := graph.inviteID("ada@partner.example"), graph.inviteID("bob@partner.example")
	graph.do("DELETE", "/v1.0/users/"+first, "")
	graph.do("POST", "/v1.0/directory/deletedItems/"+first+"/restore", "")
	graph.do("DELETE", "/v1.0/users/"+second, "")
	clock.advance(30*24*time.Hour + time.Minute)
	g.Expect(graph.get("/v1.0/directory/deletedItems/graph.user").values()).To(BeEmpty())
	_, restored := tenant.User(first)
	g.Expect(restored).To(BeTrue(), "restored in time")
}

func TestAnAdministratorCannotBeDeletedByAnApplication(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := tenant.AddUser(graphsim.User{DisplayName: "Admin", DirectoryRole: true})
	g.Expect(graph.do("DELETE", "/v1.0/users/"+id, "").status).To(Equal(http.StatusForbidden))
	_, found := tenant.User(id)
	g.Expect(found).To(BeTrue())
}

func manyUsers(tenant *graphsim.Tenant, n int) {
	for i := range n {
		tenant.AddUser(graphsim.User{DisplayName: fmt.Sprintf("User %03d", (i*7)%n), Mail: fmt.Sprintf("user%d@contoso.example", i)})
	}
}

// follow reads all pages.
func follow(graph client, path string, headers ...string) (items []string, pages int) {
	for path != "" {
		page := graph.get(path, headers...)
		if page.status != http.StatusOK {
			graph.t.Fatalf("%s: %s", path, page.raw)
		}
		items = append(items, page.column("displayName")...)
		path = page.text("@odata.nextLink")
		pages++
	}
	return items, pages
}

func TestListsComeInPagesThatAbsoluteLinksLeadThrough(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	manyUsers(tenant, 250)
	first := graph.get("/v1.0/users?%24select=displayName")
	g.Expect(first.values()).To(HaveLen(100))
	g.Expect(first.text("@odata.nextLink")).To(SatisfyAll(HavePrefix(graph.url+"/v1.0/users?"), ContainSubstring("$skiptoken="), ContainSubstring("$select=displayName")))
	items, pages := follow(graph, "/v1.0/users?$select=displayName")
	g.Expect(pages).To(Equal(3))
	g.Expect(items).To(HaveLen(250))
	slices.Sort(items)
	g.Expect(slices.Compact(items)).To(HaveLen(250), "each once")

	items, pages = follow(graph, "/v1.0/users?$select=displayName&$top=10&$filter="+url.QueryEscape("startswith(displayName,'User 02')"))
	g.Expect(items).To(HaveLen(10))
	g.Expect(pages).To(Equal(1), "a full last page has no link")
	for _, top := range []string{"0", "1000", "x"} {
		g.Expect(graph.get("/v1.0/users?$top=" + top).status).To(Equal(http.StatusBadRequest))
	}
	g.Expect(graph.get("/v1.0/users?$skiptoken=forged").status).To(Equal(http.StatusBadRequest))
}

func TestSortedListsComeInPagesToo(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	manyUsers(tenant, 250)
	items, pages := follow(graph, "/v1.0/users?$select=displayName&$orderby=displayName%20desc&$top=90")
	g.Expect(pages).To(Equal(3))
	g.Expect(items).To(HaveLen(250))
	g.Expect(slices.IsSortedFunc(items, func(a, b string) int { return strings.Compare(b, a) })).To(BeTrue())
}

func TestTheCountIsGivenToAdvancedQueriesOnly(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	manyUsers(tenant, 120)
	g.Expect(graph.get("/v1.0/users?$count=true").body).NotTo(HaveKey("@odata.count"), "silently ignored")
	g.Expect(graph.get("/v1.0/users?$count=true", advanced).body).To(HaveKeyWithValue("@odata.count", float64(120)))
	g.Expect(graph.get("/v1.0/users/$count", advanced).raw).To(Equal("120"))
	g.Expect(graph.get("/v1.0/users/$count").message()).To(Equal("$count is not currently supported."))
}

func TestSearchFindsWordsOfNames(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	for _, name := range []string{"Oscar Ward", "Ada Lovelace", "Megan Bowen"} {
		tenant.AddUser(graphsim.User{DisplayName: name})
	}
	search := "/v1.0/users?$search=" + url.QueryEscape(`"displayName:wa" OR "displayName:ad"`)
	g.Expect(graph.get(search, advanced).column("displayName")).To(Equal([]string{"Oscar Ward", "Ada Lovelace"}))
	refused := graph.get(search)
	g.Expect(refused.code()).To(Equal("Request_UnsupportedQuery"))
	g.Expect(refused.message()).To(HavePrefix("Request with $search query parameter only works through MSGraph"))
}

func TestTheManagerIsARelation(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, owner := graph.inviteID("ada@partner.example"), tenant.AddUser(graphsim.User{DisplayName: "Owner", Mail: "owner@contoso.example"})
	reference := `{"@odata.id":"` + graph.url + `/v1.0/users/` + owner + `"}`
	g.Expect(graph.get("/v1.0/users/" + id + "/manager").status).To(Equal(http.StatusNotFound))
	g.Expect(graph.do("PUT", "/v1.0/users/"+id+"/manager/$ref", reference).status).To(Equal(http.StatusNoContent))
	g.Expect(graph.get("/v1.0/users/" + id + "/manager").text("id")).To(Equal(owner))
	g.Expect(graph.do("DELETE", "/v1.0/users/"+id+"/manager/$ref", "").status).To(Equal(http.StatusNoContent))
}
