package mirror

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func adaAsRead() directory.User {
	return directory.User{
		ID: "ada", UserPrincipalName: "ada_partner.example#EXT#@contoso.onmicrosoft.com", DisplayName: "Ada", Mail: "ada@partner.example",
		OtherMails: []string{"Ada@partner.example"}, ProxyAddresses: []string{"SMTP:ada@partner.example"},
		UserType: directory.UserTypeGuest, CreationType: "Invitation", ExternalUserState: directory.Accepted, AccountEnabled: true,
		CreatedDateTime: start, ExternalUserStateChangeDateTime: after(time.Hour),
		Identities: []directory.Identity{{SignInType: "federated", Issuer: "mail", IssuerAssignedID: "ada@partner.example"}},
	}
}

func TestAGuestIsKeptWithoutWhatNobodyReads(t *testing.T) {
	g, read := NewWithT(t), adaAsRead()
	kept := guestOf(read).user()
	read.DisplayName, read.OtherMails, read.ProxyAddresses, read.Identities = "", nil, nil, nil
	g.Expect(kept).To(Equal(read))
	g.Expect(kept.External()).To(BeTrue())
	g.Expect(kept.HasAddress("ada@partner.example")).To(BeTrue())
}

func TestWhatDecidesAboutAGuestIsKept(t *testing.T) {
	g, read := NewWithT(t), adaAsRead()
	read.UserPrincipalName = "ada@contoso.example"
	read.OtherMails = append(read.OtherMails, "private@home.example")
	read.ProxyAddresses = append(read.ProxyAddresses, "smtp:alias@partner.example")
	kept := guestOf(read).user()
	g.Expect(kept.External()).To(BeTrue(), "the identity says so")
	g.Expect(kept.HasAddress("private@home.example") && kept.HasAddress("alias@partner.example")).To(BeTrue())
	read.Identities = nil
	g.Expect(guestOf(read).user().External()).To(BeFalse())
}

func TestTheProfileIsKeptAndCostsNothingWhereItIsEmpty(t *testing.T) {
	g, read := NewWithT(t), adaAsRead()
	g.Expect(guestOf(read).more).To(BeNil())
	all := directory.ProfileChanges{}
	for _, field := range directory.ProfileFields() {
		all[field] = string(field) + " of Ada"
		read.Profile = directory.Profile{}.With(directory.ProfileChanges{field: "x"})
		g.Expect(guestOf(read).user().Profile).To(Equal(read.Profile))
		g.Expect(guestOf(read).equal(guestOf(adaAsRead()))).To(BeFalse(), string(field))
	}
	read.Profile = directory.Profile{}.With(all)
	g.Expect(guestOf(read).user().Profile).To(Equal(read.Profile))
	g.Expect(guestOf(read).equal(guestOf(read))).To(BeTrue())
	g.Expect(guestOf(read).after(adaAsRead(), true).user().Profile).To(BeZero(), "a change tells the profile as it is now")
}

func TestANameThatFollowsFromTheAddressIsNotKeptTwice(t *testing.T) {
	g, read := NewWithT(t), adaAsRead()
	g.Expect(guestOf(read).name).To(BeEmpty())
	for _, change := range []func(*directory.User){
		func(u *directory.User) { u.Mail = "ada@new.example" },
		func(u *directory.User) { u.Mail = "" },
		func(u *directory.User) { u.UserPrincipalName = "ADA_partner.example#EXT#@contoso.onmicrosoft.com" },
		func(u *directory.User) { u.UserPrincipalName = "ada_partner.example#EXT#@" },
		func(u *directory.User) { u.UserPrincipalName = "" },
	} {
		user := adaAsRead()
		change(&user)
		g.Expect(guestOf(user).user().UserPrincipalName).To(Equal(user.UserPrincipalName))
		g.Expect(guestOf(user).user().Mail).To(Equal(user.Mail))
	}
	moved := adaAsRead()
	moved.Mail, moved.UserPrincipalName = "ada@new.example", ""
	g.Expect(guestOf(adaAsRead()).after(moved, true).user().UserPrincipalName).To(Equal(read.UserPrincipalName))
}

func TestOnlyWhatReadersSeeMakesADifference(t *testing.T) {
	same := map[string]func(*directory.User){
		"nothing":                      func(*directory.User) {},
		"the display name":             func(u *directory.User) { u.DisplayName = "Countess" },
		"another identity":             func(u *directory.User) { u.Identities = nil },
		"an address that says no more": func(u *directory.User) { u.OtherMails = nil },
	}
	for name, change := range same {
		t.Run(name, func(t *testing.T) {
			user := adaAsRead()
			change(&user)
			NewWithT(t).Expect(guestOf(adaAsRead()).equal(guestOf(user))).To(BeTrue())
		})
	}
	different := map[string]func(*directory.User){
		"the name":               func(u *directory.User) { u.UserPrincipalName = "x" },
		"the mail":               func(u *directory.User) { u.Mail = "x" },
		"another mail":           func(u *directory.User) { u.OtherMails = []string{"x"} },
		"another proxy":          func(u *directory.User) { u.ProxyAddresses = []string{"smtp:x"} },
		"the type":               func(u *directory.User) { u.UserType = directory.UserTypeMember },
		"the way it came":        func(u *directory.User) { u.CreationType = "" },
		"the state":              func(u *directory.User) { u.ExternalUserState = directory.PendingAcceptance },
		"when the state changed": func(u *directory.User) { u.ExternalUserStateChangeDateTime = start },
		"when it came":           func(u *directory.User) { u.CreatedDateTime = after(1) },
		"a block":                func(u *directory.User) { u.AccountEnabled = false },
		"where they are changed": func(u *directory.User) { u.OnPremisesSyncEnabled = true },
		"a department":           func(u *directory.User) { u.Profile.Department = "Research" },
	}
	for name, change := range different {
		t.Run(name, func(t *testing.T) {
			user := adaAsRead()
			change(&user)
			NewWithT(t).Expect(guestOf(adaAsRead()).equal(guestOf(user))).To(BeFalse())
		})
	}
}

func TestAChangeThatLeavesOutTheStateLeavesWhenItChangedToo(t *testing.T) {
	g, silent := NewWithT(t), adaAsRead()
	silent.ExternalUserState, silent.ExternalUserStateChangeDateTime = "", time.Time{}
	next := guestOf(adaAsRead()).after(silent, true)
	g.Expect(next.equal(guestOf(adaAsRead()))).To(BeTrue())
	g.Expect(next.waiting()).To(BeFalse())
	g.Expect(guest{}.waitingAfter(silent)).To(BeTrue(), "nobody has told the state")
}

func (guest) waitingAfter(change directory.User) bool { return guest{}.after(change, false).waiting() }
