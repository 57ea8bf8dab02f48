package graphsim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const guestDelta = "/v1.0/users/delta?$select=mail,userType,externalUserState"

// round follows a delta query to the end of its round.
func (c client) round(link string, headers ...string) (values []map[string]any, next string, pages int) {
	c.t.Helper()
	for {
		page := c.get(link, headers...)
		if page.status != http.StatusOK {
			c.t.Fatalf("GET %s: %d %s", link, page.status, page.raw)
		}
		values, pages = append(values, page.values()...), pages+1
		if next = page.text("@odata.deltaLink"); next != "" {
			return values, next, pages
		}
		link = page.text("@odata.nextLink")
	}
}

// latest is a link that gives the changes from now on.
func (c client) latest(query string) string {
	c.t.Helper()
	separator := "?"
	if strings.Contains(query, "?") {
		separator = "&"
	}
	values, next, _ := c.round(query + separator + "$deltatoken=latest")
	NewWithT(c.t).Expect(values).To(BeEmpty())
	return next
}

func removed(reason string) types.GomegaMatcher {
	return HaveKeyWithValue("@removed", map[string]any{"reason": reason})
}

func paged(size int) func(*graphsim.Behaviour) {
	return func(b *graphsim.Behaviour) { b.DeltaPage = size }
}

func TestADeltaQueryListsAllUsersInPagesAndThenWhatChanges(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Configure(paged(2))
	var ids []any
	for i := range 5 {
		ids = append(ids, HaveKeyWithValue("id", tenant.AddGuest(fmt.Sprintf("g%d@partner.example", i), "")))
	}
	for _, spelling := range []string{"/v1.0/users/delta", "/v1.0/users/delta()"} {
		first := graph.get(spelling)
		g.Expect(first.values()).To(HaveLen(2))
		g.Expect(first.text("@odata.nextLink")).To(HavePrefix(graph.url + spelling + "?$skiptoken="))
		values, next, pages := graph.round(spelling)
		g.Expect(values).To(ConsistOf(ids...))
		g.Expect(pages).To(Equal(3))
		g.Expect(next).To(HavePrefix(graph.url + spelling + "?$deltatoken="))
		values, next, _ = graph.round(next)
		g.Expect(values).To(BeEmpty())
		id := graph.inviteID("new" + fmt.Sprint(len(spelling)) + "@partner.example")
		ids = append(ids, HaveKeyWithValue("id", id))
		values, _, _ = graph.round(next)
		g.Expect(values).To(ConsistOf(HaveKeyWithValue("id", id)))
	}
}

func TestDeltaFollowsAGuestsLife(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	link := graph.latest(guestDelta)
	changes := func() (values []map[string]any) {
		values, link, _ = graph.round(link)
		return values
	}
	id := graph.inviteID("ada@partner.example")
	g.Expect(changes()).To(Equal([]map[string]any{
		{"id": id, "mail": "ada@partner.example", "userType": "Guest", "externalUserState": "PendingAcceptance"},
	}))
	_, err := tenant.Redeem("ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(changes()).To(ConsistOf(HaveKeyWithValue("externalUserState", "Accepted")))
	graph.do("PATCH", "/v1.0/users/"+id, `{"jobTitle":"Poet"}`)
	g.Expect(changes()).To(BeEmpty(), "not selected")
	graph.do("DELETE", "/v1.0/users/"+id, "")
	g.Expect(changes()).To(ConsistOf(removed("changed")))
	graph.do("POST", "/v1.0/directory/deletedItems/"+id+"/restore", "")
	g.Expect(changes()).To(ConsistOf(HaveKeyWithValue("mail", "ada@partner.example")))
	graph.do("DELETE", "/v1.0/users/"+id, "")
	graph.do("DELETE", "/v1.0/directory/deletedItems/"+id, "")
	g.Expect(changes()).To(ConsistOf(removed("deleted")), "each object once, as it is by now")
	g.Expect(changes()).To(BeEmpty())
}

func TestMinimalDeltaShowsOnlyWhatChangedWithNullForWhatWasCleared(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := tenant.AddUser(graphsim.User{DisplayName: "Ada", JobTitle: "Poet", Mail: "ada@contoso.example"})
	link := graph.latest("/v1.0/users/delta")
	graph.do("PATCH", "/v1.0/users/"+id, `{"jobTitle":null,"businessPhones":[]}`)
	full, _, _ := graph.round(link)
	g.Expect(full).To(ConsistOf(SatisfyAll(HaveKeyWithValue("jobTitle", BeNil()), HaveKeyWithValue("displayName", "Ada"), Not(HaveKey("surname")))))
	page := graph.get(link, "Prefer: return=minimal")
	g.Expect(page.header.Get("Preference-Applied")).To(Equal("return=minimal"))
	g.Expect(page.values()).To(Equal([]map[string]any{{"id": id, "jobTitle": nil}}))
}

func TestADeltaQueryTakesFewOptions(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	ada, ben := tenant.AddGuest("ada@partner.example", ""), tenant.AddGuest("ben@partner.example", "")
	tenant.AddGuest("cleo@partner.example", "")
	some := "/v1.0/users/delta?%24select=mail&$filter=" + escape(fmt.Sprintf("id eq '%s' or id eq '%s'", ada, strings.ToUpper(ben)))
	values, link, _ := graph.round(some)
	g.Expect(values).To(ConsistOf(HaveKeyWithValue("id", ada), HaveKeyWithValue("id", ben)))
	g.Expect(tenant.UpdateUser(ada, func(u *graphsim.User) { u.Mail = "new@partner.example" })).To(Succeed())
	graph.inviteID("new@partner.example")
	values, _, _ = graph.round(link)
	g.Expect(values).To(ConsistOf(HaveKeyWithValue("mail", "new@partner.example")))

	ids := func(n int) string { return strings.Repeat("id eq 'x' or ", n-1) + "id eq 'x'" }
	g.Expect(graph.filter("users/delta", ids(50)).status).To(Equal(200))
	for _, options := range []string{
		"$filter=" + escape(ids(51)), "$filter=" + escape("userType eq 'Guest'"), "$filter=" + escape("id eq 'x' and id eq 'y'"),
		"$filter=" + escape("id ne 'x'"), "$filter=id+eq", "$expand=manager", "$top=5", "$orderby=displayName", "$select=colour",
	} {
		g.Expect(graph.get("/v1.0/users/delta?"+options).status).To(Equal(400), options)
	}
}

func TestDeltaOfGroupsCarriesItsMembersInParts(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Configure(paged(2)) // and ten members
	big, small := tenant.AddGroup(graphsim.Group{DisplayName: "Big"}), tenant.AddGroup(graphsim.Group{DisplayName: "Small"})
	users, err := tenant.Populate(graphsim.Population{Guests: 25, Groups: []string{big}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tenant.AddMember(big, small)).To(Succeed())
	seen := map[string]string{}
	times := 0
	collect := func(values []map[string]any) {
		for _, group := range values {
			if group["id"] != big {
				continue
			}
			times++
			for _, m := range group["members@delta"].([]any) {
				member := m.(map[string]any)
				g.Expect(seen).NotTo(HaveKey(member["id"]))
				seen[member["id"].(string)] = member["@odata.type"].(string) + fmt.Sprint(member["@removed"])
			}
		}
	}
	values, link, _ := graph.round("/v1.0/groups/delta?$select=members")
	collect(values)
	g.Expect(seen).To(HaveLen(26))
	g.Expect(seen).To(HaveKeyWithValue(small, "#microsoft.graph.group<nil>"))
	g.Expect(seen).To(HaveKeyWithValue(users[0], "#microsoft.graph.user<nil>"))
	g.Expect(times).To(Equal(3), "the same group over and over")

	seen, times = map[string]string{}, 0
	for _, user := range users[:12] {
		graph.do("DELETE", "/v1.0/groups/"+big+"/members/"+user+"/$ref", "")
	}
	values, link, pages := graph.round(link)
	collect(values)
	g.Expect(pages).To(Equal(2))
	g.Expect(seen).To(HaveLen(12))
	g.Expect(seen).To(HaveKeyWithValue(users[0], "#microsoft.graph.usermap[reason:deleted]"))
	graph.addMember(big, users[0])
	g.Expect(tenant.RemoveMember(big, users[20])).To(Succeed())
	seen = map[string]string{}
	values, _, _ = graph.round(link)
	collect(values)
	g.Expect(seen).To(Equal(map[string]string{users[0]: "#microsoft.graph.user<nil>", users[20]: "#microsoft.graph.usermap[reason:deleted]"}))
}

func TestDeltaOfGroupsFollowsTheGroupsThemselves(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	team := tenant.AddGroup(graphsim.Group{DisplayName: "Team", GroupTypes: []string{"Unified"}})
	plain := tenant.AddGroup(graphsim.Group{DisplayName: "Plain"})
	user := tenant.AddGuest("ada@partner.example", "")
	g.Expect(tenant.AddMember(team, user)).To(Succeed())
	values, _, _ := graph.round("/v1.0/groups/delta")
	g.Expect(values).To(ConsistOf(
		SatisfyAll(HaveKeyWithValue("displayName", "Team"), HaveKey("members@delta")),
		SatisfyAll(HaveKeyWithValue("displayName", "Plain"), Not(HaveKey("members@delta")))))

	link := graph.latest("/v1.0/groups/delta?$select=displayName,members")
	names := graph.latest("/v1.0/groups/delta?$select=displayName")
	changes := func() (values []map[string]any) {
		values, link, _ = graph.round(link)
		return values
	}
	graph.do("PATCH", "/v1.0/groups/"+plain, `{"displayName":"Other"}`)
	g.Expect(changes()).To(Equal([]map[string]any{{"id": plain, "displayName": "Other"}}))
	g.Expect(tenant.UpdateGroup(plain, func(g *graphsim.Group) { g.Description = "changed" })).To(Succeed())
	g.Expect(tenant.DeleteUser(user)).To(Succeed())
	g.Expect(changes()).To(BeEmpty(), "a deleted user stays a member silently")
	tenant.PurgeDeleted()
	g.Expect(changes()).To(ConsistOf(HaveKeyWithValue("members@delta",
		[]any{map[string]any{"@odata.type": "#microsoft.graph.user", "id": user, "@removed": map[string]any{"reason": "deleted"}}})))
	graph.do("DELETE", "/v1.0/groups/"+team, "")
	graph.do("DELETE", "/v1.0/groups/"+plain, "")
	g.Expect(changes()).To(ConsistOf(removed("changed"), removed("deleted")))
	graph.do("POST", "/v1.0/directory/deletedItems/"+team+"/restore", "")
	g.Expect(changes()).To(ConsistOf(HaveKeyWithValue("displayName", "Team")))
	values, _, _ = graph.round(names)
	g.Expect(values).To(HaveEach(Not(HaveKey("members@delta"))))
}

func TestDeltaTokensLiveSevenDays(t *testing.T) {
	for name, test := range map[string]struct {
		refusal string
		status  int
		code    string
	}{
		"gone, with the address to start anew": {"", http.StatusGone, "SyncStateNotFound"},
		"a code in small letters":              {"syncStateNotFound", http.StatusBadRequest, "syncStateNotFound"},
		"a code that begins with a big letter": {"ResyncRequired", http.StatusBadRequest, "ResyncRequired"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			clock := newClock()
			tenant, graph := newTenant(t, at(clock))
			tenant.Configure(func(b *graphsim.Behaviour) { b.DeltaRefusal = test.refusal })
			tenant.AddGuest("ada@partner.example", "")
			link := graph.latest("/v1.0/users/delta")
			clock.advance(7 * 24 * time.Hour)
			tenant.AddGuest("ben@partner.example", "")
			values, fresh, _ := graph.round(link)
			g.Expect(values).To(HaveLen(1), "just in time")
			clock.advance(time.Second)
			refused := graph.get(link)
			g.Expect(refused.status).To(Equal(test.status))
			g.Expect(refused.code()).To(Equal(test.code))
			if test.status == http.StatusGone {
				g.Expect(refused.header.Get("Location")).To(Equal(graph.url + "/v1.0/users/delta?$deltatoken="))
				values, _, _ = graph.round(refused.header.Get("Location"))
				g.Expect(values).To(HaveLen(2), "all anew")
			}
			g.Expect(graph.get(fresh).status).To(Equal(200))
			tenant.ExpireDeltaTokens()
			g.Expect(graph.get(fresh).status).To(Equal(test.status))
			g.Expect(graph.get("/v1.0/users/delta?$deltatoken=old").status).To(Equal(test.status))
			g.Expect(graph.get(strings.Replace(graph.latest("/v1.0/groups/delta"), "/groups/", "/users/", 1)).status).To(Equal(test.status))
		})
	}
}

func TestDeltaCanBeSilentAboutTheInvitationsState(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Configure(func(b *graphsim.Behaviour) { b.SilentDelta = true })
	id := graph.inviteID("ada@partner.example")
	values, link, _ := graph.round(guestDelta)
	g.Expect(values).To(Equal([]map[string]any{{"id": id, "mail": "ada@partner.example", "userType": "Guest"}}))
	_, err := tenant.Redeem("ada@partner.example")
	g.Expect(err).NotTo(HaveOccurred())
	values, _, _ = graph.round(link)
	g.Expect(values).To(BeEmpty())
}

func TestDeltaCanReplayAndLagAndNameAnotherHost(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	tenant.Configure(func(b *graphsim.Behaviour) { b.DeltaDelay = time.Minute })
	link := graph.latest(guestDelta)
	id := graph.inviteID("ada@partner.example")
	values, link, _ := graph.round(link)
	g.Expect(values).To(BeEmpty(), "not yet")
	clock.advance(time.Minute)
	values, link, _ = graph.round(link)
	g.Expect(values).To(HaveLen(1))

	tenant.Configure(func(b *graphsim.Behaviour) { b.DeltaReplays = 3 })
	values, link, _ = graph.round(link)
	g.Expect(values).To(ConsistOf(HaveKeyWithValue("id", id)), "once more")

	values, _, _ = graph.round(guestDelta)
	g.Expect(values).To(HaveLen(1))
	g.Expect(tenant.DeleteUser(id)).To(Succeed())
	values, _, _ = graph.round(guestDelta)
	g.Expect(values).To(ConsistOf(removed("changed")), "gone before anybody asked")

	tenant.Configure(func(b *graphsim.Behaviour) { b.DeltaLinkHost = "https://elsewhere.example" })
	g.Expect(graph.get(link).text("@odata.deltaLink")).To(HavePrefix("https://elsewhere.example/v1.0/users/delta?"))
}

func TestChangesDuringAFullRoundComeAfterIt(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.Configure(paged(1))
	ada, ben := tenant.AddGuest("ada@partner.example", ""), tenant.AddGuest("ben@partner.example", "")
	first := graph.get(guestDelta)
	g.Expect(tenant.DeleteUser(ada)).To(Succeed())
	rest, link, _ := graph.round(first.text("@odata.nextLink"))
	g.Expect(rest).To(ConsistOf(HaveKeyWithValue("id", ben)))
	values, _, _ := graph.round(link)
	g.Expect(values).To(ConsistOf(SatisfyAll(HaveKeyWithValue("id", ada), removed("changed"))))
}

func TestADeltaQueryInsideABatchHasLinksOfTheBatchsHost(t *testing.T) {
	g := NewWithT(t)
	_, graph := newTenant(t)
	answers, _ := graph.batch(item("1", "GET", "users/delta?$deltatoken=latest&$select=id")).items(g)
	g.Expect(answers["1"].text("@odata.deltaLink")).To(HavePrefix(graph.url + "/v1.0/users/delta?"))
}
