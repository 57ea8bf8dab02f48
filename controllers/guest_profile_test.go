package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func TestWhatAProfileLeavesEmptyIsNotSet(t *testing.T) {
	g := NewWithT(t)
	g.Expect(profileChanges(b2b.Profile{})).To(BeEmpty())
	g.Expect(profileChanges(b2b.Profile{JobTitle: "Analyst", CompanyName: "", UsageLocation: "gb"})).To(Equal(directory.ProfileChanges{
		directory.JobTitle: "Analyst", directory.UsageLocation: "GB",
	}))
	everything := b2b.Profile{GivenName: "a", Surname: "b", CompanyName: "c", Department: "d", JobTitle: "e", EmployeeType: "f", UsageLocation: "GB"}
	g.Expect(profileFields(everything)).To(HaveLen(len(directory.ProfileFields())))
	g.Expect(profileFields(b2b.Profile{JobTitle: "e", CompanyName: "c"})).To(Equal([]b2b.ProfileField{"companyName", "jobTitle"}))
}

func TestAPropertyThatShowsWhatItWasBeforeIsNotSentAgainWithinTheWindow(t *testing.T) {
	sent := directory.ProfileChanges{directory.CompanyName: "Ours"}
	write := profileWrite{userID: "ada", at: noon, sent: sent, before: directory.Profile{CompanyName: "Theirs"}}
	refused := write
	refused.refused = "no"
	cases := map[string]struct {
		write   profileWrite
		user    directory.User
		missing directory.ProfileChanges
		after   time.Duration
		pause   time.Duration
	}{
		"a read that lags":                  {write, directory.User{ID: "ada", Profile: write.before}, sent, time.Minute, window - time.Minute},
		"a read that lags for too long":     {write, directory.User{ID: "ada", Profile: write.before}, sent, window, 0},
		"a value that somebody else set":    {write, directory.User{ID: "ada", Profile: directory.Profile{CompanyName: "Other"}}, sent, time.Minute, 0},
		"another value that is wanted":      {write, directory.User{ID: "ada", Profile: write.before}, directory.ProfileChanges{directory.CompanyName: "New"}, time.Minute, 0},
		"another property that is wanted":   {write, directory.User{ID: "ada", Profile: write.before}, directory.ProfileChanges{directory.JobTitle: "New"}, time.Minute, 0},
		"another user":                      {write, directory.User{ID: "ben", Profile: write.before}, sent, time.Minute, 0},
		"refused, whatever is shown":        {refused, directory.User{ID: "ada"}, sent, time.Minute, 59 * time.Minute},
		"refused long ago":                  {refused, directory.User{ID: "ada"}, sent, 2 * time.Hour, 0},
		"refused, and something else asked": {refused, directory.User{ID: "ada"}, directory.ProfileChanges{directory.CompanyName: "New"}, time.Minute, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(c.write.pause(c.user, c.missing, noon.Add(c.after), window)).To(Equal(c.pause))
		})
	}
}
