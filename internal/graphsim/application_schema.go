package graphsim

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

func principalText(name string, field func(*ServicePrincipal) *string) *property {
	return text(name, func(o object) *string { return field(&o.(*servicePrincipal).ServicePrincipal) }).readOnly()
}

func principalValue(name string, value func(*servicePrincipal) any) *property {
	return &property{name: name, value: func(o object) any { return value(o.(*servicePrincipal)) }}
}

func servicePrincipalProperties() []*property {
	const named, notNamed = "eq in startswith ge le", "ne not null"
	return []*property{
		principalText("id", func(p *ServicePrincipal) *string { return &p.ID }).filters("eq in", "ne not"),
		principalText("appId", func(p *ServicePrincipal) *string { return &p.AppID }).filters("eq in", "ne not startswith"),
		principalText("displayName", func(p *ServicePrincipal) *string { return &p.DisplayName }).filters(named, notNamed),
		principalText("appDisplayName", func(p *ServicePrincipal) *string { return &p.DisplayName }),
		principalText("description", func(p *ServicePrincipal) *string { return &p.Description }),
		principalText("servicePrincipalType", func(p *ServicePrincipal) *string { return &p.Type }).filters("eq in", "ne not"),
		principalValue("accountEnabled", func(p *servicePrincipal) any { return !p.Disabled }).filters("eq in", "ne not"),
		principalValue("appRoleAssignmentRequired", func(p *servicePrincipal) any { return p.AppRoleAssignmentRequired }),
		principalValue("appRoles", func(p *servicePrincipal) any { return showRoles(p.AppRoles) }),
		principalValue("servicePrincipalNames", func(p *servicePrincipal) any { return []string{p.AppID} }).filters("eq startswith", "ne not"),
		list("tags", func(o object) *[]string { return &o.(*servicePrincipal).Tags }).readOnly().filters("eq startswith", "ne not"),
		always("signInAudience", "AzureADMyOrg"),
		always("info", map[string]any{
			"logoUrl": nil, "marketingUrl": nil, "privacyStatementUrl": nil, "supportUrl": nil, "termsOfServiceUrl": nil,
		}),
		always("verifiedPublisher", map[string]any{"displayName": nil, "verifiedPublisherId": nil, "addedDateTime": nil}),
	}
}

func showRoles(roles []AppRole) []any {
	shown := make([]any, 0, len(roles))
	for _, role := range roles {
		shown = append(shown, map[string]any{
			"id": role.ID, "value": nullable(role.Value), "displayName": nullable(role.DisplayName), "description": nullable(role.Description),
			"allowedMemberTypes": role.AllowedMemberTypes, "isEnabled": !role.Disabled, "origin": "Application",
		})
	}
	return shown
}

func newServicePrincipalResource() *resource {
	r := newResource("servicePrincipal", "servicePrincipals", nil, servicePrincipalProperties()...)
	for _, name := range []string{
		"appDescription", "applicationTemplateId", "appOwnerOrganizationId", "deletedDateTime", "disabledByMicrosoftStatus", "homepage",
		"loginUrl", "logoutUrl", "notes", "preferredSingleSignOnMode", "preferredTokenSigningKeyThumbprint", "samlSingleSignOnSettings",
		"tokenEncryptionKeyId",
	} {
		r.byName[name] = always(name, nil)
	}
	for _, name := range []string{
		"addIns", "alternativeNames", "keyCredentials", "notificationEmailAddresses", "oauth2PermissionScopes", "passwordCredentials",
		"replyUrls", "resourceSpecificApplicationPermissions",
	} {
		r.byName[name] = always(name, []string{})
	}
	for name := range r.byName { // all of them are returned by default
		r.defaults = append(r.defaults, name)
	}
	return r
}

var servicePrincipalResource = newServicePrincipalResource()

// assignmentID is one of the three ids that make an assignment: a GUID, in filters
// without quotes.
func assignmentID(name string, field func(*AppRoleAssignment) *string) *property {
	p := text(name, func(o object) *string { return field(&o.(*assignment).AppRoleAssignment) })
	p.guid = true
	p.set = func(o object, raw json.RawMessage) error {
		var value string
		if err := json.Unmarshal(raw, &value); err != nil {
			return err
		}
		if !isGUID(value) {
			return errors.New("must be a GUID")
		}
		*field(&o.(*assignment).AppRoleAssignment) = strings.ToLower(value)
		return nil
	}
	return p
}

func assignmentText(name string, field func(*assignment) *string) *property {
	return text(name, func(o object) *string { return field(o.(*assignment)) }).readOnly()
}

// newAppRoleAssignmentResource follows the resource's page, by which resourceId and
// principalDisplayName can be filtered and nothing else.
func newAppRoleAssignmentResource() *resource {
	return newResource("appRoleAssignment", "appRoleAssignments", []string{
		"id", "deletedDateTime", "appRoleId", "createdDateTime", "principalDisplayName", "principalId", "principalType",
		"resourceDisplayName", "resourceId",
	},
		assignmentText("id", func(a *assignment) *string { return &a.ID }),
		assignmentID("principalId", func(a *AppRoleAssignment) *string { return &a.PrincipalID }),
		assignmentID("resourceId", func(a *AppRoleAssignment) *string { return &a.ResourceID }).filters("eq", ""),
		assignmentID("appRoleId", func(a *AppRoleAssignment) *string { return &a.AppRoleID }),
		assignmentText("principalDisplayName", func(a *assignment) *string { return &a.principalName }).filters("eq startswith", ""),
		assignmentText("principalType", func(a *assignment) *string { return &a.principalType }),
		assignmentText("resourceDisplayName", func(a *assignment) *string { return &a.resourceName }),
		moment("createdDateTime", func(o object) *time.Time { return &o.(*assignment).CreatedDateTime }),
		always("deletedDateTime", nil),
	)
}

var appRoleAssignmentResource = newAppRoleAssignmentResource()

// isGUID reports whether the text has the form of a GUID.
func isGUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range strings.ToLower(text) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		if hyphen != (c == '-') || !hyphen && !strings.ContainsRune("0123456789abcdef", c) {
			return false
		}
	}
	return true
}
