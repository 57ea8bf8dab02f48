package graphsim_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

func TestAnotherAdministratorWorksOnUsersThroughTheControls(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	id, owner := graph.inviteID("ada@partner.example"), employees(tenant, 1)[0]
	tenant.ResetCounters()
	control := func(method, path, body string, status int) {
		t.Helper()
		answer := graph.do(method, "/sim/admin/users/"+path, body)
		g.Expect(answer.status).To(Equal(status), answer.raw)
	}
	user := func() graphsim.User {
		u, _ := tenant.User(id)
		return u
	}
	control("POST", id+"/disable", "", 204)
	g.Expect(user().Disabled).To(BeTrue())
	control("POST", id+"/enable", "", 204)
	g.Expect(user().Disabled).To(BeFalse())
	control("PATCH", id, `{"companyName":"Elsewhere","accountEnabled":false}`, 204)
	g.Expect(user().CompanyName).To(Equal("Elsewhere"))
	control("PATCH", id, `{"companyName":null,"accountEnabled":true}`, 204)
	g.Expect(user().CompanyName).To(BeEmpty())
	control("PATCH", id, `{"colour":"blue"}`, 400)
	control("POST", id+"/sponsors/"+owner, "", 204)
	g.Expect(user().Sponsors).To(Equal([]string{owner}))
	control("POST", id+"/sponsors/nobody", "", 400)
	control("DELETE", id+"/sponsors/"+owner, "", 204)
	control("DELETE", id+"/sponsors/"+owner, "", 400)
	g.Expect(user().Sponsors).To(BeEmpty())
	control("POST", id+"/restore", "", 400)
	control("DELETE", id, "", 204)
	control("POST", id+"/restore", "", 204)

	ledger := tenant.Ledger()
	g.Expect(ledger.Writes).To(BeEmpty(), "the API wrote nothing")
	g.Expect(ledger.States[id]).To(HaveExactElements(
		HaveField("State", "disabled"), HaveField("State", "enabled"), HaveField("State", "disabled"), HaveField("State", "enabled"),
		HaveField("State", "deleted"), HaveField("State", "restored")))
	g.Expect(ledger.States[id]).To(HaveEach(HaveField("By", graphsim.ByAdmin)))
	g.Expect(ledger.SponsorsAdded).To(HaveExactElements(HaveField("By", graphsim.ByAdmin)))
	g.Expect(ledger.SponsorsRemoved).To(HaveExactElements(HaveField("By", graphsim.ByAdmin)))
}

func TestAGuestComesBySelfServiceSignUp(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	signedUp := graph.do("POST", "/sim/signups", `{"address":"grace.hopper@navy.example"}`)
	g.Expect(signedUp.status).To(Equal(200), signedUp.raw)
	id := signedUp.text("id")
	found := graph.get("/v1.0/users/" + id + "?$select=displayName,mail,userType,creationType,externalUserState,userPrincipalName")
	g.Expect(found.body).To(SatisfyAll(
		HaveKeyWithValue("displayName", "Grace Hopper"), HaveKeyWithValue("mail", "grace.hopper@navy.example"),
		HaveKeyWithValue("userType", "Guest"),
		HaveKeyWithValue("creationType", "SelfServiceSignUp"), HaveKeyWithValue("externalUserState", BeNil()),
		HaveKeyWithValue("userPrincipalName", "grace.hopper_navy.example#EXT#@contoso.onmicrosoft.com")))
	g.Expect(tenant.Mailbox("")).To(BeEmpty())
	g.Expect(tenant.Ledger().States[id]).To(HaveExactElements(SatisfyAll(HaveField("State", "created"), HaveField("By", graphsim.ByGuest))))

	g.Expect(graph.do("POST", "/sim/signups", `{"address":"grace.hopper@navy.example"}`).status).To(Equal(400))
	g.Expect(graph.inviteID("grace.hopper@navy.example")).To(Equal(id))
	tenant.Configure(func(b *graphsim.Behaviour) { b.RefuseRedeemed = true })
	g.Expect(graph.invite("grace.hopper@navy.example").message()).To(ContainSubstring("already exists in the directory as object ID: " + id))
}

func TestAnotherAdministratorWorksOnApplicationsThroughTheControls(t *testing.T) {
	g := NewWithT(t)
	tenant, graph := newTenant(t)
	ada := tenant.AddGuest("ada@partner.example", "Ada")
	added := graph.do("POST", "/sim/admin/servicePrincipals",
		`{"displayName":"Project Wiki","appRoles":[{"value":"Reader"}],"appRoleAssignmentRequired":true}`)
	g.Expect(added.status).To(Equal(200), added.raw)
	wiki := added.text("id")
	p, _ := tenant.ServicePrincipal(wiki)
	g.Expect(p.AppRoles).To(HaveExactElements(SatisfyAll(HaveField("Value", "Reader"), HaveField("AllowedMemberTypes", []string{"User"}))))

	assignments := "/sim/admin/servicePrincipals/" + wiki + "/assignments"
	assigned := graph.do("POST", assignments, `{"principalId":"`+ada+`","role":"Reader"}`)
	g.Expect(assigned.status).To(Equal(200), assigned.raw)
	g.Expect(tenant.Assignments(ada)).To(HaveExactElements(SatisfyAll(
		HaveField("ID", assigned.text("id")), HaveField("AppRoleID", p.AppRoles[0].ID))))
	g.Expect(graph.do("POST", assignments, `{"principalId":"`+ada+`","role":"Owner"}`).status).To(Equal(400))
	g.Expect(graph.do("POST", assignments, `{"principalId":"nobody"}`).status).To(Equal(400))
	g.Expect(graph.get("/").raw).To(SatisfyAll(ContainSubstring("Project Wiki"), ContainSubstring("Ada · Reader")))

	g.Expect(graph.do("DELETE", "/sim/admin/assignments/"+assigned.text("id"), "").status).To(Equal(204))
	g.Expect(graph.do("DELETE", "/sim/admin/assignments/"+assigned.text("id"), "").status).To(Equal(400))
	ledger := tenant.Ledger()
	g.Expect(ledger.Writes).To(BeEmpty(), "the API wrote nothing")
	g.Expect(ledger.AssignmentsAdded).To(HaveExactElements(HaveField("By", graphsim.ByAdmin)))
	g.Expect(ledger.AssignmentsRemoved).To(HaveExactElements(HaveField("By", graphsim.ByAdmin)))

	g.Expect(graph.do("DELETE", "/sim/admin/servicePrincipals/"+wiki, "").status).To(Equal(204))
	g.Expect(graph.get("/v1.0/servicePrincipals/" + wiki).status).To(Equal(404))
}
