package graphsim

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// FuzzFilter holds the parser to: no panic, and a filter that parses can be
// evaluated on any object.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"mail eq 'a'", "mail in ('a','b')", "not(startswith(mail,'a'))", "otherMails/any(x:x eq 'o''b')",
		"identities/any(c:c/issuer eq 'x' and c/issuerAssignedId eq 'y')", "createdDateTime ge 2026-01-01T00:00:00Z",
		"a eq 1 or (b ne null and c eq true)", "''", "((((", "x/any()", "any(x:x eq 1)", "not not mail eq 'x'",
	} {
		f.Add(seed)
	}
	guest := &user{User: User{ID: "1", Mail: "ada@partner.example", OtherMails: []string{"o'b"}, Identities: []Identity{{"federated", "x", "y"}}}}
	f.Fuzz(func(t *testing.T, source string) {
		parsed, err := parseFilter(source)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without words")
			}
			return
		}
		parsed.test(scope{property: func(name string) any {
			if p := userResource.byName[name]; p != nil {
				return p.value(guest)
			}
			return nil
		}})
		parsed.each(nil, false, func(comparison, bool) {})
		newUserSet().candidates(parsed)
	})
}

func TestFiltersThatNameAPersonUseAnIndex(t *testing.T) {
	set := newUserSet()
	for i := range 1000 {
		address := fmt.Sprintf("user%d@partner.example", i)
		set.add(&user{seq: uint64(i + 1), User: User{
			ID: fmt.Sprint(i), Mail: address, UserPrincipalName: "upn-" + address,
			OtherMails: []string{address}, ProxyAddresses: []string{"SMTP:" + address},
		}})
	}
	for filter, want := range map[string]int{
		"mail eq 'user7@partner.example'":                                                   1,
		"userPrincipalName in ('upn-user1@partner.example','upn-user2@partner.example')":    2,
		"proxyAddresses/any(p:p eq 'smtp:user7@partner.example')":                           1,
		"otherMails/any(m:m eq 'user7@partner.example' or m eq 'user8@partner.example')":    2,
		"mail eq 'user7@partner.example' or otherMails/any(m:m eq 'user9@partner.example')": 2,
		"userType eq 'Guest' and mail eq 'user7@partner.example'":                           1,
		"id eq '12'":                 1,
		"mail eq 'nobody@x.example'": 0,
	} {
		t.Run(filter, func(t *testing.T) {
			g := NewWithT(t)
			parsed, err := parseFilter(filter)
			g.Expect(err).NotTo(HaveOccurred())
			found, narrowed := set.candidates(parsed)
			g.Expect(narrowed).To(BeTrue())
			g.Expect(found).To(HaveLen(want))
		})
	}
	for _, filter := range []string{"userType eq 'Guest'", "mail eq 'a' or userType eq 'Guest'", "startswith(mail,'a')", "not (mail eq 'a')"} {
		t.Run(filter+" cannot", func(t *testing.T) {
			g := NewWithT(t)
			parsed, err := parseFilter(filter)
			g.Expect(err).NotTo(HaveOccurred())
			_, narrowed := set.candidates(parsed)
			g.Expect(narrowed).To(BeFalse())
		})
	}
}
