package directory_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestOnlyGroupsWhoseMembersGraphMayChangeAreWritable(t *testing.T) {
	unified, dynamic := []string{"Unified"}, []string{"DynamicMembership"}
	const writable = "^$"
	cases := map[string]struct {
		group directory.Group
		why   string
	}{
		"a security group":      {directory.Group{SecurityEnabled: true}, writable},
		"a Microsoft 365 group": {directory.Group{GroupTypes: unified, MailEnabled: true}, writable},
		"a Microsoft 365 security group": {
			directory.Group{GroupTypes: unified, MailEnabled: true, SecurityEnabled: true}, writable},
		"a role-assignable group": {directory.Group{SecurityEnabled: true, IsAssignableToRole: true}, "role-assignable"},
		"a role-assignable Microsoft 365 group": {
			directory.Group{GroupTypes: unified, MailEnabled: true, SecurityEnabled: true, IsAssignableToRole: true}, "role-assignable"},
		"a dynamic security group": {directory.Group{GroupTypes: dynamic, SecurityEnabled: true}, "dynamic"},
		"a dynamic Microsoft 365 group": {
			directory.Group{GroupTypes: []string{"Unified", "DynamicMembership"}, MailEnabled: true}, "dynamic"},
		"a group with a rule": {
			directory.Group{SecurityEnabled: true, MembershipRule: `user.userType -eq "Guest"`}, "dynamic"},
		"a group synced from on-premises": {
			directory.Group{SecurityEnabled: true, OnPremisesSyncEnabled: true}, "synced from on-premises"},
		"a group under restricted management": {
			directory.Group{SecurityEnabled: true, IsManagementRestricted: true}, "restricted management"},
		"a distribution list": {directory.Group{MailEnabled: true}, "distribution list"},
		"a mail-enabled security group": {
			directory.Group{MailEnabled: true, SecurityEnabled: true}, "mail-enabled security group"},
		"a synced distribution list": {
			directory.Group{MailEnabled: true, OnPremisesSyncEnabled: true}, "synced from on-premises"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(c.group.NotWritableBecause()).To(MatchRegexp(c.why))
		})
	}
}
