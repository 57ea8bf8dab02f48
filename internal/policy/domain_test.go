package policy

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

func TestDomainPatterns(t *testing.T) {
	cases := []struct {
		pattern, domain string
		want            bool
	}{
		{"*", "partner.example", true},
		{"*", "", false},
		{"*", "a@b.example", false},
		{"partner.example", "partner.example", true},
		{"partner.example", "x.partner.example", false},
		{"partner.example", "notpartner.example", false},
		{"*.partner.example", "partner.example", false},
		{"*.partner.example", "x.partner.example", true},
		{"*.partner.example", "y.x.partner.example", true},
		{"*.partner.example", ".partner.example", false},
		{"*.partner.example", "xpartner.example", false},
		{"*.partner.example", "x.partner.example.evil.example", false},
		{"", "", false},
	}
	for _, c := range cases {
		t.Run(c.pattern+" and "+c.domain, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(matchesDomain(c.pattern, c.domain)).To(Equal(c.want))
		})
	}
}

// FuzzDomainPatterns checks the laws of matching by a second definition of it, label by label.
func FuzzDomainPatterns(f *testing.F) {
	f.Add("*.partner.example", "ada@X.partner.example")
	f.Add("partner.example", "ada@partner.example")
	f.Add("*", "ada@a@b")
	f.Fuzz(func(t *testing.T, pattern, address string) {
		domain := domainOf(address)
		matches := matchesDomain(pattern, domain)
		if matches != matchesDomain(pattern, domainOf(strings.ToUpper(address))) && isASCII(address) {
			t.Errorf("%q and %q: capitals changed the match", pattern, address)
		}
		if matches && !matchesDomain("*", domain) {
			t.Errorf("%q matches %q, which * does not", pattern, domain)
		}
		grant := &b2b.InvitationGrant{AllowedDomains: []string{"*"}, DeniedDomains: []string{pattern}}
		if matches && allowsDomain(grant, domain) {
			t.Errorf("%q was allowed although %q denies it", domain, pattern)
		}
		if below, wild := strings.CutPrefix(pattern, "*."); wild && below != "" && domain != "" && !strings.Contains(domain, "@") {
			if want := isBelow(strings.Split(domain, "."), strings.Split(below, ".")); matches != want && !strings.Contains(domain, "..") && domain[0] != '.' {
				t.Errorf("%q and %q: %v, want %v", pattern, domain, matches, want)
			}
		}
	})
}

// isBelow reports whether the labels end with those above and have at least one more.
func isBelow(labels, above []string) bool {
	if len(labels) <= len(above) {
		return false
	}
	for i := range above {
		if labels[len(labels)-len(above)+i] != above[i] {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 127 {
			return false
		}
	}
	return true
}
