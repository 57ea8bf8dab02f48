package graphsim_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// people are the users that the filters below pick from, by first name.
func people(t *testing.T) client {
	clock := newClock()
	tenant, graph := newTenant(t, at(clock))
	tenant.AddUser(graphsim.User{DisplayName: "Megan", Mail: "megan@contoso.example", CompanyName: "Contoso", JobTitle: "Lead"})
	clock.advance(3600e9)
	tenant.AddGuest("o'brien@partner.example", "Conor")
	clock.advance(3600e9)
	graph.inviteID("ada@partner.example", `"invitedUserDisplayName":"Ada"`)
	tenant.AddUser(graphsim.User{DisplayName: "Blocked", Disabled: true, OtherMails: []string{"blocked@home.example"}})
	return graph
}

func TestFiltersPickWhatTheySay(t *testing.T) {
	graph := people(t)
	tests := []struct {
		filter   string
		advanced bool
		want     string
	}{
		{"mail eq 'ada@partner.example'", false, "Ada"},
		{"mail eq 'ADA@partner.example'", false, "Ada"},
		{"mail eq 'o''brien@partner.example'", false, "Conor"},
		{"mail in ('ada@partner.example','megan@contoso.example')", false, "Megan Ada"},
		{"mail eq null", true, "Blocked"},
		{"mail ne null", true, "Megan Conor Ada"},
		{"startswith(mail,'ad')", false, "Ada"},
		{"startswith(mail, 'ad') eq false", true, "Megan Conor Blocked"},
		{"endswith(mail,'@partner.example')", true, "Conor Ada"},
		{"userPrincipalName eq 'ada_partner.example#EXT#@contoso.onmicrosoft.com'", false, "Ada"},
		{"userType eq 'Guest'", false, "Conor Ada"},
		{"userType ne 'Guest'", true, "Megan Blocked"},
		{"externalUserState eq 'PendingAcceptance'", false, "Ada"},
		{"externalUserState in ('PendingAcceptance','Accepted')", false, "Conor Ada"},
		{"creationType eq 'Invitation' and externalUserState eq 'Accepted'", false, "Conor"},
		{"mail eq 'ada@partner.example' or otherMails/any(m:m eq 'blocked@home.example')", false, "Ada Blocked"},
		{"mail eq 'ada@partner.example' or userType eq 'Member'", false, "Megan Ada Blocked"},
		{"mail eq 'ada@partner.example' and userType eq 'Member'", false, ""},
		{"otherMails/any(m:m eq 'ada@partner.example' or m eq 'o''brien@partner.example')", false, "Conor Ada"},
		{"otherMails/any(m:startswith(m,'blocked'))", false, "Blocked"},
		{"not (otherMails/any(m:m eq 'ada@partner.example'))", true, "Megan Conor Blocked"},
		{"proxyAddresses/any(p:p eq 'SMTP:ada@partner.example')", false, "Ada"},
		{"proxyAddresses/any(p:p eq 'smtp:ADA@partner.example')", false, "Ada"},
		{"identities/any(i:i/issuer eq 'contoso.onmicrosoft.com' and i/issuerAssignedId eq 'ada_partner.example#EXT#@contoso.onmicrosoft.com')", false, "Ada"},
		{"accountEnabled eq false", false, "Blocked"},
		{"accountEnabled eq true and userType eq 'Member'", false, "Megan"},
		{"createdDateTime ge 2026-11-24T09:00:00Z", false, "Conor Ada Blocked"},
		{"createdDateTime le 2026-11-24T08:59:59Z", false, "Megan"},
		{"createdDateTime eq 2026-11-24T09:00:00Z", false, "Conor"},
		{"companyName eq 'Contoso'", true, "Megan"},
		{"(userType eq 'Guest') and (mail eq 'ada@partner.example' or mail eq 'megan@contoso.example')", false, "Ada"},
		{"userType eq 'Guest' or userType eq 'Member' and accountEnabled eq false", false, "Conor Ada Blocked"},
		{"mail eq 'it''s nobody'", false, ""},
	}
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			g := NewWithT(t)
			graph.t = t
			if test.advanced {
				plain := graph.filter("users", test.filter)
				g.Expect(plain.status).To(Equal(http.StatusBadRequest), "it needs an advanced query")
				g.Expect(plain.code()).To(Equal("Request_UnsupportedQuery"))
				g.Expect(graph.filter("users", test.filter, advanced).status).To(Equal(http.StatusBadRequest), "the header alone is not enough")
			}
			list := graph.filter("users", test.filter)
			if test.advanced {
				list = graph.get("/v1.0/users?$count=true&$filter="+escape(test.filter), advanced)
			}
			g.Expect(list.status).To(Equal(http.StatusOK), list.raw)
			g.Expect(strings.Join(list.column("displayName"), " ")).To(Equal(test.want))
		})
	}
}

func TestFiltersThatAreRefused(t *testing.T) {
	graph := people(t)
	tests := map[string]string{
		"mail eq 'ada":                      "Invalid filter clause: There is an unterminated string literal",
		"mail eq":                           "Invalid filter clause: Syntax error",
		"mail = 'x'":                        "Invalid filter clause: Syntax error at position 5 in 'mail = 'x''.",
		"mail eq 'x' and":                   "Invalid filter clause: Syntax error",
		"(mail eq 'x'":                      "Invalid filter clause: Syntax error",
		"mail eq 'x') ":                     "Invalid filter clause: Syntax error",
		"mail eq O'Brien":                   "Invalid filter clause: ",
		"colour eq 'blue'":                  "Invalid filter clause: Could not find a property named 'colour' on type 'microsoft.graph.user'.",
		"contains(mail,'x')":                "Invalid filter clause: Syntax error",
		"mail ge 'x'":                       "Unsupported or invalid query filter clause specified for property 'mail' of resource 'User'.",
		"signInActivity eq null":            "Unsupported or invalid query filter clause specified for property 'signInActivity' of resource 'User'.",
		"identities/any(i:i/issuer ne 'x')": "Unsupported or invalid query filter clause specified for property 'identities' of resource 'User'.",
		strings.Repeat("(", 60) + "mail eq 'x'" + strings.Repeat(")", 60): "Invalid filter clause: ",
	}
	for filter, message := range tests {
		t.Run(filter, func(t *testing.T) {
			g := NewWithT(t)
			graph.t = t
			answer := graph.filter("users", filter)
			g.Expect(answer.status).To(Equal(http.StatusBadRequest), answer.raw)
			g.Expect(answer.message()).To(HavePrefix(message))
		})
	}
}

func TestAFilterWithASortOrderNeedsAnAdvancedQuery(t *testing.T) {
	g := NewWithT(t)
	graph := people(t)
	query := "/v1.0/users?$orderby=displayName&$count=true&$filter=" + escape("userType eq 'Guest'")
	g.Expect(graph.get(query).code()).To(Equal("Request_UnsupportedQuery"))
	g.Expect(graph.get(query, advanced).column("displayName")).To(Equal([]string{"Ada", "Conor"}))
}
