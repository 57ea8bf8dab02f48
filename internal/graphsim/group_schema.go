package graphsim

import "time"

func groupText(name string, field func(*Group) *string) *property {
	return text(name, func(o object) *string { return field(&o.(*group).Group) })
}

func groupFlag(name string, field func(*Group) *bool) *property {
	return flag(name, func(o object) *bool { return field(&o.(*group).Group) })
}

func groupOptional(name string, field func(*Group) *bool) *property {
	return optionalFlag(name, func(o object) *bool { return field(&o.(*group).Group) }).readOnly()
}

func groupMoment(name string, field func(*Group) *time.Time) *property {
	return moment(name, func(o object) *time.Time { return field(&o.(*group).Group) })
}

func groupProxies(o object) any {
	if g := o.(*group); g.Mail != "" {
		return []string{"SMTP:" + g.Mail}
	}
	return []string{}
}

func groupRuleState(o object) any {
	if o.(*group).dynamic() {
		return "On"
	}
	return nil
}

func groupProperties() []*property {
	return []*property{
		groupText("id", func(g *Group) *string { return &g.ID }).readOnly().filters("eq in", "ne not"),
		groupText("displayName", func(g *Group) *string { return &g.DisplayName }).filters("eq in startswith ge le", "ne not null"),
		groupText("description", func(g *Group) *string { return &g.Description }).filters("eq startswith ge le", "ne not"),
		groupText("mail", func(g *Group) *string { return &g.Mail }).readOnly().filters("eq in startswith ge le", "ne not null"),
		groupText("mailNickname", func(g *Group) *string { return &g.MailNickname }).filters("eq in startswith ge le", "ne not null"),
		groupText("membershipRule", func(g *Group) *string { return &g.MembershipRule }),
		groupText("visibility", func(g *Group) *string { return &g.Visibility }),
		groupFlag("mailEnabled", func(g *Group) *bool { return &g.MailEnabled }).filters("eq", "ne not"),
		groupFlag("securityEnabled", func(g *Group) *bool { return &g.SecurityEnabled }).filters("eq in", "ne not"),
		groupFlag("hasMembersWithLicenseErrors", func(g *Group) *bool { return &g.LicenseErrors }).readOnly().filters("eq", ""),
		groupOptional("isAssignableToRole", func(g *Group) *bool { return &g.AssignableToRole }).filters("eq", "ne not"),
		groupOptional("onPremisesSyncEnabled", func(g *Group) *bool { return &g.OnPremisesSyncEnabled }).filters("eq", "ne not in null"),
		groupOptional("isManagementRestricted", func(g *Group) *bool { return &g.ManagementRestricted }),
		list("groupTypes", func(o object) *[]string { return &o.(*group).GroupTypes }).filters("eq", "ne not"),
		groupMoment("createdDateTime", func(g *Group) *time.Time { return &g.CreatedDateTime }).filters("eq ge le", "ne not in"),
		groupMoment("renewedDateTime", func(g *Group) *time.Time { return &g.CreatedDateTime }).filters("eq ge le", "ne not in"),
		groupMoment("deletedDateTime", func(g *Group) *time.Time { return &g.DeletedDateTime }),
		{name: "proxyAddresses", value: groupProxies, plain: []string{"eq", "startswith"}, advanced: []string{"ne", "not", "endswith"}},
		{name: "membershipRuleProcessingState", value: groupRuleState},
		{name: "securityIdentifier", value: func(o object) any { return securityIdentifier(o.objectID()) }},
	}
}

func newGroupResource() *resource {
	r := newResource("group", "groups", []string{
		"id", "deletedDateTime", "classification", "createdDateTime", "description",
		"displayName", "expirationDateTime", "groupTypes", "infoCatalogs", "isAssignableToRole", "isManagementRestricted",
		"mail", "mailEnabled", "mailNickname", "membershipRule", "membershipRuleProcessingState", "onPremisesDomainName",
		"onPremisesLastSyncDateTime", "onPremisesNetBiosName", "onPremisesProvisioningErrors", "onPremisesSamAccountName",
		"onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "organizationId", "preferredDataLocation",
		"preferredLanguage", "proxyAddresses", "renewedDateTime", "resourceBehaviorOptions",
		"resourceProvisioningOptions", "securityEnabled", "securityIdentifier", "theme", "visibility",
	}, groupProperties()...)
	for _, name := range []string{
		"classification", "expirationDateTime", "onPremisesDomainName", "onPremisesLastSyncDateTime",
		"onPremisesNetBiosName", "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "organizationId",
		"preferredDataLocation", "preferredLanguage", "theme", "uniqueName",
	} {
		r.byName[name] = always(name, nil)
	}
	for _, name := range []string{
		"infoCatalogs", "onPremisesProvisioningErrors", "resourceBehaviorOptions",
		"resourceProvisioningOptions", "serviceProvisioningErrors", "assignedLabels", "assignedLicenses",
	} {
		r.byName[name] = always(name, []string{})
	}
	r.links = []string{"members", "owners"}
	return r
}

var groupResource = newGroupResource()
