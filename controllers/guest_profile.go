package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// profileChanges are the properties that a spec sets, in Graph's words. What it leaves empty it does not set.
func profileChanges(profile b2b.Profile) directory.ProfileChanges {
	changes := directory.ProfileChanges{
		directory.GivenName: profile.GivenName, directory.Surname: profile.Surname, directory.CompanyName: profile.CompanyName,
		directory.Department: profile.Department, directory.JobTitle: profile.JobTitle, directory.EmployeeType: profile.EmployeeType,
		directory.UsageLocation: strings.ToUpper(profile.UsageLocation),
	}
	maps.DeleteFunc(changes, func(_ directory.ProfileField, value string) bool { return value == "" })
	return changes
}

// profileFields are the names of the properties that a spec sets, in the order of the API.
func profileFields(profile b2b.Profile) (fields []b2b.ProfileField) {
	changes := profileChanges(profile)
	for _, field := range directory.ProfileFields() {
		if _, set := changes[field]; set {
			fields = append(fields, b2b.ProfileField(field))
		}
	}
	return fields
}

// profileWrite is the last change of a user's profile that this process has sent.
type profileWrite struct {
	userID string
	at     time.Time
	sent   directory.ProfileChanges
	// before is the profile as it was then.
	before directory.Profile
	// refused is why the directory does not take it, "" where it does.
	refused string
}

// pause is for how long what is missing is not to be sent again, 0 where it may be. Within the window a property that shows the value
// of before is one that lags behind; any other value was put there by somebody else meanwhile. What was refused is tried seldom.
func (w profileWrite) pause(user directory.User, missing directory.ProfileChanges, now time.Time, window time.Duration) time.Duration {
	if w.userID != user.ID {
		return 0
	}
	for field, want := range missing {
		sent, was := w.sent[field]
		lags := user.Profile.Value(field) == w.before.Value(field)
		if !was || sent != want || w.refused == "" && !lags {
			return 0
		}
	}
	if w.refused != "" {
		window = lifecycle.Seldom
	}
	return max(w.at.Add(window).Sub(now), 0)
}

// keepProfile has the properties that the author sets written where they are different. What the mirror shows is confirmed by a live
// read before.
func (k *guestKind) keepProfile(ctx context.Context, life *guestLife, user directory.User, standing *lifecycle.Verdict) *lifecycle.Step {
	missing := k.missingOf(life, user, standing)
	if len(missing) == 0 {
		return nil
	}
	if !life.upkeep.live {
		live, verdict := k.readLive(ctx, life, user.ID, *standing)
		if verdict != nil {
			*standing = *verdict
			return nil
		}
		user, missing = live, k.missingOf(life, live, standing)
		if len(missing) == 0 {
			return nil
		}
	}
	return k.profileStep(life, user, missing, *standing)
}

// missingOf gives what is to be written now. What is different and may not be, or not yet, is told along with how the guest stands.
func (k *guestKind) missingOf(life *guestLife, user directory.User, standing *lifecycle.Verdict) directory.ProfileChanges {
	missing := user.Profile.Missing(profileChanges(life.author.Spec.Profile))
	if len(missing) == 0 {
		return nil
	}
	if _, why := life.notWritable(user); why != "" {
		standing.Message += notApplied(missing, why)
		return nil
	}
	last, _ := k.profiles.get(life.guest.UID)
	pause := last.pause(user, missing, k.Now(), k.ReplicationWindow)
	if pause == 0 {
		return missing
	}
	*standing = standing.Within(pause)
	if last.refused != "" {
		standing.Message += notApplied(missing, "Microsoft Entra refuses it: "+last.refused)
	}
	return nil
}

// notApplied is what a guest's message says of a profile that is not as the author wants it. Everybody who asks for the guest reads it.
func notApplied(missing directory.ProfileChanges, why string) string {
	return fmt.Sprintf(". Of the profile that the deciding invitation sets, %s is not applied: %s", namesOf(missing), why)
}

func namesOf(changes directory.ProfileChanges) string {
	names := make([]string, 0, len(changes))
	for _, field := range slices.Sorted(maps.Keys(changes)) {
		names = append(names, string(field))
	}
	return strings.Join(names, ", ")
}

// profileStep sets properties of the profile. The author in the record announced it: what is sent is what that spec says, to send it
// twice does no more than once, and it is never taken back.
func (k *guestKind) profileStep(life *guestLife, user directory.User, missing directory.ProfileChanges, standing lifecycle.Verdict) *lifecycle.Step {
	return &lifecycle.Step{
		Name:  "the profile of the guest",
		Await: k.awaitUpkeep(life, costOfChanges(1), standing),
		Act: func(ctx context.Context) *lifecycle.Verdict {
			defer k.Users.lock(user.ID)()
			err := life.tenant.Directory.UpdateProfile(ctx, user.ID, missing)
			write := profileWrite{userID: user.ID, at: k.Now(), sent: missing, before: user.Profile}
			switch {
			case err == nil:
				user.Profile = user.Profile.With(missing)
				life.tenant.Mirror.Saw(user)
				k.Events.ProfileSet(life.author, namesOf(missing))
				log.FromContext(ctx).Info("Set profile of guest", "userID", user.ID, "properties", namesOf(missing))
			case directory.Is(err, directory.Invalid):
				write.refused = describe(err)
				k.Events.ProfileRefused(life.author, namesOf(missing))
			default:
				verdict := heldUp(err, "setting the profile of the guest", permissionWriteUsers, standing)
				return &verdict
			}
			k.profiles.set(life.guest.UID, write)
			return nil
		},
	}
}

// awaitUpkeep waits for the turn to write to the user, behind everybody who waits for an invitation or for access. Meanwhile the guest
// stands as they are.
func (k *guestKind) awaitUpkeep(life *guestLife, cost budget.Cost, standing lifecycle.Verdict) awaiting {
	take := life.tenant.turn(life.guest, life.author.Namespace, budget.Routine, cost)
	return func(ctx context.Context) (context.Context, func(), *lifecycle.Verdict) {
		turn, end, wait := take(ctx)
		if wait != nil {
			*wait = standing.Within(wait.After)
		}
		return turn, end, wait
	}
}

// costOfChanges is what so many changes of a user take.
func costOfChanges(n int) budget.Cost { return budget.Cost{Writes: n, Units: n} }
