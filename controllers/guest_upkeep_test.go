package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

func TestOfSeveralGuestsOfOnePersonTheOneThatInvitedThemCares(t *testing.T) {
	guest := func(name string, origin b2b.GuestOrigin, created time.Time) *b2b.Guest {
		return &b2b.Guest{
			ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(created)}, Status: b2b.GuestStatus{Origin: origin},
		}
	}
	inviter := guest("z", b2b.GuestOriginInvited, noon.Add(time.Hour))
	older, newer := guest("y", b2b.GuestOriginAdopted, noon), guest("x", b2b.GuestOriginSelfServiceSignUp, noon.Add(time.Minute))
	twin := guest("w", b2b.GuestOriginAdopted, noon)
	for _, pair := range [][2]*b2b.Guest{{inviter, older}, {inviter, newer}, {older, newer}, {twin, older}} {
		g := NewWithT(t)
		g.Expect(caresBefore(pair[0], pair[1])).To(BeTrue(), "%s before %s", pair[0].Name, pair[1].Name)
		g.Expect(caresBefore(pair[1], pair[0])).To(BeFalse(), "%s before %s", pair[1].Name, pair[0].Name)
	}
}

func TestWhoMayBeWrittenTo(t *testing.T) {
	invited, adopted := lifeOf(first("")), lifeOf()
	denied := policy.Decision{Reason: b2b.ReasonPolicyDenied, Message: "no policy lets it"}
	adopted.upkeep.adopted = denied
	granted := lifeOf()
	granted.upkeep.adopted = policy.Decision{Allowed: true}
	elsewhere := lifeOf(first(""))
	elsewhere.upkeep.keeper = "default.other"
	user := named(noon, directory.Accepted)
	synced := user
	synced.OnPremisesSyncEnabled = true
	cases := map[string]struct {
		life *guestLife
		user directory.User
		want string
	}{
		"somebody whom we invited":                       {invited, user, ""},
		"somebody who was there before":                  {adopted, user, b2b.ReasonPolicyDenied},
		"somebody who was there before, where it may be": {granted, user, ""},
		"somebody who is synchronised":                   {invited, synced, b2b.ReasonUserNotWritable},
		"somebody whom another Guest cares for":          {elsewhere, user, b2b.ReasonUserNotWritable},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			reason, why := c.life.notWritable(c.user)
			g.Expect(reason).To(Equal(c.want))
			g.Expect(why == "").To(Equal(c.want == ""))
		})
	}
}
