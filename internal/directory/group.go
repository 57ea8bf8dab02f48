package directory

import "slices"

// Group is a group of the tenant, with the properties that decide whether this operator may change its members.
// https://learn.microsoft.com/graph/api/resources/group
type Group struct {
	ID                     string
	DisplayName            string
	GroupTypes             []string
	MembershipRule         string
	MailEnabled            bool
	SecurityEnabled        bool
	IsAssignableToRole     bool
	OnPremisesSyncEnabled  bool
	IsManagementRestricted bool
}

// NotWritableBecause says why the members of the group must not be changed by this operator, or "" where they may.
// Graph answers 403 or 400 alike for most of these, so the kind is judged beforehand and not from the refusal.
func (g Group) NotWritableBecause() string {
	switch {
	case g.IsAssignableToRole:
		return "it is role-assignable: its members hold directory roles"
	case slices.Contains(g.GroupTypes, "DynamicMembership") || g.MembershipRule != "":
		return "its membership is dynamic: a rule decides who is a member"
	case g.OnPremisesSyncEnabled:
		return "it is synced from on-premises Active Directory, where its members have to be changed"
	case g.IsManagementRestricted:
		return "it is in a restricted management administrative unit"
	case g.MailEnabled && !slices.Contains(g.GroupTypes, "Unified"):
		return "it is a distribution list or a mail-enabled security group, which only Exchange can change"
	}
	return ""
}
