package graph

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestSponsorsAreUsersAndGroups(t *testing.T) {
	g := NewWithT(t)
	seen := &recording{Handler: answer(200, `{"value":[
		{"@odata.type":"#microsoft.graph.user","id":"`+otherID+`","displayName":"Grace"},
		{"@odata.type":"#microsoft.graph.group","id":"`+groupID+`","displayName":"Owners"},
		{"@odata.type":"#microsoft.graph.device","id":"`+roleID+`"},
		{"id":"`+userID+`"}]}`)}
	found, err := clientOf(t, seen).ListSponsors(t.Context(), userID)
	g.Expect(err).NotTo(HaveOccurred())
	ref := func(id string, kind directory.SponsorKind) directory.SponsorRef {
		return directory.SponsorRef{ID: id, Kind: kind}
	}
	g.Expect(found).To(Equal([]directory.Sponsor{
		{SponsorRef: ref(otherID, directory.SponsorUser), DisplayName: "Grace"},
		{SponsorRef: ref(groupID, directory.SponsorGroup), DisplayName: "Owners"},
		{SponsorRef: ref(roleID, "")},
		{SponsorRef: ref(userID, "")},
	}))
	g.Expect(seen.only(g).line).To(Equal("GET /v1.0/users/" + userID + "/sponsors?$select=id,displayName"))
}

func TestANameIsSentAsOnePartOfThePath(t *testing.T) {
	for name, path := range map[string]string{
		upn:                           "ada_partner.example%23EXT%23%40contoso.example",
		"pat.o'brien@contoso.example": "pat.o%27brien%40contoso.example",
		"a?b=c&d%20@contoso.example":  "a%3Fb%3Dc%26d%2520%40contoso.example",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			seen := &recording{Handler: answer(200, `{"id":"`+userID+`","userPrincipalName":"`+name+`","department":"Research"}`)}
			user, err := clientOf(t, seen).GetUserByName(t.Context(), name)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(user.ID).To(Equal(userID))
			g.Expect(user.Profile.Department).To(Equal("Research"))
			g.Expect(seen.only(g).line).To(HavePrefix("GET /v1.0/users/" + path + "?$select=id,userPrincipalName,"))
		})
	}
	_, err := clientOf(t, answer(200, `{"id":"`+userID+`","userPrincipalName":"grace@contoso.example"}`)).GetUserByName(t.Context(), upn)
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("not the user that was asked for")))
}
