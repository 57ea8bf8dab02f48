package directory_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestEachFieldOfAProfileIsReachedByItsName(t *testing.T) {
	g, all := NewWithT(t), directory.ProfileChanges{}
	for _, field := range directory.ProfileFields() {
		all[field] = "the " + string(field)
		one := directory.Profile{}.With(directory.ProfileChanges{field: "x"})
		for _, other := range directory.ProfileFields() {
			g.Expect(one.Value(other) == "x").To(Equal(other == field), "%s after setting %s", other, field)
		}
	}
	g.Expect(directory.Profile{}.With(all)).To(Equal(directory.Profile{
		GivenName: "the givenName", Surname: "the surname", CompanyName: "the companyName", Department: "the department",
		JobTitle: "the jobTitle", EmployeeType: "the employeeType", UsageLocation: "the usageLocation",
	}))
}

func TestWhatIsNoFieldOfAProfileHasNoValueAndChangesNothing(t *testing.T) {
	g, ada := NewWithT(t), directory.Profile{Department: "Research"}
	g.Expect(ada.Value("displayName")).To(BeEmpty())
	g.Expect(ada.With(directory.ProfileChanges{"displayName": "x"})).To(Equal(ada))
}

func TestOnlyWhatAProfileDoesNotShowYetIsMissing(t *testing.T) {
	ada := directory.Profile{GivenName: "Ada", Department: "Research", UsageLocation: "GB"}
	for name, tt := range map[string]struct{ want, missing directory.ProfileChanges }{
		"nothing is wanted":            {nil, nil},
		"as it is":                     {directory.ProfileChanges{directory.Department: "Research"}, nil},
		"another value":                {directory.ProfileChanges{directory.Department: "Sales"}, directory.ProfileChanges{directory.Department: "Sales"}},
		"the same in other letters":    {directory.ProfileChanges{directory.Department: "research"}, directory.ProfileChanges{directory.Department: "research"}},
		"a country in other letters":   {directory.ProfileChanges{directory.UsageLocation: "gb"}, nil},
		"a value where there is none":  {directory.ProfileChanges{directory.JobTitle: "Countess"}, directory.ProfileChanges{directory.JobTitle: "Countess"}},
		"no value where there is one":  {directory.ProfileChanges{directory.GivenName: ""}, directory.ProfileChanges{directory.GivenName: ""}},
		"no value where there is none": {directory.ProfileChanges{directory.JobTitle: ""}, nil},
		"one of two": {directory.ProfileChanges{directory.GivenName: "Ada", directory.Surname: "Lovelace"},
			directory.ProfileChanges{directory.Surname: "Lovelace"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(ada.Missing(tt.want)).To(Equal(tt.missing))
			g.Expect(ada.With(tt.want).Missing(tt.want)).To(BeEmpty(), "after the change nothing is missing")
		})
	}
}
