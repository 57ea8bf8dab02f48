package graphsim

import (
	"encoding/json"
	"slices"
	"strings"
)

// pathObject is the user or group whose membership is asked for.
func (x *exchange) pathObject() (object, *apiError) {
	if u := x.t.userNamed(x.params["id"]); u != nil && x.t.canRead(u) {
		return u, nil
	}
	if g := x.t.groupByID[strings.ToLower(x.params["id"])]; g != nil {
		return g, nil
	}
	return nil, notFound(x.params["id"])
}

const maxChecked = 20

// checkMembership answers which of up to 20 groups the object is in, directly or
// not: it proves no direct membership.
func checkMembership(field string) handler {
	return func(x *exchange) (*answer, *apiError) {
		body, err := x.payload()
		if err != nil {
			return nil, err
		}
		var asked []string
		if json.Unmarshal(body[field], &asked) != nil || len(asked) == 0 || len(asked) > maxChecked {
			return nil, badRequest("The number of ids in '%s' must be between 1 and %d.", field, maxChecked)
		}
		o, err := x.pathObject()
		if err != nil {
			return nil, err
		}
		in := x.t.transitiveGroups(o.objectID())
		found := slices.DeleteFunc(asked, func(id string) bool { return !slices.Contains(in, strings.ToLower(id)) })
		return x.strings(found), nil
	}
}

func getMembership(x *exchange) (*answer, *apiError) {
	body, err := x.payload()
	if err != nil {
		return nil, err
	}
	var securityOnly bool
	if raw, given := body["securityEnabledOnly"]; given && json.Unmarshal(raw, &securityOnly) != nil {
		return nil, badRequest("Invalid value specified for 'securityEnabledOnly'.")
	}
	o, err := x.pathObject()
	if err != nil {
		return nil, err
	}
	ids := slices.DeleteFunc(x.t.transitiveGroups(o.objectID()), func(id string) bool {
		return securityOnly && !x.t.groupByID[id].SecurityEnabled
	})
	return x.strings(ids), nil
}

func (x *exchange) strings(values []string) *answer {
	if values == nil {
		values = []string{}
	}
	return ok(map[string]any{"@odata.context": x.context("Collection(Edm.String)"), "value": values})
}

// getByIDs answers the objects of up to 1000 ids, skipping those that are absent.
func getByIDs(x *exchange) (*answer, *apiError) {
	body, err := x.payload()
	if err != nil {
		return nil, err
	}
	var ids, types []string
	if json.Unmarshal(body["ids"], &ids) != nil || len(ids) == 0 || len(ids) > 1000 {
		return nil, badRequest("The number of ids must be between 1 and 1000.")
	}
	if raw, given := body["types"]; given && json.Unmarshal(raw, &types) != nil {
		return nil, badRequest("Invalid value specified for 'types'.")
	}
	values := []any{}
	for _, id := range ids {
		o := x.t.object(strings.ToLower(id))
		if u, isUser := o.(*user); o == nil || isUser && !x.t.canRead(u) {
			continue
		}
		if name := o.resource().name; types == nil || slices.Contains(types, name) || slices.Contains(types, "directoryObject") {
			values = append(values, x.render(o, &query{}, true))
		}
	}
	return ok(map[string]any{"@odata.context": x.context("directoryObjects"), "value": values}), nil
}
