package v1alpha1

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/validate/content"
)

const tenantID = "11111111-2222-3333-4444-555555555555"

// The golden value was computed by other means: printf '%s' TENANT/ADDRESS | openssl dgst -sha256 -binary | base32.
func TestNameOfAGuestNeverChanges(t *testing.T) {
	NewWithT(t).Expect(GuestName("default", tenantID, "ada@partner.example")).To(Equal("default.fyh3cln56fqsdvap6k2kkhcbdo"))
}

func TestNameOfAGuestIsTheSameInWhateverCapitals(t *testing.T) {
	g := NewWithT(t)
	g.Expect(GuestName("default", tenantID, "ADA@Partner.Example")).To(Equal(GuestName("default", tenantID, "ada@partner.example")))
}

func TestNameOfAGuestDiffersByTenantAndAddress(t *testing.T) {
	g := NewWithT(t)
	names := map[string]bool{
		GuestName("default", tenantID, "ada@partner.example"):                               true,
		GuestName("default", tenantID, "eve@partner.example"):                               true,
		GuestName("default", "99999999-2222-3333-4444-555555555555", "ada@partner.example"): true,
		GuestName("other", tenantID, "ada@partner.example"):                                 true,
	}
	g.Expect(names).To(HaveLen(4))
}

func TestNameOfAGuestIsAValidObjectName(t *testing.T) {
	g := NewWithT(t)
	longest := GuestName(strings.Repeat("t", 63), tenantID, strings.Repeat("a", 64)+"@partner.example")
	g.Expect(content.IsDNS1123Subdomain(longest)).To(BeEmpty())
	g.Expect(longest).To(HaveLen(63 + 1 + 26))
}

func TestNormalizedAddresses(t *testing.T) {
	for name, c := range map[string]struct{ address, want string }{
		"capitals become small":                 {"Ada.LOVELACE@Partner.Example", "ada.lovelace@partner.example"},
		"what is normal stays":                  {"miles.o'brien@partner.example", "miles.o'brien@partner.example"},
		"letters like ASCII ones stay strange":  {"\u212Aevin@partner.example", "\u212Aevin@partner.example"},
		"capitals outside ASCII are left alone": {"ÄDA@partner.example", "Äda@partner.example"},
		"nothing stays nothing":                 {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(NormalizeEmailAddress(c.address)).To(Equal(c.want))
		})
	}
}
