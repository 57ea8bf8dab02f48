package controllers

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// wants is a membership of "ada" in "readers" that has been announced at noon and says that it waits.
func wants() *wanted {
	life := lifeOf()
	life.guest.Status.UserID = "ada"
	life.record.Pairs = []pair{{target: inGroup("readers"), UserID: "ada", GuestUID: "ours", AnnouncedAt: noon,
		Claimants: []claimant{{Namespace: "team", Name: "ada-in-readers", UID: "m", RegrantToken: "1"}}}}
	membership := &b2b.GuestGroupMembership{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "ada-in-readers", UID: "m"},
		Spec: b2b.GuestGroupMembershipSpec{RegrantToken: "1"}}
	lifecycle.Apply(&membership.Status.Conditions, lifecycle.Wait(b2b.ReasonThrottled, "m", 0), 1)
	return &wanted{membership: membership, access: access{object: membership, life: life, target: inGroup("readers")}}
}

func TestAGuestWhoWasInTheGroupAndIsNotHasBeenRemovedByOthers(t *testing.T) {
	since := metav1.NewTime(noon)
	long := noon.Add(2*window + time.Second)
	cases := map[string]struct {
		arrange func(*wanted)
		now     time.Time
		want    bool
	}{
		"announced, and not seen there yet":    {func(*wanted) {}, long, false},
		"seen there":                           {func(w *wanted) { w.membership.Status.MemberSince = &since }, noon, true},
		"found there before":                   {func(w *wanted) { w.life.record.Pairs[0].Found = true }, noon, true},
		"status lost, announced long ago":      {func(w *wanted) { w.membership.Status.Conditions = nil }, long, true},
		"status lost, announced a moment ago":  {func(w *wanted) { w.membership.Status.Conditions = nil }, noon.Add(2 * window), false},
		"never announced":                      {func(w *wanted) { w.life.record.Pairs = nil }, long, false},
		"announced for other memberships":      {func(w *wanted) { w.life.record.Pairs[0].Claimants[0].Name = "other" }, long, false},
		"seen there, and the record was lost":  {func(w *wanted) { w.life.record.Pairs, w.membership.Status.MemberSince = nil, &since }, noon, true},
		"announced for the user of a life ago": {func(w *wanted) { w.life.record.Pairs[0].UserID = "ada before" }, long, false},
		"found there in the life before":       {func(w *wanted) { w.life.record.Pairs[0].UserID, w.life.record.Pairs[0].Found = "ada before", true }, long, false},
		"another membership's, found there":    {func(w *wanted) { w.life.record.Pairs[0].Found, w.target = true, inGroup("writers") }, long, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			want := wants()
			c.arrange(want)
			NewWithT(t).Expect(want.removedByOthers(c.now, window, false)).To(Equal(c.want))
		})
	}
}

func TestAnAdditionThatIsStillInHandHasNotBeenUndoneByOthersHoweverLongItTook(t *testing.T) {
	g, want := NewWithT(t), wants()
	want.membership.Status.Conditions = nil // it never had anything to say
	long := noon.Add(2*window + time.Second)
	g.Expect(want.removedByOthers(long, window, true)).To(BeFalse())
	want.membership.Status.MemberSince = &metav1.Time{Time: noon}
	g.Expect(want.removedByOthers(long, window, true)).To(BeTrue(), "it was there meanwhile")
}

func TestOnlyANewTokenOfARecordedMembershipRegrants(t *testing.T) {
	cases := map[string]struct {
		token   string
		arrange func(*wanted)
		want    bool
	}{
		"the token that was heeded":         {"1", func(*wanted) {}, false},
		"another token":                     {"2", func(*wanted) {}, true},
		"no token any more":                 {"", func(*wanted) {}, false},
		"a first token":                     {"1", func(w *wanted) { w.life.record.Pairs[0].Claimants[0].RegrantToken = "" }, true},
		"a membership that is not recorded": {"2", func(w *wanted) { w.life.record.Pairs = nil }, false},
		"another namespace's":               {"2", func(w *wanted) { w.life.record.Pairs[0].Claimants[0].Namespace = "other" }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			want := wants()
			want.membership.Spec.RegrantToken = c.token
			c.arrange(want)
			NewWithT(t).Expect(want.regrants()).To(Equal(c.want))
		})
	}
}

func TestAMembershipIsEnteredOnceAndKeptUpToDate(t *testing.T) {
	g, want := NewWithT(t), wants()
	want.membership.Spec.RegrantToken, want.membership.UID = "2", "restored"
	p := &want.life.record.Pairs[0]
	before := pair{UserID: p.UserID, GuestUID: p.GuestUID, Claimants: append([]claimant{}, p.Claimants...)}
	g.Expect(p.same(before)).To(BeTrue())
	want.enter(p)
	g.Expect(p.Claimants).To(Equal([]claimant{{Namespace: "team", Name: "ada-in-readers", UID: "restored", RegrantToken: "2"}}))
	g.Expect(p.same(before)).To(BeFalse())
	want.membership.Namespace = "other"
	want.enter(p)
	g.Expect(p.Claimants).To(HaveLen(2))
}
