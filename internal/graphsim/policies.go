package graphsim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

var invitesFrom = []string{"none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone"}

func defaultAuthorizationPolicy() map[string]any {
	return map[string]any{
		"id":                                     "authorizationPolicy",
		"displayName":                            "Authorization Policy",
		"description":                            "Used to manage authorization related settings across the company.",
		"allowInvitesFrom":                       "everyone",
		"guestUserRoleId":                        "10dae51f-b6af-4016-8d66-8c2a99b929b3",
		"allowedToSignUpEmailBasedSubscriptions": true,
		"allowedToUseSSPR":                       true,
		"allowEmailVerifiedUsersToJoinOrganization": false,
		"allowUserConsentForRiskyApps":              nil,
		"blockMsolPowerShell":                       false,
		"deletedDateTime":                           nil,
		"defaultUserRolePermissions": map[string]any{
			"allowedToCreateApps": true, "allowedToCreateSecurityGroups": true, "allowedToCreateTenants": true,
			"allowedToReadBitlockerKeysForOwnedDevice": true, "allowedToReadOtherUsers": true,
			"permissionGrantPoliciesAssigned": []any{"ManagePermissionGrantsForSelf.microsoft-user-default-legacy"},
		},
	}
}

func getAuthorizationPolicy(x *exchange) (*answer, *apiError) {
	options, err := x.options()
	if err != nil {
		return nil, err
	}
	return x.singleton("authorizationPolicy", "policies/authorizationPolicy", x.t.policy, options["$select"])
}

// singleton answers one object that is kept as a map.
func (x *exchange) singleton(kind, context string, values map[string]any, selected string) (*answer, *apiError) {
	body, err := selectFrom(kind, values, selected)
	if err != nil {
		return nil, err
	}
	body["@odata.context"] = x.context(contextOf(context, selected) + "/$entity")
	return ok(body), nil
}

func selectFrom(kind string, values map[string]any, selected string) (map[string]any, *apiError) {
	if selected == "" {
		return maps.Clone(values), nil
	}
	body := map[string]any{}
	for name := range strings.SplitSeq(selected, ",") {
		value, known := values[strings.TrimSpace(name)]
		if !known {
			return nil, badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", name, kind)
		}
		body[strings.TrimSpace(name)] = value
	}
	return body, nil
}

func patchAuthorizationPolicy(x *exchange) (*answer, *apiError) {
	if _, err := x.payload(); err != nil {
		return nil, err
	}
	var body map[string]any
	_ = json.Unmarshal(x.body, &body) // payload has parsed it
	changed := maps.Clone(x.t.policy)
	for name, value := range body {
		if err := mergePolicy(changed, name, value); err != nil {
			return nil, err
		}
	}
	x.t.policy = changed
	x.commit("authorizationPolicy", "", "")
	return noContent(), nil
}

// mergePolicy changes one property; a complex one keeps what is not mentioned.
func mergePolicy(into map[string]any, name string, value any) *apiError {
	old, known := into[name]
	switch {
	case strings.HasPrefix(name, "@"):
		return nil
	case !known || name == "id" || name == "deletedDateTime":
		return badRequest("Property '%s' does not exist as a declared property or extension property.", name)
	case name == "allowInvitesFrom":
		if text, isText := value.(string); !isText || !slices.Contains(invitesFrom, text) {
			return badRequest("Invalid value specified for property 'allowInvitesFrom' of resource 'AuthorizationPolicy'.")
		}
	}
	oldParts, isComplex := old.(map[string]any)
	parts, given := value.(map[string]any)
	if isComplex && given {
		merged := maps.Clone(oldParts)
		for part, v := range parts {
			if err := mergePolicy(merged, part, v); err != nil {
				return err
			}
		}
		value = merged
	}
	into[name] = value
	return nil
}
