package controllers

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

func TestBroaderPermissionsCountForTheLeastOnes(t *testing.T) {
	least := []string{permissionInvite, permissionReadUsers, permissionDeleteUsers, permissionReadGroups, permissionWriteGroups, permissionReadPolicy}
	without := func(permission string) []string {
		return slices.DeleteFunc(slices.Clone(least), func(p string) bool { return p == permission })
	}
	cases := map[string]struct {
		granted []string
		missing []string
	}{
		"the least of each":                        {least, nil},
		"none":                                     {nil, append(slices.Clone(least), permissionReadTenant)},
		"no invitations":                           {without(permissionInvite), []string{permissionInvite}},
		"writing members includes reading them":    {without(permissionReadGroups), nil},
		"writing users includes all about users":   {[]string{"User.ReadWrite.All", permissionWriteGroups, permissionReadPolicy}, []string{permissionReadTenant}},
		"writing the directory does not delete":    {[]string{"Directory.ReadWrite.All", permissionReadPolicy}, []string{permissionDeleteUsers}},
		"reading basic properties is not enough":   {append(without(permissionReadUsers), "User.ReadBasic.All"), []string{permissionReadUsers, permissionReadTenant}},
		"permissions that are of no use stay away": {append(slices.Clone(least), "Mail.Send"), nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			assessed := assess(directory.Permissions{Known: true, Granted: c.granted})
			var missing []string
			for _, m := range assessed.Missing {
				g.Expect(m.NeededFor).NotTo(BeEmpty())
				missing = append(missing, m.Permission)
			}
			g.Expect(missing).To(Equal(c.missing))
			g.Expect(assessed.Granted).NotTo(ContainElement("Mail.Send"))
			g.Expect(slices.IsSorted(assessed.Granted)).To(BeTrue())
		})
	}
}

func TestPermissionsForApplicationsCountWhereTheyAreNeeded(t *testing.T) {
	g := NewWithT(t)
	granted := directory.Permissions{Known: true, Granted: []string{"Directory.Read.All", permissionAssignAppRoles}}
	missing := func(alsoNeeded ...need) (missing []string) {
		for _, m := range assess(granted, alsoNeeded...).Missing {
			missing = append(missing, m.Permission)
		}
		return missing
	}
	g.Expect(missing(needsForApplications()...)).To(Equal(missing()), "reading the directory includes reading applications")
	g.Expect(assess(granted).Granted).NotTo(ContainElement(permissionAssignAppRoles))
	g.Expect(assess(granted, needsForApplications()...).Granted).To(ContainElement(permissionAssignAppRoles))
	granted.Granted = granted.Granted[:1]
	g.Expect(missing(needsForApplications()...)).To(ContainElement(permissionAssignAppRoles))
}

func TestWhatIsKnownOfATenantOutlivesAnOutage(t *testing.T) {
	g := NewWithT(t)
	tenant := &b2b.EntraTenant{ObjectMeta: metav1.ObjectMeta{Generation: 2}}
	answered := &probe{invites: "everyone", invitesKnown: true, permissions: directory.Permissions{Known: true}}
	reportTenant(tenant, tenantView{verdict: lifecycle.IsReady(b2b.ReasonConnected, ""), probe: answered, guests: &b2b.TenantGuests{Total: 3}})
	reportTenant(tenant, tenantView{verdict: lifecycle.Wait(b2b.ReasonDirectoryUnavailable, "", 0)})

	status := tenant.Status
	g.Expect(status.Guests.Total).To(BeEquivalentTo(3))
	g.Expect(status.Permissions.Missing).NotTo(BeEmpty())
	g.Expect(meta.IsStatusConditionFalse(status.Conditions, b2b.ConditionReady)).To(BeTrue())
	g.Expect(meta.IsStatusConditionTrue(status.Conditions, b2b.ConditionReconciling)).To(BeTrue())
	g.Expect(meta.IsStatusConditionTrue(status.Conditions, b2b.ConditionInvitationsAllowed)).To(BeTrue())
	g.Expect(meta.IsStatusConditionFalse(status.Conditions, b2b.ConditionPermissionsGranted)).To(BeTrue())
	g.Expect(status.ObservedGeneration).To(BeEquivalentTo(2))
}

func TestInvitationsAllowedFollowsTheSettingsAndTheBreaker(t *testing.T) {
	cases := map[string]struct {
		view   tenantView
		status metav1.ConditionStatus
		reason string
	}{
		"everyone may invite":    {tenantView{probe: &probe{invites: "everyone", invitesKnown: true}}, metav1.ConditionTrue, b2b.ReasonAllowed},
		"nobody may invite":      {tenantView{probe: &probe{invites: directory.AllowInvitesFromNone, invitesKnown: true}}, metav1.ConditionFalse, b2b.ReasonInvitationsBlocked},
		"not to be seen":         {tenantView{probe: &probe{}}, metav1.ConditionUnknown, b2b.ReasonNotDetermined},
		"not asked yet":          {tenantView{}, metav1.ConditionUnknown, b2b.ReasonNotDetermined},
		"an invitation was shut": {tenantView{probe: &probe{invites: "everyone", invitesKnown: true}, blocked: "blocked"}, metav1.ConditionFalse, b2b.ReasonInvitationsBlocked},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			status, reason, message := invitationsAllowed(c.view)
			g.Expect([]string{string(status), reason}).To(Equal([]string{string(c.status), c.reason}))
			g.Expect(message).NotTo(BeEmpty())
		})
	}
}
