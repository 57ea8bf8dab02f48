package graphsim

import (
	"regexp"
	"slices"
	"strings"
)

// searchTerm is one "property:text" of a $search.
type searchTerm struct{ property, text string }

var searchTermPattern = regexp.MustCompile(`^"([A-Za-z]+):([^"]+)"$`)

// parseSearch reads "property:text" terms joined by OR. $search is an advanced
// query and needs the ConsistencyLevel header.
func (x *exchange) parseSearch(q *query, r *resource, options map[string]string) *apiError {
	source := strings.TrimSpace(options["$search"])
	if source == "" {
		return nil
	}
	if !x.eventual() {
		return unsupportedQuery("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	}
	for clause := range strings.SplitSeq(source, " OR ") {
		term := searchTermPattern.FindStringSubmatch(strings.TrimSpace(clause))
		if term == nil {
			return badRequest("Invalid $search clause '%s'.", source)
		}
		if _, known := r.byName[term[1]]; !known {
			return badRequest("Property '%s' does not support $search.", term[1])
		}
		q.search = append(q.search, searchTerm{term[1], strings.ToLower(term[2])})
	}
	return nil
}

// found reports whether a word of the property starts with the term's text; other
// properties than names and descriptions are one word.
func (s searchTerm) found(value any) bool {
	text, isText := value.(string)
	if !isText {
		return false
	}
	text = strings.ToLower(text)
	if s.property != "displayName" && s.property != "description" {
		return strings.HasPrefix(text, s.text)
	}
	return slices.ContainsFunc(strings.Fields(text), func(word string) bool { return strings.HasPrefix(word, s.text) }) ||
		strings.HasPrefix(text, s.text)
}
