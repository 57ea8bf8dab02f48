package graphsim_test

import (
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestANewGuestIsInvisibleToReadsUntilReplicated(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	tenant.SetLag(graphsim.Lag{Reads: graphsim.Replication{Delay: time.Minute}})
	id := graph.inviteID("ada@partner.example")

	seen := func() []bool {
		return []bool{
			graph.get("/v1.0/users/"+id).status == http.StatusOK,
			len(graph.filter("users", "mail eq 'ada@partner.example'").values()) == 1,
			len(graph.get("/v1.0/users").values()) == 1,
		}
	}
	g.Expect(seen()).To(HaveEach(false))
	g.Expect(graph.inviteID("ada@partner.example")).To(Equal(id), "the invitation service knows the truth")
	clock.advance(59 * time.Second)
	g.Expect(seen()).To(HaveEach(false))
	clock.advance(time.Second)
	g.Expect(seen()).To(HaveEach(true))
}

func TestANewGuestIsInvisibleForANumberOfReads(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	tenant.SetLag(graphsim.Lag{Reads: graphsim.Replication{Misses: 2}})
	ada, bob := graph.inviteID("ada@partner.example"), graph.inviteID("bob@partner.example")
	g.Expect(graph.get("/v1.0/users/" + ada).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.filter("users", "mail eq 'ada@partner.example'").values()).To(BeEmpty())
	g.Expect(graph.get("/v1.0/users/" + ada).status).To(Equal(http.StatusOK))
	g.Expect(graph.get("/v1.0/users/"+bob).status).To(Equal(http.StatusNotFound), "each object on its own")
}

func TestWritesLagSeparatelyFromReads(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	tenant.SetLag(graphsim.Lag{Writes: graphsim.Replication{Delay: time.Minute}})
	id, group := graph.inviteID("ada@partner.example"), tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})

	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusOK))
	added := graph.addMember(group, id)
	g.Expect(added.status).To(Equal(http.StatusNotFound))
	g.Expect(added.code()).To(Equal("Request_ResourceNotFound"))
	patched := graph.do("PATCH", "/v1.0/users/"+id, `{"jobTitle":"x"}`)
	g.Expect(patched.status).To(Equal(http.StatusNotFound))
	g.Expect(patched.code()).To(Equal("Directory_ObjectNotFound"))
	clock.advance(time.Minute)
	g.Expect(graph.addMember(group, id).status).To(Equal(http.StatusNoContent))
}

func TestADeletedUserStaysInSightUntilReplicated(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	id := graph.inviteID("ada@partner.example")
	tenant.SetLag(graphsim.Lag{Deletions: graphsim.Replication{Delay: time.Minute}})
	g.Expect(graph.do("DELETE", "/v1.0/users/"+id, "").status).To(Equal(http.StatusNoContent))

	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusOK))
	g.Expect(graph.get("/v1.0/directory/deletedItems/" + id).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.do("DELETE", "/v1.0/users/"+id, "").status).To(Equal(http.StatusNotFound), "a write knows")
	_, found := tenant.User(id)
	g.Expect(found).To(BeFalse(), "the truth")
	clock.advance(time.Minute)
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.get("/v1.0/directory/deletedItems/" + id).status).To(Equal(http.StatusOK))
}

func TestAGuestInvitedAgainTakesTheNameOfOneThatIsStillInSight(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	old := graph.inviteID("ada@partner.example")
	tenant.SetLag(graphsim.Lag{Deletions: graphsim.Replication{Delay: time.Minute}})
	deleted := clock.Truncate(time.Second).Format(time.RFC3339)
	graph.do("DELETE", "/v1.0/users/"+old, "")
	anew := graph.inviteID("ada@partner.example")
	g.Expect(anew).NotTo(Equal(old))
	g.Expect(graph.get("/v1.0/users/ada_partner.example%23EXT%23@contoso.onmicrosoft.com").text("id")).To(Equal(anew))
	g.Expect(graph.filter("users", "mail eq 'ada@partner.example'").column("id")).To(Equal([]string{old, anew}))
	clock.advance(time.Minute)
	g.Expect(graph.filter("users", "mail eq 'ada@partner.example'").column("id")).To(Equal([]string{anew}))
	g.Expect(graph.get("/v1.0/directory/deletedItems/" + old + "?$select=deletedDateTime").text("deletedDateTime")).To(Equal(deleted))
}

func TestADeletedUserStaysInSightForANumberOfReads(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	tenant.SetLag(graphsim.Lag{Deletions: graphsim.Replication{Misses: 1}})
	graph.do("DELETE", "/v1.0/users/"+id, "")
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusOK))
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusNotFound))
}

func TestMembersLagInListsWhileWritesKnowTheTruth(t *testing.T) {
	g := NewWithT(t)
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	id, group := graph.inviteID("ada@partner.example"), tenant.AddGroup(graphsim.Group{DisplayName: "Partners"})
	tenant.SetLag(graphsim.Lag{Members: graphsim.Replication{Delay: time.Minute}, Removals: graphsim.Replication{Delay: time.Minute}})
	members := func() []string { return graph.get("/v1.0/groups/" + group + "/members").column("id") }

	g.Expect(graph.addMember(group, id).status).To(Equal(http.StatusNoContent))
	g.Expect(members()).To(BeEmpty())
	g.Expect(graph.addMember(group, id).status).To(Equal(http.StatusBadRequest))
	clock.advance(time.Minute)
	g.Expect(members()).To(Equal([]string{id}))

	ref := "/v1.0/groups/" + group + "/members/" + id + "/$ref"
	g.Expect(graph.do("DELETE", ref, "").status).To(Equal(http.StatusNoContent))
	g.Expect(members()).To(Equal([]string{id}))
	g.Expect(graph.do("DELETE", ref, "").status).To(Equal(http.StatusNotFound))
	g.Expect(graph.addMember(group, id).status).To(Equal(http.StatusNoContent), "and back")
	clock.advance(time.Minute)
	g.Expect(members()).To(Equal([]string{id}))
	g.Expect(tenant.Members(group)).To(Equal([]string{id}))
}

func TestAnExistingUserCanBeHiddenAnew(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id := graph.inviteID("ada@partner.example")
	tenant.SetUserLag(id, graphsim.Replication{Misses: 1}, graphsim.Replication{})
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusNotFound))
	g.Expect(graph.get("/v1.0/users/" + id).status).To(Equal(http.StatusOK))
}
