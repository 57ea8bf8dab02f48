package controllers

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// upkeep is what the sponsors and the profile of a guest rest on beside the author's spec.
type upkeep struct {
	// unsponsored says whether somebody may be invited for whom nobody answers, and adopted whether a guest may be written to who was
	// there before.
	unsponsored, adopted policy.Decision
	// keeper is the Guest that cares for the user, "" where it is this one: one person can have two addresses.
	keeper string
	// user was read live in this decision.
	live bool
	// sponsors are those who go with an invitation.
	sponsors []namedSponsor
}

// wantsUpkeep reports whether anything about the user is to be kept as the author wants it.
func (l *guestLife) wantsUpkeep() bool {
	return l.author != nil && (len(l.author.Spec.Sponsors) > 0 || l.author.Spec.Profile != (b2b.Profile{}) ||
		l.record.Sponsors.managesFor(l.author))
}

// readUpkeep asks the policies and the other Guests, where the author wants anything about the user kept.
func (k *guestKind) readUpkeep(ctx context.Context, life *guestLife) (err error) {
	if !life.wantsUpkeep() {
		return nil
	}
	life.upkeep.unsponsored, err = k.decideInvitation(ctx, life.tenant, life.author,
		func(i *policy.Invitation) { i.Sponsored = false })
	if err != nil {
		return err
	}
	life.upkeep.adopted, err = k.decideInvitation(ctx, life.tenant, life.author,
		func(i *policy.Invitation) { i.AdoptedWrites = true })
	if err != nil {
		return err
	}
	life.upkeep.keeper, err = k.keeperOf(ctx, life)
	return err
}

// keeperOf gives the Guest that cares for the user in the place of this one: the one that invited them, else the oldest.
func (k *guestKind) keeperOf(ctx context.Context, life *guestLife) (string, error) {
	if life.userID() == "" {
		return "", nil
	}
	guests := &b2b.GuestList{}
	err := k.Cache.List(ctx, guests, client.MatchingFields{indexGuestByUserID: life.userID()}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return "", fmt.Errorf("listing Guests of user %s: %w", life.userID(), err)
	}
	keeper := life.guest
	for i := range guests.Items {
		if other := &guests.Items[i]; other.UID != keeper.UID && len(other.Spec.Claims) > 0 && caresBefore(other, keeper) {
			keeper = other
		}
	}
	if keeper.UID == life.guest.UID {
		return "", nil
	}
	return keeper.Name, nil
}

func caresBefore(a, b *b2b.Guest) bool {
	aInvited, bInvited := a.Status.Origin == b2b.GuestOriginInvited, b.Status.Origin == b2b.GuestOriginInvited
	switch {
	case aInvited != bInvited:
		return aInvited
	case !a.CreationTimestamp.Equal(&b.CreationTimestamp):
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

// notWritable says why nothing is written to the user, with the reason of a condition; "" where it may be.
func (l *guestLife) notWritable(user directory.User) (reason, message string) {
	switch {
	case user.OnPremisesSyncEnabled:
		return b2b.ReasonUserNotWritable, "the user is synchronised from a directory on-premises, which is where they have to be changed"
	case l.upkeep.keeper != "":
		return b2b.ReasonUserNotWritable, fmt.Sprintf("the person is cared for under another address, by Guest %q", l.upkeep.keeper)
	case l.origin(user) != b2b.GuestOriginInvited && !l.upkeep.adopted.Allowed:
		return l.upkeep.adopted.Reason, "the person was a guest already: " + l.upkeep.adopted.Message
	}
	return "", ""
}

// keepUp sees to the sponsors and to the profile of a guest who is there. Standing is how the guest stands; what keeps the profile from
// being as the author wants it is told along with that.
func (k *guestKind) keepUp(ctx context.Context, life *guestLife, user directory.User, standing lifecycle.Verdict) lifecycle.Decision {
	if life.author != nil && len(life.author.Spec.Sponsors) == 0 {
		meta.RemoveStatusCondition(&life.guest.Status.Conditions, b2b.ConditionSponsorsSet)
	}
	if !life.wantsUpkeep() || life.tenant.suspension(false) != "" {
		return lifecycle.Say(standing)
	}
	if partial(user) {
		live, verdict := k.readLive(ctx, life, user.ID, standing)
		if verdict != nil {
			return lifecycle.Say(*verdict)
		}
		user = live
		observedUser(life, user)
		standing = k.standing(life, user).Within(standing.After)
	}
	if step := k.keepSponsors(ctx, life, user, &standing); step != nil {
		return lifecycle.Do(*step)
	}
	if step := k.keepProfile(ctx, life, user, &standing); step != nil {
		return lifecycle.Do(*step)
	}
	return lifecycle.Say(standing)
}

// readLive reads the user, or says with which verdict the guest stays as they are: one who has only just been invited need not show yet.
func (k *guestKind) readLive(ctx context.Context, life *guestLife, id string, standing lifecycle.Verdict) (directory.User, *lifecycle.Verdict) {
	user, err := life.tenant.Directory.GetUser(ctx, id)
	if err != nil {
		verdict := heldUp(err, "reading the user", permissionReadUsers, standing)
		return directory.User{}, &verdict
	}
	life.tenant.Mirror.Saw(user)
	life.upkeep.live = true
	if !user.External() || !user.AccountEnabled { // decided about before anything is written
		again := lifecycle.LookAgain(time.Millisecond)
		return directory.User{}, &again
	}
	return user, nil
}

// deniedPause is how long what the tenant denies is left alone. Where the token tells of a new permission, that wakes the Guest.
const deniedPause = 10 * time.Minute

// heldUp is the verdict on a guest of whom something could not be read or written. The guest stands as before, and the operator tries
// again, unless somebody has to grant something.
func heldUp(err error, doing, permission string, standing lifecycle.Verdict) lifecycle.Verdict {
	verdict := failure(err, doing, permission)
	switch directory.ClassOf(err) {
	case directory.Denied:
		verdict.After = deniedPause
		return verdict
	case directory.Unauthenticated:
		return verdict
	}
	return standing.Within(verdict.After)
}
