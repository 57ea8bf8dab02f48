package graphsim

func listOrganization(x *exchange) (*answer, *apiError) {
	options, err := x.options()
	if err != nil {
		return nil, err
	}
	selected := options["$select"]
	body, err := selectFrom("organization", x.t.organization(), selected)
	if err != nil {
		return nil, err
	}
	return ok(map[string]any{"@odata.context": x.context(contextOf("organization", selected)), "value": []any{body}}), nil
}

func (t *Tenant) organization() map[string]any {
	domains := make([]any, 0, len(t.domains))
	for i, name := range t.domains {
		domains = append(domains, map[string]any{
			"capabilities": "Email, OfficeCommunicationsOnline",
			"isDefault":    name == t.defaultDomain(),
			"isInitial":    i == 0,
			"name":         name,
			"type":         "Managed",
		})
	}
	return map[string]any{
		"id":                    t.options.TenantID,
		"displayName":           t.options.DisplayName,
		"verifiedDomains":       domains,
		"tenantType":            "AAD",
		"countryLetterCode":     "US",
		"preferredLanguage":     "en",
		"onPremisesSyncEnabled": nil,
		"deletedDateTime":       nil,
	}
}
