package controllers

import (
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

func appRole(id, value string, changes ...func(*directory.AppRole)) directory.AppRole {
	role := directory.AppRole{ID: id, Value: value, DisplayName: value, Enabled: true, ForUsers: true}
	for _, change := range changes {
		change(&role)
	}
	return role
}

func disabled(role *directory.AppRole)        { role.Enabled = false }
func forApplications(role *directory.AppRole) { role.ForUsers = false }

func TestARoleIsChosenByItsValueAmongThoseThatUsersCanHave(t *testing.T) {
	reader, editor := appRole("r", "Reader"), appRole("e", "Editor")
	cases := map[string]struct {
		roles   []directory.AppRole
		value   string
		id      string
		outcome lifecycle.Outcome
		says    string
	}{
		"a role":                          {[]directory.AppRole{reader, editor}, "Editor", "e", 0, ""},
		"a role in other letters":         {[]directory.AppRole{reader}, "reader", "", lifecycle.Waiting, `has no app role with the value "reader"`},
		"a role that is not there":        {nil, "Reader", "", lifecycle.Waiting, "has no app role"},
		"a disabled role":                 {[]directory.AppRole{appRole("r", "Reader", disabled)}, "Reader", "", lifecycle.Stalled, "has disabled"},
		"an enabled role beside disabled": {[]directory.AppRole{appRole("old", "Reader", disabled), reader}, "Reader", "r", 0, ""},
		"a role for applications":         {[]directory.AppRole{appRole("r", "Reader", forApplications)}, "Reader", "", lifecycle.Stalled, "other applications only"},
		"default access, no roles":        {nil, "", directory.DefaultAccess, 0, ""},
		"default access beside roles":     {[]directory.AppRole{reader, editor}, "", "", lifecycle.Stalled, "no default access: create a GuestAppRoleAssignment with one of them (Reader, Editor)"},
		"default access, none for users": {[]directory.AppRole{appRole("r", "Reader", forApplications), appRole("e", "Editor", disabled)}, "",
			directory.DefaultAccess, 0, ""},
		"default access, a role without a value": {[]directory.AppRole{{ID: "u", DisplayName: "User", Enabled: true, ForUsers: true}}, "", "",
			lifecycle.Stalled, "(User, which has no value)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			id, verdict := chooseRole(directory.ServicePrincipal{DisplayName: "Wiki", AppRoles: c.roles}, c.value)
			g.Expect(id).To(Equal(c.id))
			if c.says == "" {
				g.Expect(verdict).To(BeNil())
				return
			}
			g.Expect(verdict.Outcome).To(Equal(c.outcome))
			g.Expect(verdict.Reason).To(Equal(b2b.ReasonWaitingForApplication))
			g.Expect(verdict.Message).To(ContainSubstring(c.says))
			g.Expect(verdict.After).To(BeNumerically(">", 0), "nobody wakes it when the application changes")
		})
	}
}
