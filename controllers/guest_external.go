package controllers

import (
	"context"
	"slices"
	"time"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// sighting is what the directory shows of the person.
type sighting struct {
	// user is the user, nil where none is there.
	user *directory.User
	// gone is the user that somebody has deleted, nil where there is no trace of one.
	gone *directory.User
	// lookup is the live search for the address, where there was one.
	lookup *directory.Lookup
	// readAt is this process's own time at the start of that search.
	readAt time.Time
}

// decideUser decides about the user that the claims ask for.
func (k *guestKind) decideUser(ctx context.Context, life *guestLife) (lifecycle.Decision, error) {
	if !k.worthLooking(life) {
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonWaitingForInvitation,
			"no GuestInvitation that claims this guest is allowed and unsuspended", 0)), nil
	}
	if verdict := k.waitsToInvite(life); verdict != nil {
		return lifecycle.Say(*verdict), nil
	}
	if err := k.readUpkeep(ctx, life); err != nil {
		return lifecycle.Decision{}, err
	}
	decision := k.decideSeen(ctx, life)
	if decision.Step == nil || decision.Step.Await == nil { // it invites nobody
		life.tenant.Breaker.Leave(turnKey(life.guest))
	}
	return decision, nil
}

// decideSeen decides by what the directory shows of the person.
func (k *guestKind) decideSeen(ctx context.Context, life *guestLife) lifecycle.Decision {
	seen, verdict := k.observe(ctx, life)
	if verdict != nil {
		return lifecycle.Say(*verdict)
	}
	observed(life, seen)
	k.reportResend(life)
	k.reportMessage(life, seen.user)
	switch {
	case seen.user != nil:
		return k.decidePresent(ctx, life, *seen.user)
	case seen.gone != nil || life.userID() != "":
		return k.decideGone(ctx, life, seen)
	case life.author != nil && life.record.restorable() != nil:
		return k.decideRestore(ctx, life, seen)
	}
	return k.decideAbsent(ctx, life, seen)
}

// waitsToInvite says that somebody who has no user yet waits: for another invitation that goes first, or for the turn to invite. Whoever is
// looked up meanwhile would be looked up again.
func (k *guestKind) waitsToInvite(life *guestLife) *lifecycle.Verdict {
	if life.userID() != "" || life.author == nil || life.record.restorable() != nil {
		return nil
	}
	key := turnKey(life.guest)
	if _, waits := life.tenant.Budget.Waits(key); waits { // asked first: whoever waits must not keep others from going first
		verdict := queued()
		return &verdict
	}
	if pause := life.tenant.Breaker.Prepare(key); pause > 0 {
		again := lifecycle.LookAgain(pause)
		return &again
	}
	return nil
}

// worthLooking reports whether the directory can matter: somebody may invite, something was done before, or somebody waits for
// a person who came another way.
func (k *guestKind) worthLooking(life *guestLife) bool {
	return life.author != nil || life.userID() != "" || len(life.record.Attempts) > 0 ||
		slices.ContainsFunc(life.guest.Spec.Claims, func(c b2b.GuestClaim) bool { return c.Kind != b2b.ClaimKindGuestInvitation })
}

// observe looks at the user: in the mirror where its id is known, live where the mirror does not show it or no id is known.
func (k *guestKind) observe(ctx context.Context, life *guestLife) (sighting, *lifecycle.Verdict) {
	id := life.userID()
	if id == "" {
		return k.lookUp(ctx, life)
	}
	mirror := life.tenant.Mirror
	if user, found := mirror.User(id); found {
		return sighting{user: &user}, nil
	}
	if !mirror.Listed() { // the first listing wakes everybody
		verdict := lifecycle.LookAgain(lifecycle.Retry)
		return sighting{}, &verdict
	}
	user, err := life.tenant.Directory.GetUser(ctx, id)
	if err == nil {
		mirror.Saw(user)
		return sighting{user: &user}, nil
	}
	if directory.IsNotFound(err) {
		return k.observeGone(ctx, life, id)
	}
	return sighting{}, failureOf(err, "reading the user", permissionReadUsers)
}

// observeGone looks whether a user who is not there any more is among the deleted ones, and whether somebody has brought the person
// back under another id.
func (k *guestKind) observeGone(ctx context.Context, life *guestLife, id string) (sighting, *lifecycle.Verdict) {
	again, verdict := k.lookUp(ctx, life)
	if verdict != nil || again.user != nil {
		return again, verdict
	}
	gone, err := life.tenant.Directory.GetDeletedUser(ctx, id)
	switch {
	case err == nil:
		return sighting{gone: &gone}, nil
	case directory.IsNotFound(err):
		return sighting{}, nil
	}
	return sighting{}, failureOf(err, "reading the deleted user", permissionReadUsers)
}

// lookUp searches for the address live, among the users and the deleted items.
func (k *guestKind) lookUp(ctx context.Context, life *guestLife) (sighting, *lifecycle.Verdict) {
	address, readAt := life.guest.Spec.EmailAddress, k.Now()
	lookup, err := life.tenant.Directory.FindByAddress(ctx, address)
	if err != nil {
		return sighting{}, failureOf(err, "looking the address up", permissionReadUsers)
	}
	seen := sighting{lookup: &lookup, readAt: readAt, user: pick(lookup.Users, address)}
	if seen.user != nil {
		life.tenant.Mirror.Saw(*seen.user)
		return seen, nil
	}
	seen.gone = pick(slices.DeleteFunc(slices.Clone(lookup.Deleted), func(user directory.User) bool {
		return life.record.excusesDeletion(user, k.ReplicationWindow) || !user.External()
	}), address)
	return seen, nil
}

// pick gives the user to go by of several with one address: an external one before an employee, then the oldest.
func pick(users []directory.User, address string) *directory.User {
	candidates := slices.DeleteFunc(slices.Clone(users), func(user directory.User) bool { return !user.KnownAs(address) })
	if len(candidates) == 0 {
		return nil
	}
	slices.SortFunc(candidates, func(a, b directory.User) int {
		if a.External() != b.External() {
			if a.External() {
				return -1
			}
			return 1
		}
		return a.CreatedDateTime.Compare(b.CreatedDateTime)
	})
	return &candidates[0]
}

// decidePresent decides about a user who is there.
func (k *guestKind) decidePresent(ctx context.Context, life *guestLife, user directory.User) lifecycle.Decision {
	k.doubts.settle(life.guest.UID)
	if decision := k.decideReturned(life, user); decision != nil {
		return *decision
	}
	switch {
	case !partial(user) && !user.External():
		return lifecycle.Say(lifecycle.Stall(b2b.ReasonAddressIsInternal,
			"the address belongs to a user of the tenant itself, who needs no invitation").Within(lifecycle.Seldom))
	case !partial(user) && !user.AccountEnabled, life.record.disabled(user.ID):
		return k.decideBlocked(ctx, life, user)
	}
	life.mailDue = k.anotherDue(life, user)
	if decision := k.decideResend(life, user); decision != nil {
		return *decision
	}
	if decision := k.decideReminder(life, user); decision != nil {
		return *decision
	}
	decision, look := k.decideLink(ctx, life, user)
	if decision != nil {
		return *decision
	}
	return k.keepUp(ctx, life, user, k.standing(life, user).Within(look))
}

// partial reports whether nothing but the id of the user is known, as right after the invitation.
func partial(user directory.User) bool { return user.UserPrincipalName == "" }

// decideGone decides about a user who was there and is not any more. Only a new resend token brings the person back.
func (k *guestKind) decideGone(ctx context.Context, life *guestLife, seen sighting) lifecycle.Decision {
	came := life.record.returned()
	if last := life.record.last(); last != nil && last.NotAfter.After(came) {
		came = last.NotAfter
	}
	if seen.gone == nil && k.Now().Before(came.Add(k.ReplicationWindow)) {
		return lifecycle.Say(lifecycle.LookAgain(lifecycle.Later).Within(k.ReplicationWindow)) // not to be seen everywhere yet
	}
	if seen.gone != nil && life.record.excuses(seen.gone.ID) { // they had been restored since we deleted them
		return lifecycle.Do(k.keepLost(life, seen.gone.ID))
	}
	k.forgetLink(life)
	if step := k.dropLinks(ctx, life, true); step != nil {
		return lifecycle.Do(*step)
	}
	if !life.newToken() || life.author.Spec.ResendToken == "" { // to take a token away asks for nothing
		return lifecycle.Say(lifecycle.Stall(b2b.ReasonGuestGone, goneMessage(seen)))
	}
	return lifecycle.Do(lifecycle.Step{Name: "a new life of the guest", Announce: func(ctx context.Context) error {
		gone := life.guest.Status.UserID
		if seen.gone != nil {
			gone = seen.gone.ID
		}
		life.record.Excused = append(life.record.Excused, gone)
		life.record.giveUpRestoring() // the token asks for an invitation
		life.record.Life++
		return k.storeLife(ctx, life)
	}})
}

// newToken reports whether the author asks for another invitation.
func (l *guestLife) newToken() bool {
	return l.author != nil && l.record.Author != nil && l.author.UID == l.record.Author.UID &&
		l.author.Spec.ResendToken != l.record.Author.ResendToken
}

// decideAbsent decides about a person of whom the directory shows no trace: invite, unless an earlier invitation may yet show.
func (k *guestKind) decideAbsent(ctx context.Context, life *guestLife, seen sighting) lifecycle.Decision {
	if doubtful := life.record.inDoubt(); doubtful != nil && !doubtful.Silent {
		if pause := k.foundNobody(life, doubtful, *seen.lookup); pause > 0 {
			return lifecycle.Say(lifecycle.Wait(b2b.ReasonOutcomeUnknown, "the answer to the invitation was lost; looking whether it "+
				"was carried out before anybody could be mailed twice", pause))
		}
	}
	if life.author == nil {
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonWaitingForGuest,
			"nobody with this address is in the tenant, and no GuestInvitation that may invite them claims this guest", 0))
	}
	if refused := life.refused(); refused != nil {
		return lifecycle.Say(lifecycle.Stall(refused.Reason, refused.Message))
	}
	if verdict := k.findSponsors(ctx, life); verdict != nil {
		return lifecycle.Say(*verdict)
	}
	return lifecycle.Do(k.inviteStep(life, seen))
}

// foundNobody counts a lookup that found nobody towards the end of a doubt, and gives the time until the next one that counts, 0 when
// the doubt is over. The replication window begins when the request must have ended, on the directory's clock: it may be under way
// still, sent by a process that we took over from.
func (k *guestKind) foundNobody(life *guestLife, doubtful *attempt, lookup directory.Lookup) time.Duration {
	now := k.Now()
	underWay := min(max(doubtful.NotAfter.Sub(lookup.At), 0), life.tenant.RequestTimeout)
	k.doubts.begin(life.guest.UID, doubtful.Number, now.Add(underWay))
	return k.doubts.nobody(life.guest.UID, doubtful.Number, now)
}

// refused gives the attempt that was refused with the author's spec as it still is, nil where there is none.
func (l *guestLife) refused() *attempt {
	last := l.record.last()
	if last == nil || last.Outcome != outcomeRefused ||
		last.AuthorUID != l.author.UID || last.AuthorGeneration != l.author.Generation {
		return nil
	}
	return last
}
