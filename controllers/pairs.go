package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// pairs takes guests out of groups, and app roles from guests. It serves the objects that want a pair no more, and the Guest, which sweeps
// up pairs whose objects are gone without a trace.
type pairs struct {
	Dependencies
	// removed is when this process took a pair back, by target.of: a directory that is slow to show it is not asked twice.
	removed *syncMap[string, time.Time]
}

func newPairs(d Dependencies) *pairs {
	return &pairs{Dependencies: d, removed: newSyncMap[string, time.Time]()}
}

// leaving is one claimant leaving a pair.
type leaving struct {
	*guestLife
	pair     pair
	claimant claimant
	// retain is set where the claimant wants the guest to keep the target.
	retain bool
	about  client.Object // whom events are about
}

// release decides how a claimant leaves a pair: the guest loses the target with the last one, if this operator gave it to them.
func (p *pairs) release(ctx context.Context, l leaving) (lifecycle.Decision, error) {
	stays, err := p.staysBecause(ctx, l)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if stays != nil {
		return lifecycle.Do(p.forget(l, *stays)), nil
	}
	if verdict := l.tenant.waiting(l.guest.Spec.TenantRef.Name); verdict != nil {
		return lifecycle.Say(*verdict), nil
	}
	if l.pair.ServicePrincipalID != "" {
		return p.revoke(ctx, l), nil
	}
	return p.leaveGroup(ctx, l), nil
}

// leaveGroup takes the guest out of the group, unless it cannot be written any more.
func (p *pairs) leaveGroup(ctx context.Context, l leaving) lifecycle.Decision {
	group, err := l.tenant.Directory.GetGroup(ctx, l.pair.GroupID)
	switch {
	case directory.IsNotFound(err):
		return lifecycle.Do(p.forget(l, stay{}))
	case err != nil:
		return lifecycle.Say(failure(err, "reading the group", permissionReadGroups))
	}
	if why := group.NotWritableBecause(); why != "" {
		return lifecycle.Do(p.forget(l, stay{why: "the group cannot be written any more: " + why}))
	}
	return p.remove(ctx, l)
}

// stay is why a guest keeps a target that a claimant leaves.
type stay struct {
	// why is what to tell; empty where there is nothing to tell anybody about.
	why string
	// others are the other claimants of the pair: one of them has to be left.
	others bool
}

// staysBecause says why the guest keeps the target; nil where they do not.
func (p *pairs) staysBecause(ctx context.Context, l leaving) (*stay, error) {
	because := func(why string) (*stay, error) { return &stay{why: why}, nil }
	switch {
	case l.retain:
		return because("deletionPolicy Retain")
	case l.pair.Found && l.pair.GroupID != "":
		return because("the guest was in the group before")
	case l.pair.Found:
		return because("the role was assigned before, or by somebody else since")
	case l.tenant.retainsAll() != "":
		return because(l.tenant.retainsAll())
	}
	for _, other := range l.pair.Claimants {
		if other.Namespace == l.claimant.Namespace && other.Name == l.claimant.Name {
			continue
		}
		if object, err := p.claimantOf(ctx, l.pair.claimKind(), other); err != nil || object != nil {
			return &stay{others: true}, err
		}
	}
	others, err := p.wantedElsewhere(ctx, l)
	if err != nil || others {
		return &stay{}, err
	}
	return nil, nil
}

// wantedElsewhere reports whether another Guest of the same user has the pair too: one person with two addresses.
func (p *pairs) wantedElsewhere(ctx context.Context, l leaving) (bool, error) {
	guests := &b2b.GuestList{}
	if err := p.Client.List(ctx, guests, client.MatchingFields{indexGuestByUserID: l.pair.UserID}); err != nil {
		return false, fmt.Errorf("listing Guests of user %s: %w", l.pair.UserID, err)
	}
	for i := range guests.Items {
		if guests.Items[i].UID == l.guest.UID {
			continue
		}
		rec, err := readRecord(&guests.Items[i])
		if err != nil {
			return false, err
		}
		if other := rec.pair(l.pair.target); other != nil && other.UserID == l.pair.UserID {
			return true, nil
		}
	}
	return false, nil
}

// claimantOf gives the object of a claimant, nil where it is gone: from the cache or, for a cache can be behind, live.
func (p *pairs) claimantOf(ctx context.Context, kind b2b.ClaimKind, c claimant) (accessObject, error) {
	key, object := types.NamespacedName{Namespace: c.Namespace, Name: c.Name}, newAccessObject(kind)
	err := p.Client.Get(ctx, key, object)
	if client.IgnoreNotFound(err) == nil && err != nil {
		err = p.Reader.Get(ctx, key, object)
	}
	if err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return object, nil
}

// forget takes the claimant out of the record, and the pair with the last one, without touching the directory. Where the guest stays for
// other claimants and those have left meanwhile, as two that expire in the same moment do, it is a conflict: the last one has to decide anew.
func (p *pairs) forget(l leaving, stays stay) lifecycle.Step {
	return lifecycle.Step{Name: "a claimant of a pair", Announce: func(ctx context.Context) error {
		last := false
		err := p.amend(ctx, l.guestLife, func() bool {
			l.record.dropClaimant(l.pair.target, l.claimant.Namespace, l.claimant.Name)
			if last = stays.others && l.record.pair(l.pair.target) == nil; last {
				return false
			}
			if l.record.released() && len(l.record.Pairs) == 0 {
				controllerutil.RemoveFinalizer(l.guest, b2b.Finalizer)
			}
			return true
		})
		switch {
		case err != nil:
			return err
		case last:
			return apierrors.NewConflict(b2b.GroupVersion.WithResource("guests").GroupResource(), l.guest.Name, errOthersLeft)
		case stays.why != "" && l.pair.GroupID != "":
			p.Events.GroupLeft(l.about, stays.why)
		case stays.why != "":
			p.Events.AssignmentLeft(l.about, stays.why)
		}
		return nil
	}}
}

// remove takes the guest out of the group, and believes it only when a live read shows it. A guest who has only just been
// added may be a member and not show yet: so absence counts only after the replication window.
func (p *pairs) remove(ctx context.Context, l leaving) lifecycle.Decision {
	key, now := l.pair.of(l.pair.UserID), p.Now()
	member, err := l.tenant.Directory.IsMember(ctx, l.pair.GroupID, l.pair.UserID)
	if err != nil && !directory.IsNotFound(err) {
		return lifecycle.Say(failure(err, "reading the members of the group", permissionReadGroups))
	}
	removedAt, removed := p.removed.get(key)
	switch {
	case !member && (removed || p.settled(l.pair)):
		p.removed.remove(key)
		return lifecycle.Do(p.forget(l, stay{}))
	case removed && now.Sub(removedAt) < p.ReplicationWindow:
		return lifecycle.Say(lifecycle.Wait(b2b.ReasonReleasing, "removed from the group; waiting until the tenant shows it", lifecycle.Soon))
	}
	await := l.tenant.turn(l.about, l.about.GetNamespace(), budget.TakeAway, costOfRemoval)
	return lifecycle.Do(lifecycle.Step{Name: "the removal from the group", Await: await, Act: func(ctx context.Context) *lifecycle.Verdict {
		defer p.Users.lock(l.pair.UserID)()
		err := l.tenant.Directory.RemoveMember(ctx, l.pair.GroupID, l.pair.UserID)
		switch {
		case err == nil:
			p.removed.set(key, p.Now())
			l.tenant.Mirror.SawMember(l.pair.GroupID, l.pair.UserID, false)
			p.Events.Removed(l.about, l.pair.GroupID)
			log.FromContext(ctx).Info("Removed guest from group", "userID", l.pair.UserID, "groupID", l.pair.GroupID)
			return nil
		case directory.IsNotFound(err):
			wait := lifecycle.Wait(b2b.ReasonReleasing, "waiting until the tenant shows whether the guest is in the group", lifecycle.Soon)
			return &wait
		}
		return failureOf(err, "removing the guest from the group", permissionWriteGroups)
	}})
}

// settled reports whether a pair that does not show will not show any more.
func (p *pairs) settled(announced pair) bool {
	return p.Now().After(announced.AnnouncedAt.Add(p.ReplicationWindow))
}

// amend changes the record of a Guest as it is now, where it still is about the same user. The objects that want something for one guest do so at
// the same time: they take turns, rather than have each other's writes refused. Change reports whether it changed anything.
func (d Dependencies) amend(ctx context.Context, life *guestLife, change func() bool) error {
	defer d.Records.lock(life.guest.Name)()
	guest := &b2b.Guest{}
	if err := d.Client.Get(ctx, client.ObjectKeyFromObject(life.guest), guest); err != nil {
		return fmt.Errorf("reading Guest %s: %w", life.guest.Name, err)
	}
	rec, err := readRecord(guest)
	if err != nil {
		return err
	}
	now := guestLife{guest: guest, record: rec}
	if guest.UID != life.guest.UID || rec.Life != life.record.Life || now.userID() != life.userID() {
		return apierrors.NewConflict(b2b.GroupVersion.WithResource("guests").GroupResource(), guest.Name, errAnotherLife)
	}
	life.guest, life.record = guest, rec
	if !change() {
		return nil
	}
	return d.storeLife(ctx, life)
}

var (
	errAnotherLife = errors.New("it is about another life or another user by now")
	errOthersLeft  = errors.New("the others who wanted it for the guest have left it by now")
)

// storeLife writes a Guest with its record, with an optimistic lock.
func (d Dependencies) storeLife(ctx context.Context, life *guestLife) error {
	if err := writeRecord(life.guest, life.record); err != nil {
		return err
	}
	if err := d.Client.Update(ctx, life.guest); err != nil {
		return fmt.Errorf("updating Guest %s: %w", life.guest.Name, err)
	}
	return nil
}

// readLife joins a Guest with its record and its tenant.
func (d Dependencies) readLife(ctx context.Context, guest *b2b.Guest) (*guestLife, error) {
	rec, err := readRecord(guest)
	if err != nil {
		return nil, err
	}
	tenant, err := d.tenantOf(ctx, guest.Spec.TenantRef.Name)
	if err != nil {
		return nil, err
	}
	return &guestLife{guest: guest, record: rec, tenant: tenant}, nil
}
