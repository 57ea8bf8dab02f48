package graph_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// everyone calls for each id at the same time and gives the errors.
func everyone(ids []string, call func(id string) error) map[string]error {
	var mu sync.Mutex
	var all sync.WaitGroup
	errs := map[string]error{}
	for _, id := range ids {
		all.Go(func() {
			err := call(id)
			mu.Lock()
			defer mu.Unlock()
			errs[id] = err
		})
	}
	all.Wait()
	return errs
}

func TestManyRemovalsAtOnceEachHaveTheirOwnOutcome(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "partners"})
	var ids []string
	for i := range 100 {
		id := tenant.AddGuest(fmt.Sprintf("guest%d@partner.example", i), "Guest")
		ids = append(ids, id)
		if i%10 != 0 {
			g.Expect(tenant.AddMember(group, id)).To(Succeed())
		}
	}
	tenant.Inject(graphsim.Fault{
		Method: http.MethodDelete, Path: "/groups/" + group + "/members/" + ids[7] + "/$ref", Times: 1, Effect: graphsim.InternalError(),
	})
	errs := everyone(ids, func(id string) error { return client.RemoveMember(t.Context(), group, id) })
	for i, id := range ids {
		switch {
		case i == 7:
			g.Expect(directory.ClassOf(errs[id])).To(Equal(directory.OutcomeUnknown), "%v", errs[id])
		case i%10 == 0:
			g.Expect(directory.IsNotFound(errs[id])).To(BeTrue(), "%v", errs[id])
		default:
			g.Expect(errs[id]).NotTo(HaveOccurred())
		}
	}
	g.Expect(tenant.Ledger().UsersDeleted).To(BeEmpty(), "the references were removed, not the users")
}

func TestSponsorsAndRolesShareBatchesToo(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	wiki, owner := wikiOf(tenant), tenant.AddUser(graphsim.User{DisplayName: "Owner", UserPrincipalName: "owner#x@contoso.example"})
	shown, _ := tenant.ServicePrincipal(wiki)
	var ids []string
	roles := map[string]string{}
	for i := range 30 {
		id := tenant.AddGuest(fmt.Sprintf("guest%d@partner.example", i), "Guest")
		ids = append(ids, id)
		g.Expect(tenant.AddSponsor(id, owner)).To(Succeed())
		role, err := tenant.AssignAppRole(wiki, id, "Reader")
		g.Expect(err).NotTo(HaveOccurred())
		roles[id] = role
	}
	for name, call := range map[string]func(id string) error{
		"by name":  func(string) error { _, err := client.GetUserByName(ctx, "owner#x@contoso.example"); return err },
		"by appId": func(string) error { _, err := client.GetServicePrincipal(ctx, shown.AppID); return err },
		"reads": func(id string) error {
			found, err := client.ListSponsors(ctx, id)
			if err == nil && (len(found) != 1 || found[0].ID != owner) {
				err = fmt.Errorf("sponsors: %v", found)
			}
			return err
		},
		"roles": func(id string) error {
			found, err := client.ListAppRoleAssignments(ctx, id, wiki)
			if err == nil && (len(found) != 1 || found[0].ID != roles[id]) {
				err = fmt.Errorf("roles: %v", found)
			}
			return err
		},
	} {
		g.Expect(everyone(ids, call)).To(HaveEach(Succeed()), name)
	}
	g.Expect(everyone(ids, func(id string) error { return client.RemoveSponsor(ctx, id, owner) })).To(HaveEach(Succeed()))
	g.Expect(everyone(ids, func(id string) error { return client.RevokeAppRole(ctx, wiki, roles[id]) })).To(HaveEach(Succeed()))
	g.Expect(tenant.Ledger().BatchItems).To(BeNumerically(">", 100))
	g.Expect(tenant.Ledger().SponsorsRemoved).To(HaveLen(30))
	g.Expect(tenant.Assignments(wiki)).To(BeEmpty())
	_, alive := tenant.User(owner)
	g.Expect(alive).To(BeTrue())
}

func TestManyLookupsAtOnceEachFindTheirOwn(t *testing.T) {
	g := NewWithT(t)
	tenant, client := tenantAndClient(t)
	var addresses []string
	ids := map[string]string{}
	for i := range 50 {
		address := fmt.Sprintf("guest%d@partner.example", i)
		addresses = append(addresses, address)
		ids[address] = tenant.AddGuest(address, "Guest")
	}
	before := tenant.Ledger()
	errs := everyone(addresses, func(address string) error {
		found, err := client.FindByAddress(t.Context(), address)
		if err == nil && (len(found.Users) != 1 || found.Users[0].ID != ids[address] || len(found.Deleted) > 0 || found.At.IsZero()) {
			err = fmt.Errorf("found %v", found)
		}
		return err
	})
	for address, err := range errs {
		g.Expect(err).NotTo(HaveOccurred(), address)
	}
	after := tenant.Ledger()
	g.Expect(after.Calls["GET /users"] - before.Calls["GET /users"]).To(Equal(50))
	g.Expect(after.BatchItems).To(BeNumerically(">", 0))
}

func TestUpToTwentyMembersAreAddedByOneRequest(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	tenant, client := tenantAndClient(t)
	group := tenant.AddGroup(graphsim.Group{DisplayName: "partners"})
	var ids []string
	for i := range 21 {
		ids = append(ids, tenant.AddGuest(fmt.Sprintf("guest%d@partner.example", i), "Guest"))
	}
	g.Expect(client.AddMembers(ctx, group, ids[:20])).To(Succeed())
	g.Expect(tenant.Ledger().Requests).To(Equal(1))
	for _, id := range ids {
		is, err := client.IsMember(ctx, group, id)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(is).To(Equal(id != ids[20]))
	}

	for name, some := range map[string][]string{"none": nil, "too many": ids, "not an id": {ids[0], "x"}} {
		g.Expect(directory.Is(client.AddMembers(ctx, group, some), directory.Invalid)).To(BeTrue(), name)
	}
	err := client.AddMembers(ctx, group, ids[19:])
	g.Expect(directory.HasDetail(err, directory.AlreadyMember)).To(BeTrue(), "%v", err)
	err = client.AddMembers(ctx, group, []string{ids[20], nobody})
	g.Expect(directory.HasDetail(err, directory.ReferenceNotReady)).To(BeTrue(), "%v", err)
	err = client.AddMembers(ctx, nobody, []string{ids[19], ids[20]})
	g.Expect(directory.IsNotFound(err)).To(BeTrue(), "%v", err)
	is, err := client.IsMember(ctx, group, ids[20])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(is).To(BeFalse(), "all or nothing")
	g.Expect(client.AddMembers(ctx, group, ids[20:])).To(Succeed())
	g.Expect(tenant.Ledger().Calls["POST /groups/{id}/members/$ref"]).To(Equal(1), "one is added as one")
}
