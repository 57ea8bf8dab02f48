package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func withBody(i *b2b.GuestInvitation) { i.Spec.Message.Body = "Welcome aboard" }

func asMember(i *b2b.GuestInvitation) { i.Spec.UserType = b2b.UserTypeMember }

func TestWhatIsNotAsAskedIsSaidAndNothingElse(t *testing.T) {
	mailed := []attempt{first("")}
	made := func(change func(*directory.User)) *directory.User {
		user := pendingUser()
		change(&user)
		return &user
	}
	guestUser, memberUser := made(func(*directory.User) {}), made(func(u *directory.User) { u.UserType = directory.UserTypeMember })
	cases := map[string]struct {
		life     *guestLife
		user     *directory.User
		reason   string // "" for no condition
		messages []string
	}{
		"an ordinary mail":                  {decided(mailed), guestUser, "", nil},
		"a body":                            {decided(mailed, withBody), guestUser, b2b.ReasonBodyLeftOut, []string{"Remove the body"}},
		"a body and a language":             {decided(mailed, withBody, func(i *b2b.GuestInvitation) { i.Spec.Message.Language = "de" }), guestUser, b2b.ReasonBodyLeftOut, []string{"message.language"}},
		"a language alone":                  {decided(mailed, func(i *b2b.GuestInvitation) { i.Spec.Message.Language = "de" }), guestUser, "", nil},
		"a body where no mail was sent":     {decided(nil, withBody), guestUser, "", nil},
		"a body where no mail is wanted":    {decided(mailed, withBody, noMail), guestUser, "", nil},
		"a member who is one":               {decided(mailed, asMember), memberUser, "", nil},
		"a member who is a guest":           {decided(mailed, asMember), guestUser, b2b.ReasonOtherUserType, []string{"is a Guest", "administrator"}},
		"a guest whom somebody made member": {decided(mailed), memberUser, "", nil},
		"a member who does not show yet":    {decided(mailed, asMember), made(func(u *directory.User) { u.UserPrincipalName, u.UserType = "", "" }), "", nil},
		"somebody who was a guest before":   {decided(nil, asMember), guestUser, "", nil},
		"both":                              {decided(mailed, asMember, withBody), guestUser, b2b.ReasonBodyLeftOut, []string{"Remove the body", "is a Guest"}},
		"nobody there":                      {decided(mailed, withBody), nil, "", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, k := NewWithT(t), &guestKind{}
			c.life.guest.UID = "ours"
			isFalse("Earlier", "said before").into(c.life.guest, b2b.ConditionMessageAsAsked)
			k.reportMessage(c.life, c.user)
			told := meta.FindStatusCondition(c.life.guest.Status.Conditions, b2b.ConditionMessageAsAsked)
			if c.reason == "" {
				g.Expect(told).To(BeNil())
				return
			}
			g.Expect(told.Reason).To(Equal(c.reason))
			for _, message := range c.messages {
				g.Expect(told.Message).To(ContainSubstring(message))
			}
		})
	}
}

func TestWhileNobodyDecidesWhatWasSaidOfTheMessageStays(t *testing.T) {
	g, k, user := NewWithT(t), &guestKind{}, pendingUser()
	life := decided([]attempt{first("")}, withBody)
	k.reportMessage(life, &user)
	life.author = nil
	k.reportMessage(life, &user)
	g.Expect(meta.IsStatusConditionFalse(life.guest.Status.Conditions, b2b.ConditionMessageAsAsked)).To(BeTrue())
}
