package additions

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// send adds the users to the group, if it may be written: that can have changed since anybody looked.
func (q *Queue) send(ctx context.Context, groupID string, batch []*addition) {
	group, err := q.options.Groups.GetGroup(ctx, groupID)
	if err == nil {
		if why := group.NotWritableBecause(); why != "" {
			err = &directory.Error{Class: directory.Invalid, Detail: directory.GroupNotWritable,
				Message: fmt.Sprintf("group %q: %s", group.DisplayName, why)}
		}
	}
	if err != nil {
		q.allOver(batch, err)
		return
	}
	q.add(ctx, groupID, batch)
}

// add adds all or none. Where one of several can be to blame, it is found.
func (q *Queue) add(ctx context.Context, groupID string, batch []*addition) {
	if len(batch) > 1 && q.oneByOne() {
		q.addSingly(ctx, groupID, batch)
		return
	}
	err := q.options.Groups.AddMembers(ctx, groupID, usersOf(batch))
	switch alone := len(usersOf(batch)) == 1; {
	case err == nil, alone && directory.HasDetail(err, directory.AlreadyMember):
		q.allOver(batch, nil)
	case !alone && directory.Is(err, directory.Denied):
		q.addSingly(ctx, groupID, batch)
	case alone || !directory.Is(err, directory.Invalid) && !directory.IsNotFound(err):
		q.allOver(batch, err)
	default:
		q.sift(ctx, groupID, batch)
	}
}

// addSingly is for a tenant that refuses to add several members at once: that is a change of the group itself, and Microsoft's pages do not
// agree on whether the permission for members is enough for it. Where one alone is refused too, so are the others.
func (q *Queue) addSingly(ctx context.Context, groupID string, batch []*addition) {
	for i, user := range usersOf(batch) {
		err := q.alone(ctx, groupID, user)
		denied := directory.Is(err, directory.Denied)
		if i == 0 && !denied {
			q.mu.Lock()
			q.singly = true
			q.mu.Unlock()
		}
		for _, a := range batch {
			if a.userID == user || i == 0 && denied {
				q.over(a, err)
			}
		}
		if i == 0 && denied {
			return
		}
	}
}

func (q *Queue) oneByOne() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.singly
}

// alone adds one user, with a turn of its own.
func (q *Queue) alone(ctx context.Context, groupID, userID string) error {
	turn, err := q.options.Budget.Acquire(ctx, groupID, budget.Grant, costOfTrip)
	if err != nil {
		return err
	}
	defer turn.End()
	err = q.options.Groups.AddMembers(turn.In(ctx), groupID, []string{userID})
	if directory.HasDetail(err, directory.AlreadyMember) {
		return nil
	}
	return err
}

// sift finds who keeps the others from being added: somebody who is a member already, which reading tells, or else by halves.
func (q *Queue) sift(ctx context.Context, groupID string, batch []*addition) {
	rest := q.strangers(ctx, groupID, batch)
	if len(rest) < len(batch) {
		q.again(ctx, groupID, rest)
		return
	}
	users := usersOf(batch)
	half := users[:len(users)/2]
	in := func(a *addition) bool { return slices.Contains(half, a.userID) }
	q.again(ctx, groupID, slices.DeleteFunc(slices.Clone(batch), func(a *addition) bool { return !in(a) }))
	q.again(ctx, groupID, slices.DeleteFunc(slices.Clone(batch), in))
}

// again is add with a turn of its own.
func (q *Queue) again(ctx context.Context, groupID string, batch []*addition) {
	if len(batch) == 0 {
		return
	}
	turn, err := q.options.Budget.Acquire(ctx, groupID, budget.Grant, costOfTrip)
	if err != nil {
		q.allOver(batch, err)
		return
	}
	defer turn.End()
	q.add(turn.In(ctx), groupID, batch)
}

// strangers gives those whom the group does not have yet. For the others it is over. Whoever cannot be read counts as a stranger.
func (q *Queue) strangers(ctx context.Context, groupID string, batch []*addition) (rest []*addition) {
	members := make([]bool, len(batch))
	var reading sync.WaitGroup
	for i, a := range batch {
		reading.Go(func() {
			member, err := q.options.Groups.IsMember(ctx, groupID, a.userID)
			members[i] = member && err == nil
		})
	}
	reading.Wait()
	for i, a := range batch {
		if members[i] {
			q.over(a, nil)
		} else {
			rest = append(rest, a)
		}
	}
	return rest
}

func (q *Queue) allOver(batch []*addition, err error) {
	for _, a := range batch {
		q.over(a, err)
	}
}

// usersOf gives the users of additions, each once: two objects can ask for the same pair.
func usersOf(batch []*addition) (users []string) {
	for _, a := range batch {
		if !slices.Contains(users, a.userID) {
			users = append(users, a.userID)
		}
	}
	return users
}
