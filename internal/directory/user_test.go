package directory_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestAUserIsExternalByNameOrByAnIdentityIssuedElsewhere(t *testing.T) {
	identity := func(signInType string) []directory.Identity {
		return []directory.Identity{{SignInType: signInType, Issuer: "contoso.example", IssuerAssignedID: "1"}}
	}
	cases := map[string]struct {
		user directory.User
		want bool
	}{
		"the name of a guest": {
			user: directory.User{UserPrincipalName: "ada_partner.example#EXT#@contoso.example"},
			want: true,
		},
		"the name of a guest in lower case": {
			user: directory.User{UserPrincipalName: "ada_partner.example#ext#@contoso.example"},
			want: true,
		},
		"a guest who was made a member": {
			user: directory.User{UserPrincipalName: "ada_partner.example#EXT#@contoso.example", UserType: directory.UserTypeMember},
			want: true,
		},
		"a federated identity without the mark in the name": {
			user: directory.User{UserPrincipalName: "ada@contoso.example", Identities: identity("federated")},
			want: true,
		},
		"a federated identity beside the name of its own tenant": {
			user: directory.User{Identities: append(identity("userPrincipalName"), identity("federated")...)},
			want: true,
		},
		"an employee": {
			user: directory.User{UserPrincipalName: "grace@contoso.example", Identities: identity("userPrincipalName")},
		},
		"an employee whose userType is Guest": {
			user: directory.User{UserPrincipalName: "grace@contoso.example", UserType: directory.UserTypeGuest},
		},
		"an employee whose name holds EXT without its marks": {
			user: directory.User{UserPrincipalName: "ext.grace@contoso.example"},
		},
		"nothing known": {},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(c.user.External()).To(Equal(c.want))
		})
	}
}

func TestAUserHasEveryAddressThatMailReachesThemAt(t *testing.T) {
	user := directory.User{
		UserPrincipalName: "first_partner.example#EXT#@contoso.example",
		Mail:              "ada@partner.example",
		OtherMails:        []string{"ada.lovelace@partner.example"},
		ProxyAddresses:    []string{"SMTP:ada@primary.example", "smtp:ada@alias.example", "sip:ada@voice.example"},
	}
	cases := map[string]struct {
		address string
		want    bool
	}{
		"the mail":                    {"ada@partner.example", true},
		"the mail in another case":    {"Ada@Partner.Example", true},
		"another mail":                {"ada.lovelace@partner.example", true},
		"another mail in upper case":  {"ADA.LOVELACE@PARTNER.EXAMPLE", true},
		"the primary proxy address":   {"ada@primary.example", true},
		"a further proxy address":     {"ada@alias.example", true},
		"a telephone's proxy address": {"ada@voice.example", false},
		"a proxy's protocol and all":  {"smtp:ada@alias.example", false},
		"the beginning of the mail":   {"ada@partner", false},
		"the end of the mail":         {"a@partner.example", false},
		"the address in the name":     {"first@partner.example", false},
		"somebody else's":             {"grace@partner.example", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(user.HasAddress(c.address)).To(Equal(c.want))
		})
	}
}

func TestAUserIsKnownByTheNameOfTheInvitationAfterTheMailHasChanged(t *testing.T) {
	user := directory.User{UserPrincipalName: "Ada_partner.example#EXT#@contoso.example", Mail: "ada@new.example"}
	cases := map[string]struct {
		user    directory.User
		address string
		want    bool
	}{
		"the address of the invitation":           {user, "ada@partner.example", true},
		"the same in another case":                {user, "ADA@partner.example", true},
		"the mail of today":                       {user, "ada@new.example", true},
		"another domain that begins alike":        {user, "ada@partner.exam", false},
		"another person of the domain":            {user, "da@partner.example", false},
		"a user of whom only the id is known":     {directory.User{ID: "1"}, "ada@partner.example", false},
		"a name that is shorter than the address": {directory.User{UserPrincipalName: "ada_partner"}, "ada@partner.example", false},
		"an apostrophe": {
			directory.User{UserPrincipalName: "o'brien_partner.example#EXT#@contoso.example"}, "O'Brien@partner.example", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(c.user.KnownAs(c.address)).To(Equal(c.want))
		})
	}
}

func TestTheNameOfAGuestBeginsWithTheAddressOfTheInvitation(t *testing.T) {
	for address, want := range map[string]string{
		"ada@partner.example":             "ada_partner.example#EXT#@",
		"O'Brien@partner.example":         "O'Brien_partner.example#EXT#@",
		"under_score@partner.example":     "under_score_partner.example#EXT#@",
		"ada+project@sub.partner.test":    "ada+project_sub.partner.test#EXT#@",
		`"two@signs"@partner.example`:     `"two@signs"_partner.example#EXT#@`,
		"nothing that could be invited":   "nothing that could be invited#EXT#@",
		"Case.Is@Kept.Partner.Example":    "Case.Is_Kept.Partner.Example#EXT#@",
		"@only.a.domain":                  "_only.a.domain#EXT#@",
		"trailing-at-sign-of-an-address@": "trailing-at-sign-of-an-address_#EXT#@",
	} {
		NewWithT(t).Expect(directory.ExternalNamePrefix(address)).To(Equal(want), address)
	}
}

func TestOnlyTheCreationTypeTellsWhoSignedUp(t *testing.T) {
	g := NewWithT(t)
	g.Expect(directory.User{CreationType: "SelfServiceSignUp"}.SignedUp()).To(BeTrue())
	g.Expect(directory.User{CreationType: "Invitation"}.SignedUp()).To(BeFalse())
	g.Expect(directory.User{}.SignedUp()).To(BeFalse())
}
