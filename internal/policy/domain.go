package policy

import (
	"slices"
	"strings"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// domainOf gives the domain of an address in lower case, "" where it has none.
func domainOf(address string) string {
	_, domain, _ := strings.Cut(b2b.NormalizeEmailAddress(address), "@")
	return domain
}

// matchesDomain reports whether the pattern means the domain: "*" any, "*.x" every domain below x but not x, else itself. No
// pattern means a domain that is empty or is more than a domain.
func matchesDomain(pattern, domain string) bool {
	if domain == "" || strings.Contains(domain, "@") {
		return false
	}
	if pattern == "*" {
		return true
	}
	if above, wild := strings.CutPrefix(pattern, "*"); wild { // above begins with the dot
		return strings.HasSuffix(domain, above) && len(domain) > len(above)
	}
	return pattern == domain
}

func anyMatchesDomain(patterns []b2b.DomainPattern, domain string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matchesDomain(pattern, domain) })
}

// allowsDomain reports whether the grant includes addresses of the domain. No grant includes none.
func allowsDomain(grant *b2b.InvitationGrant, domain string) bool {
	return grant != nil && anyMatchesDomain(grant.AllowedDomains, domain) && !deniesDomain(grant, domain)
}

// deniesDomain reports whether the grant takes addresses of the domain away.
func deniesDomain(grant *b2b.InvitationGrant, domain string) bool {
	return grant != nil && anyMatchesDomain(grant.DeniedDomains, domain)
}
